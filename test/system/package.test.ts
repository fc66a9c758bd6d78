// The installed package credveil on the oldest Node that its `engines` name and on the one that
// this repository runs on: its pages in a browser, and an ingest that is large enough to sort in
// threads.

import fs from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { test as base, expect } from 'vitest';
import { CANARY } from '../../protocol/test-credentials.ts';
import { openWatched, startBrowser } from '../support/browser.ts';
import { credveilJson } from '../support/credveil.ts';
import {
  EXPECTED_VERDICTS,
  type InstalledCredveil,
  installCredveil,
  startTrial,
} from '../support/installed-credveil.ts';
import { installNode } from '../support/npm.ts';
import { DESKTOP, readVerdict } from '../support/worlds/page-world.ts';

const OLDEST = '22.18.0';
const NODES = [OLDEST, '24'];
/** Their records pass the 64 MiB from which ingest sorts in threads. */
const MANY_PAIRS = 1_200_000;

interface Fixtures {
  installed: InstalledCredveil;
  browser: Browser;
  /** Path of the binary of a version of Node. */
  nodeOf: (version: string) => string;
}

const test = base.extend<Fixtures>({
  installed: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
    async ({}, use) => {
      const installed = await installCredveil();
      await use(installed);
      installed.dispose();
    },
    { scope: 'file' },
  ],
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: as above.
    async ({}, use) => {
      const browser = await startBrowser();
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  nodeOf: [
    async ({ installed }, use) => {
      const oldest = await installNode(OLDEST, path.join(installed.folder, 'oldest-node'));
      await use((version) => (version === OLDEST ? oldest : process.execPath));
    },
    { scope: 'file' },
  ],
});

test('engines name the oldest Node that is tested', ({ installed }) => {
  const { engines } = JSON.parse(fs.readFileSync(path.join(installed.home, 'package.json'), 'utf8'));
  expect(engines.node).toContain(`^${OLDEST}`);
});

test.for(NODES.flatMap((version) => (['hmac', 'oprf'] as const).map((suite) => [version, suite] as const)))(
  'the package on Node %s under %s opens its pages in a browser, and checks',
  async ([version, suite], { installed, browser, nodeOf }) => {
    const trial = await startTrial(suite, installed, nodeOf(version));
    try {
      const check = await openWatched(browser, DESKTOP);
      await check.page.goto(`${trial.served.url}/`);
      await check.page.waitForSelector('#check:enabled');
      await check.page.fill('#username', CANARY.username);
      await check.page.fill('#password', CANARY.password);
      if (suite === 'hmac') await check.page.fill('#key', trial.readKey());
      await check.page.click('#check');
      expect(await readVerdict(check.page)).toBe('pair');
      expect(check.complaints).toEqual([]);
      await check.close();

      const status = await openWatched(browser, DESKTOP);
      await status.page.goto(`${trial.served.url}/status`);
      await status.page.waitForSelector('canvas');
      expect(status.complaints).toEqual([]);
      await status.close();

      expect(await trial.check()).toEqual(EXPECTED_VERDICTS);
    } finally {
      await trial.stop();
    }
  },
);

test.for(NODES)('the package on Node %s sorts a large ingest in threads', async (version, { installed, nodeOf }) => {
  const cwd = fs.mkdtempSync(path.join(installed.folder, 'large-'));
  const options = { program: { node: nodeOf(version), bin: installed.bin }, cwd };
  const lines = Array.from({ length: MANY_PAIRS }, (_, i) => `u${i}@example.com:p${i}\n`);
  fs.writeFileSync(path.join(cwd, 'many.txt'), lines.join(''));
  await credveilJson(['init', 'leaks', '--suite', 'hmac'], '', options);
  const result = await credveilJson(['ingest', 'leaks', 'many.txt', '--source', 'many', '--threads', '2'], '', options);
  expect(result).toMatchObject({ credentials: MANY_PAIRS });
  expect(await credveilJson(['verify', 'leaks'], '', options)).toBeDefined();
});
