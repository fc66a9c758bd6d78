// The world of page tests: a dataset of each suite, their servers, a browser and its pages.

import type { Browser, Page } from 'playwright-core';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import type { SuiteName } from '../../../protocol/suite.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../dataset.ts';
import { openWatched, startBrowser, type View, type WatchedPage } from '../machine/browser.ts';
import { keyPinOf } from '../pins.ts';

export const DESKTOP: View = { width: 1280, height: 800, scheme: 'light' };
export const SUITES = ['hmac', 'oprf'] as const;
const CONTENT = {
  pairs: seededPairs(3_000),
  passwords: seededPasswords(500),
  similar: true,
  metadataBytes: 3,
  bucketFloor: 40,
} as const;

export interface PageWorld {
  readonly browser: Browser;
  readonly made: { readonly [suite in SuiteName]: MadeDataset };
  readonly servers: { readonly [suite in SuiteName]: CredveilServer };
  /** Opens a page of a suite's server in a new context. */
  visit(suite: SuiteName, target: string, view?: View): Promise<WatchedPage>;
  /** Opens any page. */
  open(url: string, view?: View): Promise<WatchedPage>;
  /** Fills in the dataset's key if the page asks for one. */
  giveKey(suite: SuiteName, page: Page): Promise<void>;
  keyOf(suite: SuiteName): string;
  closePages(): Promise<void>;
  close(): Promise<void>;
}

export async function createPageWorld(): Promise<PageWorld> {
  const browser = await startBrowser();
  const hmac = await makeDataset(CONTENT);
  const oprf = await makeDataset({ ...CONTENT, suite: 'oprf', oprf: await createSodiumOprf() });
  const made = { hmac, oprf };
  const servers = {
    // The first also serves the second dataset, as during a key rotation.
    hmac: await startServer(hmac.folder, { port: 0, additional: [{ folder: oprf.folder, key: oprf.key }] }),
    oprf: await startServer(oprf.folder, { port: 0, key: oprf.key }),
  };
  const pages: WatchedPage[] = [];
  const keyOf = (suite: SuiteName): string => (suite === 'hmac' ? keyPinOf(made.hmac).key : made.oprf.key.revealText());
  const open = async (url: string, view: View = DESKTOP): Promise<WatchedPage> => {
    const watched = await openWatched(browser, view);
    pages.push(watched);
    await watched.page.goto(url);
    return watched;
  };
  const closePages = async (): Promise<void> => {
    for (const watched of pages.splice(0)) await watched.close();
  };
  return {
    browser,
    made,
    servers,
    open,
    keyOf,
    closePages,
    visit: async (suite, target, view) => {
      const watched = await open(`${servers[suite].url}${target}`, view);
      if (target === '/') await watched.page.waitForSelector('#check:enabled');
      return watched;
    },
    giveKey: async (suite, page) => {
      if (suite === 'hmac') await page.fill('#key', keyOf(suite));
    },
    close: async () => {
      await closePages();
      await browser.close();
      for (const server of Object.values(servers)) await server.close({ deadlineMs: 100 });
      for (const dataset of Object.values(made)) dataset.dispose();
    },
  };
}

/** The id or the text of the focused element. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || '');

/** Waits for a verdict. */
export async function readVerdict(page: Page): Promise<string> {
  await page.waitForSelector('#verdict-text[data-status]');
  return (await page.getAttribute('#verdict-text', 'data-status')) ?? '';
}
