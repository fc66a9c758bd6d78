// Factors on the gateway's own pages, in a browser with a virtual authenticator: added, named,
// shown, used on the way to an application, and removed.

import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { appCode } from '../support/gateway/factors/book.ts';
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
const ANN = personOf('ann');
const EMAIL = 'ann@example.com';
const KEYS = 'factors: { methods: [security_key, biometrics, totp] }';

/** What was done, once the page is there that says so. */
const status = (page: Page) => () => page.textContent('[role=status]', { timeout: 500 }).catch(() => '');

describe('the pages of factors', () => {
  test.for(VIEWS)(
    'add a key and an app, show and rename them, and remove one, on a $name',
    async (given, { browser }) => {
      const { name, ...view } = given;
      const { origin, enter, kept } = await launcherSite((_request, response) => void response.end('wiki'), KEYS);
      const { page, complaints, close } = await openWatched(browser, view);
      const debug = await page.context().newCDPSession(page);
      await debug.send('WebAuthn.enable');
      await debug.send('WebAuthn.addVirtualAuthenticator', {
        options: { protocol: 'ctap2', transport: 'usb', hasUserVerification: true, isUserVerified: true },
      });
      const look = async (shot: string) => {
        await expectAccessible(page);
        await screenshot(page, `launcher-${shot}-${name}`);
        // The smallest phone.
        if (view.width < 400) await page.setViewportSize({ width: 320, height: 640 });
        await expectNoOverflow(page);
        await page.setViewportSize(view);
      };
      await enter(ANN, 'Firefox on Linux', page.context());
      await page.goto(`${origin('auth')}/factors`);
      await look('factors-none');
      await page.click('text=Add a key');
      await page.waitForSelector('#enrolment');
      await look('enrol');
      await page.fill('#enrolment', await kept.admin.makeCode(EMAIL));
      await page.fill('#name', 'Blue key');
      await page.click('button[value=security_key]');
      await expect.poll(status(page)).toBe('It was added.');
      await look('added');
      await page.fill('#name', 'Phone');
      await page.click('button[value=totp]');
      await page.waitForSelector('.scan svg');
      await look('totp');
      const secret = ((await page.textContent('#secret')) ?? '').replaceAll(' ', '');
      await page.fill('#code', appCode(secret, Date.now()));
      await page.keyboard.press('Enter');
      await expect.poll(status(page)).toBe('It was added.');

      await page.goto(`${origin('auth')}/factors`);
      await look('factors');
      await page.click('text=Make new codes');
      await page.waitForSelector('.codes li:nth-child(10)');
      await look('codes');
      await page.press('summary:has-text("Rename Blue key")', 'Enter');
      await page.fill('[name=name] >> visible=true', 'Green key');
      await look('rename');
      await page.keyboard.press('Enter');
      await expect.poll(status(page)).toBe('It has its new name.');
      await page.press('summary:has-text("Remove Phone")', 'Enter');
      await look('remove');
      await page.click('.danger >> visible=true');
      await expect.poll(status(page)).toBe('It was removed.');
      expect(await page.locator('.rows h2').allTextContents()).toEqual(['Green key']);
      await page.press('summary:has-text("Remove Green key")', 'Enter');
      await page.click('.danger >> visible=true');
      await page.waitForSelector('[role=alert]');
      await look('last');
      // The last refusal is what the console complains of.
      expect(complaints.filter((text) => !text.includes('status of 409'))).toEqual([]);
      await close();
    },
  );

  test.for(VIEWS)('ask for one on the way to an application, on a $name', async ({ name, ...view }, { browser }) => {
    const { origin, enter, kept } = await launcherSite((_request, response) => void response.end('wiki'), KEYS);
    const { page, close } = await openWatched(browser, view);
    const debug = await page.context().newCDPSession(page);
    await debug.send('WebAuthn.enable');
    await debug.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasUserVerification: true, isUserVerified: true },
    });
    await enter(ANN, 'Firefox on Linux', page.context());
    await page.goto(`${origin('auth')}/enrol`);
    await page.fill('#enrolment', await kept.admin.makeCode(EMAIL));
    await page.fill('#name', 'This laptop');
    await page.click('button[value=biometrics]');
    await expect.poll(status(page)).toBe('It was added.');
    // In another session, nothing was shown yet.
    await page.context().clearCookies();
    await enter(ANN, 'Firefox on Linux', page.context());
    await page.goto(`${origin('wiki')}/`);
    await page.waitForSelector('#key-part:not([hidden])');
    expect(new URL(page.url()).pathname).toBe('/step-up');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('key');
    await expectAccessible(page);
    await expectNoOverflow(page);
    await screenshot(page, `launcher-step-up-${name}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin('wiki')}/`);
    expect(await page.textContent('body')).toBe('wiki');
    await close();
  });
});

describe('without script', () => {
  test('a wrong code says so, and a recovery code leads on, once', async ({ browser }) => {
    const { origin, enter, kept } = await launcherSite((_request, response) => void response.end('wiki'), KEYS);
    const [desktop, phone] = [VIEWS[0] as View, VIEWS[3] as View];
    const { page, close } = await openWatched(browser, desktop);
    await enter(ANN, 'Firefox on Linux', page.context());
    await page.goto(`${origin('auth')}/enrol`);
    await page.fill('#enrolment', await kept.admin.makeCode(EMAIL));
    await page.fill('#name', 'Phone');
    await page.click('button[value=totp]');
    await page.waitForSelector('.scan svg');
    const secret = ((await page.textContent('#secret')) ?? '').replaceAll(' ', '');
    await page.fill('#code', appCode(secret, Date.now()));
    await page.keyboard.press('Enter');
    await expect.poll(status(page)).toBe('It was added.');
    await page.click('text=Security');
    await page.click('text=Make new codes');
    const recovery = (await page.textContent('.codes li')) ?? '';
    await close();
    for (const [name, view] of Object.entries({ desktop, phone })) {
      const { width, height, scheme } = view;
      const options = { viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: false } as const;
      const context = await browser.newContext({ ...options, ignoreHTTPSErrors: true });
      await enter(ANN, 'Firefox on Linux', context);
      const plain = await context.newPage();
      await plain.goto(`${origin('auth')}/enrol`);
      await plain.fill('#name', 'Other phone');
      await screenshot(plain, `launcher-enrol-plain-${name}`);
      await plain.goto(`${origin('wiki')}/`);
      expect(new URL(plain.url()).pathname).toBe('/step-up');
      await plain.fill('#plain', '000000');
      await plain.press('#plain', 'Enter');
      await plain.waitForSelector('#plain-message');
      await screenshot(plain, `launcher-step-up-plain-${name}`);
      await plain.fill('#plain', recovery);
      await plain.press('#plain', 'Enter');
      // Used by the first browser: the second one reads that it was.
      if (name === 'desktop') await plain.waitForURL(`${origin('auth')}/enrol?to=*`);
      else await plain.waitForSelector('#plain-message');
      await context.close();
    }
  });
});
