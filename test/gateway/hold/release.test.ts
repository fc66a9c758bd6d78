// The owner of an account who has a factor of the gateway's own releases a held login with it, and
// with nothing else.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { seededPairs } from '../../support/dataset.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { FactorPage } from '../../support/gateway/factors/factor-page.ts';
import { type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import type { Browser } from '../../support/gateway/identity/browser.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const OWNER = 'owner@example.com';
const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** Alice of the application is the owner, who has an app for codes. */
async function world() {
  const clock = createTestClock();
  const started = await startHoldWorld({ users: { alice: password }, leaks });
  const { admin, peer } = started.kept;
  await admin.importUsers([{ email: OWNER, app: 'app.example', user: 'alice' }]);
  const { secret, pending } = await peer.drawTotp(OWNER);
  const proof = await peer.checkCode(OWNER, await admin.makeCode(OWNER));
  if (!('authority' in proof)) throw new Error('the code is not taken');
  const factor = { method: 'totp', name: 'app', pending, code: appCode(secret, Date.now()) } as const;
  expect(await peer.enrol({ user: OWNER, authority: proof.authority, factor })).toMatchObject({ factor: {} });
  clock.pass(60_000);
  return { ...started, clock, secret };
}

const logIn = async ({ browser }: HoldWorld): Promise<{ browser: Browser; location: string }> => {
  const own = browser();
  const page = await own.send('http://app.example/login', {
    method: 'POST',
    path: '',
    headers: FORM,
    body: new URLSearchParams({ user: 'alice', pass: password }).toString(),
  });
  return { browser: own, location: valuesOf(page, 'location')[0] ?? '' };
};

const challengeIn = (text: string): string => /href="\/step-up#([\w-]{43})"/.exec(text)?.[1] ?? '';

test('an owner with a factor shows it, and gets no mail that opens anything', async () => {
  const started = await world();
  const { browser, location } = await logIn(started);
  const ask = await browser.get(location);
  expect(ask.text).not.toContain('/hold/mail');
  const mailed = await browser.send('http://auth.example/hold/mail', {
    method: 'POST',
    path: '',
    headers: FORM,
    body: 'a=b',
  });
  expect(mailed.code).toBe(400);
  const page = new FactorPage(browser);
  const opened = await page.open(`http://auth.example/step-up#${challengeIn(ask.text)}`);
  expect(opened.body).toMatchObject({ purpose: 'release', app: 'app.example', methods: ['totp'], hasRecovery: false });
  const code = appCode(started.secret, Date.now());
  const given = await page.post('/api/challenge/answer', { challenge: opened.body.challenge, code });
  expect(given.code, JSON.stringify(given.body)).toBe(200);
  const back = await browser.get(String(given.body.location));
  expect(back.code).toBe(303);
  await browser.get('http://app.example/login');
  expect((await browser.get('http://app.example/home')).text).toContain(`${SECRET} <b>alice</b>`);
});

test('another browser cannot answer for it, and five wrong answers end it', async () => {
  const started = await world();
  const { browser, location } = await logIn(started);
  const challenge = challengeIn((await browser.get(location)).text);
  const other = new FactorPage(started.browser());
  expect((await other.open(`http://auth.example/step-up#${challenge}`)).code).toBe(410);
  const page = new FactorPage(browser);
  await page.open(`http://auth.example/step-up#${challenge}`);
  const codes = [];
  for (let i = 0; i < 5; i++)
    codes.push((await page.post('/api/challenge/answer', { challenge, code: 'AAAA-BBBB' })).code);
  expect(codes.at(-1)).toBe(410);
  expect((await browser.get('http://app.example/home')).text).not.toContain(SECRET);
  expect((await browser.get('http://app.example/home')).code).toBe(200);
});

test('five wrong answers are those of the login, in any number of challenges', async () => {
  const started = await world();
  const { browser, location } = await logIn(started);
  const wrong = String((Number(appCode(started.secret, Date.now())) + 1) % 1e6).padStart(6, '0');
  const codes: unknown[] = [];
  const ask = async (from: string, count: number): Promise<void> => {
    const challenge = challengeIn((await browser.get(from)).text);
    const page = new FactorPage(browser);
    await page.open(`http://auth.example/step-up#${challenge}`);
    for (let i = 0; i < count; i++)
      codes.push((await page.post('/api/challenge/answer', { challenge, code: wrong })).code);
  };
  await ask(location, 4);
  const [again = ''] = valuesOf(await browser.get('http://app.example/home'), 'location');
  expect(again).toContain('handoff');
  await ask(again, 1);
  expect(codes).toEqual([403, 403, 403, 403, 410]);
  // The login is over, and whoever has signed in elsewhere shows their app all the same.
  expect((await browser.get('http://app.example/home')).code).toBe(200);
  expect((await browser.get('http://app.example/home')).text).not.toContain(SECRET);
  const right = appCode(started.secret, Date.now());
  expect(await started.kept.peer.tryTotp(OWNER, right, 'session')).toHaveProperty('given');
});
