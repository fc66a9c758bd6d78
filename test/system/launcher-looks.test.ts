// The gateway's own pages in a browser: accessible by axe-core, as wide as a phone, in light and
// dark, with large text, and by keyboard alone.

import { describe, expect } from 'vitest';
import { launcherSite } from '../support/gateway/identity/launcher-site.ts';
import { personOf } from '../support/gateway/identity/people.ts';
import { expectAccessible, expectNoOverflow, openWatched, screenshot, type View } from '../support/machine/browser.ts';
import { browserTest as test } from '../support/vitest/browser-test.ts';

const VIEWS: readonly (View & { readonly name: string })[] = [
  { name: 'desktop', width: 1280, height: 800, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'phone', width: 390, height: 844, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
];
const ANN = personOf('ann.longer-name', { email: 'ann.longer-name@people.example.com' });
const MINUTE = 60_000;
const answer: Parameters<typeof launcherSite>[0] = (_request, response) => void response.end('<h1>wiki</h1>');

describe('the pages of people', () => {
  test.for(VIEWS)('are accessible, and fit the width of a $name', async ({ name, ...view }, { browser }) => {
    const { origin, enter, open } = await launcherSite(answer);
    const { page, complaints, close } = await openWatched(browser, view);
    const look = async (path: string, shot: string) => {
      await page.goto(`${origin('auth')}${path}`);
      await expectAccessible(page);
      await screenshot(page, `launcher-${shot}-${name}`);
      // The smallest phone.
      if (view.width < 400) await page.setViewportSize({ width: 320, height: 640 });
      await expectNoOverflow(page);
      await page.setViewportSize(view);
    };
    await look('/', 'sign-in');
    await page.click('text=Code by mail');
    await expectAccessible(page);
    await screenshot(page, `launcher-pin-${name}`);
    await page.fill('#email', 'ann@example.com');
    await page.keyboard.press('Enter');
    await page.fill('#code', '12345678');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=alert]');
    await expectAccessible(page);
    await screenshot(page, `launcher-pin-wrong-${name}`);
    const own = await enter(ANN, 'Firefox on Linux', page.context(), 3 * MINUTE);
    const other = await enter(ANN, 'Chrome on Android', undefined, 5 * 60 * MINUTE);
    await open(own, 'wiki', 3 * MINUTE);
    await open(own, 'payroll', 40 * MINUTE);
    await open(other, 'mail', 5 * 60 * MINUTE);
    await look('/', 'apps');
    await look('/sessions?done=ended', 'sessions');
    await look('/sign-out', 'sign-out');
    await page.goto(`${origin('closed')}/`);
    await expectAccessible(page);
    await expectNoOverflow(page);
    await screenshot(page, `launcher-refusal-${name}`);
    await page.goto(`${origin('auth')}/sign-in?to=stale`);
    await expectAccessible(page);
    await screenshot(page, `launcher-stale-${name}`);
    // Refusals are what the console complains of.
    expect(complaints.filter((text) => !/status of 40[03]/.test(text))).toEqual([]);
    await close();
  });

  test('fit a window whose text is twice as large', async ({ browser }) => {
    const { origin, enter } = await launcherSite(answer);
    const { page, close } = await openWatched(browser, { width: 640, height: 800, scheme: 'light' });
    await enter(ANN, 'Firefox on Linux', page.context());
    for (const path of ['/', '/sessions', '/sign-out']) {
      await page.goto(`${origin('auth')}${path}`);
      await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
      await expectNoOverflow(page);
      await screenshot(page, `launcher-large-${path.slice(1) || 'apps'}`);
    }
    await close();
  });

  test('work by keyboard alone, without a script', async ({ browser }) => {
    const { origin, enter, store } = await launcherSite(answer);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await enter(ANN, 'Firefox on Linux', context);
    const other = await enter(ANN, 'Chrome on Android');
    await page.goto(`${origin('auth')}/`);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the content');
    const focus = async (text: string) => {
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press('Tab');
        if ((await page.locator(':focus').textContent())?.includes(text)) return;
      }
      throw new Error(`no way to ${text}`);
    };
    await focus('Sessions');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/sessions');
    await focus('the session of Chrome on Android');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/sessions?done=ended');
    expect(await page.textContent('[role=status]')).toBe('The session has ended.');
    expect(await store.readPerson(other)).toBeUndefined();
    await focus('Sign out everywhere');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=You are signed out');
    expect(await context.cookies()).toEqual([]);
    await context.close();
  });
});
