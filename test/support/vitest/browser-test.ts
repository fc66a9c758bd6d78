// Fixtures of the tests that open the pages in a browser.

import type { Browser } from 'playwright-core';
import { test as base, expect } from 'vitest';
import { CANARY } from '../../../protocol/test-credentials.ts';
import { openWatched, startBrowser } from '../machine/browser.ts';
import { perFile } from '../per-file.ts';
import { createPageWorld, DESKTOP, type PageWorld, readVerdict } from '../worlds/page-world.ts';

/** Gives all tests of a file the same browser. */
export const browserTest = base.extend<{ readonly browser: Browser }>({
  browser: perFile(startBrowser, (browser) => browser.close()),
});

interface PageFixtures {
  readonly fileWorld: PageWorld;
  /** The world of the file. Its pages close after each test. */
  readonly world: PageWorld;
}

export const pageTest = base.extend<PageFixtures>({
  fileWorld: perFile(createPageWorld, (world) => world.close()),
  world: async ({ fileWorld }, use) => {
    await use(fileWorld);
    await fileWorld.closePages();
  },
});

/**
 * Expects that both pages of a service work: the check page finds the canary, and neither
 * complains.
 * @param key of a dataset of the suite `hmac`
 */
export async function expectPagesWork(browser: Browser, url: string, key?: string): Promise<void> {
  const check = await openWatched(browser, DESKTOP);
  await check.page.goto(`${url}/`);
  await check.page.waitForSelector('#check:enabled');
  await check.page.fill('#username', CANARY.username);
  await check.page.fill('#password', CANARY.password);
  if (key !== undefined) await check.page.fill('#key', key);
  await check.page.click('#check');
  expect(await readVerdict(check.page)).toBe('pair');
  expect(check.complaints).toEqual([]);
  await check.close();

  const status = await openWatched(browser, DESKTOP);
  await status.page.goto(`${url}/status`);
  await status.page.waitForSelector('canvas');
  expect(status.complaints).toEqual([]);
  await status.close();
}
