// The client in a page of headless Chromium: each verdict under both suites, from a real server of
// another origin.

import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Verdict } from '../../client-sdk/index.ts';
import { SUITE_NAMES } from '../../protocol/suite.ts';
import { type HttpFront, startFront } from '../support/http-front.ts';
import { type AdapterWorld, createAdapterWorld, VERDICTS } from '../support/worlds/adapter-world.ts';

const EXECUTABLE = '/usr/bin/chromium';
const ENTRY = path.join(import.meta.dirname, '../../client-sdk/index.ts');
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

type Options = { readonly url: string; readonly timeoutMs: number } & AdapterWorld['secret'];
/** The result that the page's script leaves on its window. */
declare global {
  interface Window {
    credveil: typeof import('../../client-sdk/index.ts');
  }
}

let browser: Browser;
let site: HttpFront;

beforeAll(async () => {
  if (!fs.existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: apt-get install chromium`);
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
  site = await startFront((request, response) => {
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
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: QUIET });
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Opens the page. @returns its result, and the complaints of its console */
async function openPage(): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(site.url);
  await page.waitForFunction(() => window.credveil !== undefined);
  return { page, complaints };
}

const check = (page: Page, options: Options, credential: { username: string; password: string }): Promise<Verdict> =>
  page.evaluate(async ([given, typed]) => window.credveil.createLeakChecker(given).check(typed), [
    options,
    credential,
  ] as const);

describe.each(SUITE_NAMES)('the client in a browser, under %s', (suite) => {
  let world: AdapterWorld;
  beforeAll(async () => {
    world = await createAdapterWorld(suite);
  });
  afterAll(() => world.close());

  test('returns each verdict and leaves the console empty', async () => {
    const { page, complaints } = await openPage();
    const options = { url: world.url, timeoutMs: 60_000, ...world.secret };
    for (const [status, credential, value] of VERDICTS) {
      const verdict = await check(page, options, credential);
      expect(verdict.status).toBe(status);
      expect(verdict.exposedCredentialCheck).toBe(value);
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('returns unknown when the service is down', async () => {
    const { page } = await openPage();
    const gone = await startFront(() => {});
    await gone.close();
    const options = { url: gone.url, timeoutMs: 60_000, ...world.secret };
    expect(await check(page, options, VERDICTS[0][1])).toMatchObject({ status: 'unknown', reason: 'NETWORK' });
    const stalled = await startFront(() => {});
    const impatient = { ...options, url: stalled.url, timeoutMs: 200 };
    expect(await check(page, impatient, VERDICTS[0][1])).toMatchObject({ status: 'unknown', reason: 'TIMEOUT' });
    await stalled.close();
    await page.close();
  });
});
