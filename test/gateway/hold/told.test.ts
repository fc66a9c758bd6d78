// What an owner is told of a held login, in the browser and by mail, is true: on a telephone, with
// two tabs, with a new factor, and where nothing waits.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { send } from '../../support/gateway/hold/confirm.ts';
import { leadTo, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import type { Browser } from '../../support/gateway/identity/browser.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const SITE = 'http://app.example';
const OWN = 'http://auth.example';
const PROGRAM = { 'Sec-Fetch-Mode': 'cors' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** Names are compared without case, and without blanks around them. */
async function start(keys = '') {
  const app = await startHandledApp(({ line, form, session, response }) => {
    if (line !== 'POST /login') return false;
    const isRight = (form.get('user') ?? '').trim().toLowerCase() === 'alice' && form.get('pass') === password;
    if (isRight) session.user = 'alice';
    return leadTo(response, isRight ? '/home' : '/login?error=1');
  });
  return startHoldWorld({ users: {}, leaks, app, locations: formAt('main', '/login'), keys });
}

const logIn = async (world: HoldWorld, user = 'alice') => {
  const browser = world.browser();
  await browser.get(`${SITE}/`);
  const held = await send(browser, `${SITE}/login`, { user, pass: password });
  const [to = ''] = valuesOf(held, 'location');
  return { browser, held, ask: to.startsWith(OWN) ? await browser.get(to) : held };
};
const textsOf = ({ mail }: HoldWorld) => mail.mails.map(({ text }) => text.replace(/=\r?\n/g, '').replace(/\s+/g, ' '));
const codesIn = (world: HoldWorld) => textsOf(world).flatMap((text) => /is (\d{8})\./.exec(text)?.[1] ?? []);
const typed = async (browser: Browser, code: string | undefined) =>
  (await send(browser, `${OWN}/hold/code`, { code: code ?? '' })).text;

describe('a mailed code', () => {
  test('counts whichever page of the browser asks for it', async () => {
    const world = await start();
    const { browser } = await logIn(world);
    await send(browser, `${OWN}/hold/mail`, {});
    await expect.poll(() => codesIn(world)).toHaveLength(1);
    // Another tab, and the page of the mail program that was left.
    expect((await browser.open(`${SITE}/home`)).text).toContain('/hold/mail');
    expect((await browser.open(`${SITE}/`)).text).toContain('/hold/mail');
    expect(await typed(browser, codesIn(world)[0])).toContain('/.credveil/release');
  });

  test('counts though another one was asked for meanwhile, and in no other browser', async () => {
    const world = await start();
    const { browser } = await logIn(world);
    for (let i = 1; i <= 3; i++) {
      await send(browser, `${OWN}/hold/mail`, {});
      await expect.poll(() => codesIn(world)).toHaveLength(i);
    }
    const other = await logIn(world);
    expect(await typed(other.browser, codesIn(world)[0])).toContain('This is not the code');
    const text = await typed(browser, codesIn(world)[0]);
    expect(text).toContain('/.credveil/release');
    expect(await typed(browser, codesIn(world)[1])).not.toContain('/.credveil/release');
  });

  test.each([
    ['', 'good for 4 minutes, once'],
    [', for: 30m', 'good for 10 minutes, once'],
    [', for: 1m', 'good for a minute, once'],
  ])('is said to be good for as long as it is: %s', async (keys, text) => {
    const world = await start(keys);
    const { browser } = await logIn(world);
    await send(browser, `${OWN}/hold/mail`, {});
    await expect.poll(() => textsOf(world).join()).toContain(text);
  });
});

describe('the mail says', () => {
  test('that a login waits in the browser', async () => {
    const world = await start();
    await logIn(world);
    await expect.poll(() => textsOf(world).join()).toContain('confirm it on the page that your browser shows');
  });

  test('that one of a program does not', async () => {
    const world = await start();
    await world.login({ user: 'alice', pass: password }, await world.visitor(), PROGRAM);
    await expect.poll(() => textsOf(world)).toHaveLength(1);
    const [text] = textsOf(world);
    expect(text).toContain('So nobody was let in');
    expect(text).not.toMatch(/waits|your browser shows/);
  });
});

test.each(['Alice', 'alice '])('who types %j learns that their exact name is wanted', async (name) => {
  const world = await start();
  const { browser, ask } = await logIn(world, name);
  expect(ask.text).toContain('with your name exactly as the site writes it');
  expect(ask.text).not.toContain('no way to reach the owner');
  await expect.poll(() => textsOf(world).join()).toContain('with your name exactly as the site writes it');
  await send(browser, `${OWN}/hold/end`, {});
  const again = await send(browser, `${SITE}/login`, { user: 'alice', pass: password });
  expect((await browser.get(valuesOf(again, 'location')[0] ?? '')).text).toContain('/hold/mail');
});

/** Alice enrols an app for codes. */
async function enrol({ kept: { peer, admin } }: HoldWorld, by?: string): Promise<string> {
  const user = 'alice@corp.example';
  const { secret, pending } = await peer.drawTotp(user);
  const proof = await peer.checkCode(user, await admin.makeCode(user));
  if (!('authority' in proof)) throw new Error('the code is not taken');
  const factor = { method: 'totp', name: 'app', pending, code: appCode(secret, Date.now()) } as const;
  const authority = by === undefined ? proof.authority : ({ kind: 'factor', by: [by] } as const);
  const answer = await peer.enrol({ user, authority, factor });
  if (!('factor' in answer)) throw new Error('it is not enrolled');
  return answer.factor.id;
}

test('who has a factor that does not count yet gets a code by mail', async () => {
  const world = await start();
  const first = await enrol(world);
  expect((await logIn(world)).ask.text).toContain('/step-up#');
  await enrol(world, first);
  await world.kept.admin.remove('alice@corp.example', first);
  const before = codesIn(world).length;
  const { browser, ask } = await logIn(world);
  expect(ask.text).not.toContain('/step-up#');
  await send(browser, `${OWN}/hold/mail`, {});
  await expect.poll(() => codesIn(world)).toHaveLength(before + 1);
  expect(await typed(browser, codesIn(world).at(-1))).toContain('/.credveil/release');
});

test('what may be a wrong password does not wait for its owner', async () => {
  const app = await startHandledApp(({ line, query, session, response }) => {
    if (query.has('lang')) session.other = 'a notice that comes first';
    if (line === 'GET /home' && session.other !== undefined) return response.end(session.other);
    return line === 'POST /login' && leadTo(response, '/login?error=1');
  });
  const locations = formAt('main', '/login');
  const world = await startHoldWorld({ users: {}, leaks, app, locations, keys: ', wait: [main]' });
  await enrol(world);
  const cookie = await world.visitor();
  await world.get('/?lang=de', cookie);
  const answer = await world.login({ user: 'alice', pass: password }, cookie, PROGRAM);
  expect([statusOf(answer), valuesOf(answer, 'location')]).toEqual([302, ['/login?error=1']]);
  expect(world.events).not.toContainEqual(expect.objectContaining({ event: 'login-held', how: 'waiting' }));
  await expect.poll(() => textsOf(world).join()).toContain('may have signed in');
  expect(textsOf(world).join()).not.toContain('/held');
  expect((await world.browser().get(`${SITE}/home`)).text).not.toContain(SECRET);
});
