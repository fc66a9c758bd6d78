// Factors in a real browser, with its virtual authenticators: enrolled, shown, and taken away.

import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { launcherSite } from '../../support/gateway/identity/launcher-site.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { browserTest as test } from '../../support/vitest/browser-test.ts';

const ANN = personOf('ann');
const USER = 'ann@example.com';
const MINUTE = 60_000;

/** As CDP has them: one on USB, and one of the device. */
async function addAuthenticators(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  for (const transport of ['usb', 'internal'] as const)
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport,
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
}

describe('a person in Chromium', () => {
  test('adds a key, a passkey and an app, shows each, and is refused once they are removed', async ({ browser }) => {
    const clock = createTestClock();
    const factors = 'factors: { methods: [security_key, biometrics, totp], every: 10m }';
    const site = await launcherSite((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>wiki</title><h1>wiki</h1>');
    }, factors);
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await addAuthenticators(context, page);
    await site.enter(ANN, 'Chromium', context);
    const [wiki, auth] = [`${site.origin('wiki')}/page`, site.origin('auth')];
    const waitForWiki = () => page.waitForURL(wiki);

    await page.goto(wiki);
    await page.waitForSelector('#enrol-part a');
    expect(await page.locator('#why').textContent()).toContain('have not added yet');
    await page.click('#enrol-part a');

    const add = async (name: string, method: string, code?: string): Promise<void> => {
      await page.waitForSelector('#name');
      if (code !== undefined) await page.fill('#enrolment', code);
      await page.fill('#name', name);
      await page.click(`button[value="${method}"]`);
    };
    await add('blue key', 'security_key', await site.kept.admin.makeCode(USER));
    // It goes back to where it came from, with the factor shown.
    await waitForWiki();
    expect(await page.locator('h1').textContent()).toBe('wiki');
    await page.goto(`${auth}/enrol`);
    await add('this laptop', 'biometrics');
    await page.waitForURL('**/enrol?done=added');
    await add('telephone', 'totp');
    await page.waitForSelector('#secret');
    const secret = ((await page.locator('#secret').textContent()) ?? '').replaceAll(' ', '');
    await page.fill('#code', appCode(secret, Date.now()));
    await page.click('.enrol .primary');
    await page.waitForURL('**/enrol?done=added');
    expect(site.kept.admin.find(USER)?.factors.map(({ method }) => method)).toEqual([
      'security_key',
      'biometrics',
      'totp',
    ]);

    clock.pass(11 * MINUTE);
    await page.goto(wiki);
    await page.click('#key');
    await waitForWiki();
    clock.pass(11 * MINUTE);
    await page.goto(wiki);
    await page.fill('#code', '000000');
    await page.click('#code-part button');
    await page.waitForSelector('#trouble:not([hidden])');
    await page.fill('#code', appCode(secret, Date.now()));
    await page.click('#code-part button');
    await waitForWiki();

    await site.kept.admin.remove(USER);
    await page.goto(wiki);
    await page.waitForSelector('#enrol-part a');
    expect(new URL(page.url()).pathname).toBe('/step-up');
    await page.goto(`${auth}/enrol`);
    await add('again', 'security_key');
    await page.waitForSelector('#trouble:not([hidden])');
    expect(site.kept.admin.find(USER)?.factors).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
