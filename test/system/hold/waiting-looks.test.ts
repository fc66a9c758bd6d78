// The page of programs' sign-ins that wait for their owner, with none, one and many, in a browser:
// accessible by axe-core, as wide as a phone, in light and dark.

import { afterAll, beforeAll, expect } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { formOf, visit } from '../../support/gateway/visit.ts';
import {
  expectAccessible,
  expectNoOverflow,
  openWatched,
  screenshot,
  type View,
  type WatchedPage,
} from '../../support/machine/browser.ts';
import { freePort } from '../../support/machine/free-port.ts';
import { browserTest as test } from '../../support/vitest/browser-test.ts';

const VIEWS = [
  { name: 'desktop', width: 1280, height: 800, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 844, scheme: 'dark' },
  { name: 'desktop-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'phone', width: 390, height: 844, scheme: 'light' },
] as const satisfies readonly (View & { readonly name: string })[];
const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const OWNER = 'alice.longer-name@guests.example';
const PROGRAM = { 'Sec-Fetch-Mode': 'cors' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** Alice has an app for codes. */
async function enrol({ kept: { admin, peer } }: HoldWorld): Promise<void> {
  await admin.importUsers([{ email: OWNER, app: 'app.example.localhost', user: 'alice' }]);
  const { secret, pending } = await peer.drawTotp(OWNER);
  const proof = await peer.checkCode(OWNER, await admin.makeCode(OWNER));
  if (!('authority' in proof)) throw new Error('the code is not taken');
  const factor = { method: 'totp', name: 'app', pending, code: appCode(secret, Date.now()) } as const;
  await peer.enrol({ user: OWNER, authority: proof.authority, factor });
}

/** Signs in at the gateway's own pages, by mail. */
async function signIn({ page }: WatchedPage, auth: string, { mail }: HoldWorld): Promise<void> {
  await page.goto(`${auth}/`);
  await page.click('a[href*="with=guests"]');
  await page.fill('#email', OWNER);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#code');
  const codes = () => mail.mails.flatMap(({ text }) => /is (\d{8,12})\./.exec(text)?.[1] ?? []);
  await expect.poll(codes).toHaveLength(1);
  await page.fill('#code', codes()[0] ?? '');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=Your apps');
}

test('is accessible, and fits the width of a phone', async ({ browser }) => {
  const at = await freePort();
  const auth = `http://auth.example.localhost:${at}`;
  const world = await startHoldWorld({ users: { alice: password }, leaks, at, keys: ', wait: [main]' });
  await enrol(world);
  const watched = await openWatched(browser, VIEWS[0]);
  const { page, complaints, close } = watched;
  const look = async (path: string, shot: string): Promise<void> => {
    await page.goto(auth + path);
    for (const { name, scheme, ...size } of VIEWS) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(size);
      await expectAccessible(page);
      await screenshot(page, `${shot}-${name}`);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await expectNoOverflow(page);
  };
  const logins: Promise<unknown>[] = [];
  const logIn = () => {
    const form = formOf({ user: 'alice', pass: password });
    const request = { ...form, path: '/login', headers: { ...form.headers, ...PROGRAM } };
    logins.push(visit(at, `app.example.localhost:${at}`, request));
  };
  const rows = async (): Promise<number> => {
    await page.goto(`${auth}/held`);
    return page.locator('.row').count();
  };
  await signIn(watched, auth, world);
  await look('/held', 'waiting-none');
  logIn();
  await expect.poll(rows).toBe(1);
  await look('/held', 'waiting-one');
  // The first may be over by now.
  logIn();
  logIn();
  await expect.poll(rows).toBeGreaterThan(1);
  await look('/held', 'waiting-many');
  await look('/', 'waiting-note');
  logIn();
  logIn();
  await expect.poll(rows).toBeGreaterThan(1);
  await page.click('text=None of these is me');
  await page.waitForURL('**/held?done=all');
  expect(await page.textContent('[role=status]')).toMatch(/^The sign-ins were refused/);
  expect(await page.locator('.row').count()).toBe(0);
  await look('/held?done=all', 'waiting-refused');
  await Promise.all(logins);
  expect(complaints).toEqual([]);
  await close();
});
