// The pages of held logins in a browser: accessible by axe-core, as wide as a phone, in light and
// dark, and without a script.

import { afterAll, beforeAll, expect } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import {
  expectAccessible,
  expectNoOverflow,
  openWatched,
  screenshot,
  type View,
} from '../../support/machine/browser.ts';
import { freePort } from '../../support/machine/free-port.ts';
import { browserTest as test } from '../../support/vitest/browser-test.ts';

const VIEWS: readonly (View & { readonly name: string })[] = [
  { name: 'desktop', width: 1280, height: 800, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'phone', width: 390, height: 844, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
];
const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const OWNER = 'owner@example.com';
/** It says until when the password has to be changed. */
const LOCATIONS = `
        - name: main
          when: 'http.request.method == "POST" and http.request.uri.path == "/login"'
          username: 'http.request.body.form["user"][0]'
          password: 'http.request.body.form["pass"][0]'
          success: 'http.response.code == 302 and credveil.response.location == "/home"'
          failure: 'credveil.response.location contains "error"'
          changePassword: /account`;

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService(['alice', 'carol', 'dave'].map((username) => ({ username, password })));
});
afterAll(() => leaks.close());

/** Carol has an app for codes, and nobody knows Dave. */
async function enrolCarol({ kept: { admin, peer } }: HoldWorld): Promise<void> {
  await admin.importUsers([{ email: OWNER, app: 'app.example.localhost', user: 'carol' }]);
  const { secret, pending } = await peer.drawTotp(OWNER);
  const proof = await peer.checkCode(OWNER, await admin.makeCode(OWNER));
  if (!('authority' in proof)) throw new Error('the code is not taken');
  const factor = { method: 'totp', name: 'app', pending, code: appCode(secret, Date.now()) } as const;
  await peer.enrol({ user: OWNER, authority: proof.authority, factor });
}

test.for(VIEWS)('are accessible, and fit the width of a $name', async ({ name, ...view }, { browser }) => {
  const users = { alice: password, carol: password, dave: password };
  const at = await freePort();
  const world = await startHoldWorld({ users, leaks, at, locations: LOCATIONS, keys: ', mustChange: 2d' });
  await enrolCarol(world);
  const { page, complaints, close } = await openWatched(browser, view);
  const look = async (shot: string): Promise<void> => {
    await expectAccessible(page);
    await screenshot(page, `hold-${shot}-${name}`);
    if (view.width < 400) await page.setViewportSize({ width: 320, height: 640 });
    await expectNoOverflow(page);
    await page.setViewportSize(view);
  };
  const logIn = async (user: string): Promise<void> => {
    await page.context().clearCookies();
    await page.goto(`http://app.example.localhost:${at}/`);
    await page.evaluate(
      ([given, pass]) => {
        const form = Object.assign(document.createElement('form'), { method: 'post', action: '/login' });
        for (const [key, value] of [
          ['user', given],
          ['pass', pass],
        ])
          form.append(Object.assign(document.createElement('input'), { name: key, value }));
        document.body.append(form);
        form.submit();
      },
      [user, password],
    );
    await page.waitForURL(/\/hold\?/);
  };
  await logIn('dave');
  await look('nobody');
  await logIn('carol');
  await look('factor');
  await logIn('alice');
  await look('mail');
  await page.click('text=Send a code');
  await page.waitForSelector('#code');
  await look('code');
  await page.fill('#code', '1234');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  await look('wrong');
  await expect.poll(() => world.mail.mails.some(({ text }) => /is \d{8}\./.test(text))).toBe(true);
  const code = world.mail.mails.flatMap(({ text }) => /is (\d{8})\./.exec(text)?.[1] ?? []).at(-1) ?? '';
  await page.fill('#code', code);
  await page.keyboard.press('Enter');
  await page.waitForURL(/app\.example\.localhost/);
  await expect.poll(() => page.content()).toContain(SECRET);
  expect(complaints.filter((text) => !/status of 40[013]/.test(text))).toEqual([]);
  await close();
});
