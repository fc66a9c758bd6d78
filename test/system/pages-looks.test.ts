// The pages in a browser: accessibility by axe-core in light and dark from the smallest phone up,
// and screenshots.

import { describe, expect } from 'vitest';
import { expectAccessible, expectNoOverflow, screenshot, type View } from '../support/machine/browser.ts';
import { pageTest as test } from '../support/vitest/browser-test.ts';
import { DESKTOP, SUITES } from '../support/worlds/page-world.ts';

const VIEWS: readonly (View & { readonly name: string })[] = [
  { name: 'desktop', ...DESKTOP },
  { name: 'desktop-dark', ...DESKTOP, scheme: 'dark' },
  { name: 'phone', width: 390, height: 844, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
  { name: 'small-phone', width: 320, height: 640, scheme: 'light' },
];

describe.each(SUITES)('the pages under %s', (suite) => {
  test.for(VIEWS)('the pages are accessible and fit the width of a $name', async ({ name, ...view }, { world }) => {
    const { page, complaints } = await world.visit(suite, '/', view);
    await expectAccessible(page);
    await screenshot(page, `check-${suite}-${name}-before`);
    await world.giveKey(suite, page);
    for (const status of ['pair', 'username', 'clean'] as const) {
      await page.click(`[data-sample=${status}]`);
      await page.waitForSelector(`#verdict-text[data-status=${status}]`);
      await expectAccessible(page);
      await expectNoOverflow(page);
      await screenshot(page, `check-${suite}-${name}-${status}`);
    }
    await page.goto(`${world.servers[suite].url}/status`);
    await page.waitForSelector('#figures:not([hidden]) canvas');
    await page.locator('summary').last().click();
    await expectAccessible(page);
    await expectNoOverflow(page);
    await screenshot(page, `status-${suite}-${name}`);
    expect(complaints).toEqual([]);
  });
});

describe('the status page', () => {
  test('the status page shows the figures of /v1/status, offers them as tables, and can be paused', async ({
    world,
  }) => {
    const { page, complaints } = await world.visit('oprf', '/status');
    await page.waitForSelector('#figures:not([hidden])');
    const { account } = (await world.made.oprf.publish()).indexes;
    const text = await page.textContent('#index-account-text');
    expect(text).toContain(`${account?.entries.toLocaleString('en-US')} entries`);
    expect(text).toContain(` ${account?.minEntries} to ${account?.maxEntries}`);
    await page.locator('summary', { hasText: 'Usernames' }).press('Enter');
    const cells = await page.locator('#indexes section.card >> nth=0').locator('tbody td').allTextContents();
    expect(cells.map((cell) => Number(cell.replaceAll(',', '')))).toEqual(
      account?.histogram?.map(({ buckets }) => buckets),
    );
    expect(await page.locator('#sources tbody tr').count()).toBe(1);
    await page.press('#pause', 'Enter');
    expect(await page.getAttribute('#pause', 'aria-pressed')).toBe('true');
    expect(complaints).toEqual([]);
  });
});
