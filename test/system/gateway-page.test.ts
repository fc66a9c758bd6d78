// The gateway's admin page in a browser: by keyboard, on small and large screens, by axe-core.

import { describe, expect, onTestFinished } from 'vitest';
import { startMadePage } from '../support/gateway/admin-page.ts';
import { expectAccessible, expectNoOverflow, openWatched, screenshot, type View } from '../support/machine/browser.ts';
import { browserTest as test } from '../support/vitest/browser-test.ts';

const VIEWS: readonly (View & { readonly name: string })[] = [
  { name: 'desktop', width: 1280, height: 800, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'small-phone', width: 320, height: 640, scheme: 'light' },
  { name: 'small-phone-dark', width: 320, height: 640, scheme: 'dark' },
];

describe('the admin page of the gateway', () => {
  test.for(VIEWS)('is accessible, and fits the width of a $name', async ({ name, ...view }, { browser }) => {
    const made = await startMadePage();
    onTestFinished(() => made.page.close());
    const { page, complaints, close } = await openWatched(browser, view);
    await page.goto(made.page.createLink());
    await page.waitForSelector('#figures:not([hidden]) #limits table');
    await expectAccessible(page);
    await expectNoOverflow(page);
    // Nothing hides beyond the edge of a table either.
    const beyond = await page.$$eval('.scroll', (all) => all.map((each) => each.scrollWidth - each.clientWidth));
    expect(beyond.length).toBeGreaterThan(5);
    expect(beyond.filter((pixels) => pixels > 0)).toEqual([]);
    await screenshot(page, `gateway-${name}`);
    expect(page.url()).toBe(made.page.url);
    expect(complaints).toEqual([]);
    await close();
  });

  test('lifts a limit by keyboard, stays signed in over a reload, and signs out', async ({ browser }) => {
    const made = await startMadePage();
    onTestFinished(() => made.page.close());
    const { page, close } = await openWatched(browser, VIEWS[0] as View);
    await page.goto(made.page.url);
    await page.waitForSelector('#signed-out:not([hidden])');
    await expectAccessible(page);
    await screenshot(page, 'gateway-signed-out');
    await page.goto(made.page.createLink());
    await page.waitForSelector('[data-ban="l.one"]');
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.getAttribute('data-ban'))) === 'l.one') break;
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-ban="l.one"]', { state: 'detached' });
    expect(await page.textContent('#done')).toBe('The limit on 192.0.2.7 is lifted.');
    expect(made.lifted).toEqual([{ id: 'l.one' }]);
    await page.reload();
    await page.waitForSelector('[data-ban="l.two"]');
    await page.press('#sign-out', 'Enter');
    await page.waitForSelector('#signed-out:not([hidden])');
    await close();
  });
});

describe('people on the admin page', () => {
  test.for([VIEWS[0], VIEWS[3]] as typeof VIEWS)(
    'get a code once, and lose a factor, on a $name',
    async ({ name, ...view }, { browser }) => {
      const made = await startMadePage();
      onTestFinished(() => made.page.close());
      const { page, complaints, close } = await openWatched(browser, view);
      await page.goto(made.page.createLink());
      await page.waitForSelector('#people table');
      await page.fill('#people-name', 'ann@');
      await page.press('#people-name', 'Enter');
      await page.waitForFunction(() => document.querySelectorAll('#people tbody tr').length === 1);
      // Names are text, whatever they have in them.
      expect(await page.textContent('#people')).toContain('<i>the</i>');
      await page.press('#people button:has-text("Give a code")', 'Enter');
      await page.waitForSelector('#given[open]');
      expect(await page.textContent('#given-code')).toBe('k3m9-x7q2-0v5t-r8bd');
      await expectAccessible(page);
      await expectNoOverflow(page);
      await screenshot(page, `gateway-people-code-${name}`);
      await page.keyboard.press('Escape');
      // What a dialog does when it closes is an event of its own, which comes after it is gone.
      await page.waitForFunction(() => document.activeElement?.textContent === 'Give a code to ann@example.com');
      await page.waitForFunction(() => !document.body.textContent?.includes('k3m9'));
      await page.click('#people button:has-text("Remove Blue key")');
      await page.waitForSelector('#sure[open]');
      await expectAccessible(page);
      await screenshot(page, `gateway-people-sure-${name}`);
      await page.click('#sure button:has-text("Cancel")');
      expect(made.changed).toEqual([['code', 'ann@example.com']]);
      await page.click('#people button:has-text("Remove Blue key")');
      await page.click('#sure .danger');
      await page.waitForFunction(() => !document.getElementById('people')?.textContent?.includes('Blue key'));
      expect(made.changed[1]).toEqual(['remove', 'ann@example.com', 'key-0']);
      await page.click('#people button:has-text("End sessions")');
      await page.waitForFunction(() => document.getElementById('done')?.textContent?.includes('have ended'));
      expect(made.ended).toEqual([{ user: 'ann@example.com' }]);
      await page.click('#sign-out');
      await page.waitForSelector('#signed-out:not([hidden])');
      expect(await page.textContent('#people')).not.toContain('ann@example.com');
      expect(complaints).toEqual([]);
      await close();
    },
  );
});
