// The client in a page of headless Chromium: each verdict under both suites, from a real server of
// another origin.

import path from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import type { Verdict } from '../../client-sdk/index.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import { type HttpFront, startFront } from '../support/http-front.ts';
import { perFile } from '../support/per-file.ts';
import { browserTest } from '../support/vitest/browser-test.ts';
import { type AdapterWorld, createAdapterWorld, VERDICTS } from '../support/worlds/adapter-world.ts';

const ENTRY = path.join(import.meta.dirname, '../../client-sdk/index.ts');

type Options = { readonly url: string; readonly timeoutMs: number } & AdapterWorld['pin'];
/** The result that the page's script leaves on its window. */
declare global {
  interface Window {
    credveil: typeof import('../../client-sdk/index.ts');
  }
}

/** Opens a page with the client. @returns the page, and the complaints of its console */
type OpenPage = () => Promise<{ page: Page; complaints: string[] }>;

/** A site whose page loads the bundled client. */
async function startSite(): Promise<HttpFront> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as credveil from ${JSON.stringify(ENTRY)}; window.credveil = credveil;`,
      resolveDir: '/',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  return startFront((request, response) => {
    const isScript = request.url === '/script.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    // The strictest policy of a page: the client evaluates no code.
    response.setHeader(
      'content-security-policy',
      "default-src 'none'; script-src 'self'; img-src data:; connect-src http://127.0.0.1:*",
    );
    response.end(
      isScript
        ? script
        : '<!doctype html><link rel="icon" href="data:,"><title>login</title><script type="module" src="/script.js"></script>',
    );
  });
}

interface Fixtures {
  readonly site: HttpFront;
  readonly openPage: OpenPage;
}

const siteTest = browserTest.extend<Fixtures>({
  site: perFile(startSite, (site) => site.close()),
  openPage: async ({ browser, site }, use) => {
    await use(async () => {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(site.url);
      await page.waitForFunction(() => window.credveil !== undefined);
      return { page, complaints };
    });
  },
});

const check = (page: Page, options: Options, credential: { username: string; password: string }): Promise<Verdict> =>
  page.evaluate(async ([given, typed]) => window.credveil.createLeakChecker(given).check(typed), [
    options,
    credential,
  ] as const);

const suiteTest = (suite: SuiteName) =>
  siteTest.extend<{ readonly world: AdapterWorld }>({
    world: perFile(
      () => createAdapterWorld(suite),
      (world) => world.close(),
    ),
  });
const SUITES = SUITE_NAMES.map((suite) => ({ suite, test: suiteTest(suite) }));

describe.each(SUITES)('the client in a browser, under $suite', ({ test }) => {
  test('the client in a browser returns each verdict and leaves the console empty', async ({ openPage, world }) => {
    const { page, complaints } = await openPage();
    const options = { url: world.url, timeoutMs: 60_000, ...world.pin };
    for (const [status, credential, value] of VERDICTS) {
      const verdict = await check(page, options, credential);
      expect(verdict.status).toBe(status);
      expect(verdict.exposedCredentialCheck).toBe(value);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('the client in a browser returns unknown when the service is down', async ({ openPage, world }) => {
    const { page } = await openPage();
    const gone = await startFront(() => {});
    await gone.close();
    const options = { url: gone.url, timeoutMs: 60_000, ...world.pin };
    expect(await check(page, options, VERDICTS[0][1])).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    const stalled = await startFront(() => {});
    const impatient = { ...options, url: stalled.url, timeoutMs: 200 };
    expect(await check(page, impatient, VERDICTS[0][1])).toMatchObject({ status: 'unknown', reason: 'TIMEOUT' });
    await stalled.close();
    await page.close();
  });
});
