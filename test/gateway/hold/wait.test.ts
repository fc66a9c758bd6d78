// A program's login with a leaked password waits, where its location says so, until the owner of
// the account confirms it in a browser of their own.

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { seededPairs } from '../../support/dataset.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { AUTH, FactorPage } from '../../support/gateway/factors/factor-page.ts';
import { send } from '../../support/gateway/hold/confirm.ts';
import { type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import type { Browser } from '../../support/gateway/identity/browser.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const OWNER = 'alice@guests.example';
const leaked = { user: 'alice', pass: password };
const PROGRAM = { 'Sec-Fetch-Mode': 'cors' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

interface Owned {
  readonly world: HoldWorld;
  readonly owner: Browser;
  readonly own: FactorPage;
  readonly key: Authenticator;
}

/** Somebody signs in at the gateway's own pages by mail. */
async function signIn({ browser, mail }: HoldWorld, email: string): Promise<Browser> {
  const own = browser();
  const choice = /href="([^"]+with=guests)"/.exec((await own.open(`${AUTH}/`)).text)?.[1] ?? '';
  const page = await own.open(AUTH + choice.replaceAll('&amp;', '&'));
  const way = /name="way" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const before = mail.mails.length;
  await send(own, `${AUTH}/pin/address`, { way, email });
  const codes = () => mail.mails.slice(before).flatMap(({ text }) => /is (\d{8,12})\./.exec(text)?.[1] ?? []);
  await expect.poll(codes).toHaveLength(1);
  expect((await send(own, `${AUTH}/pin/code`, { way, code: codes()[0] ?? '' })).code).toBeLessThan(400);
  return own;
}

/** Alice has a key, and a browser in which she is signed in at the gateway. */
async function start(options: object = {}): Promise<Owned> {
  const world = await startHoldWorld({ users: { alice: password }, leaks, keys: ', wait: [main]', ...options });
  const { admin } = world.kept;
  await admin.importUsers([{ email: OWNER, app: 'app.example', user: 'alice' }]);
  const owner = await signIn(world, OWNER);
  const own = new FactorPage(owner);
  const key = new Authenticator(AUTH);
  const enrolled = await own.enrolKey(key, 'security_key', await admin.makeCode(OWNER));
  expect(enrolled.code).toBe(200);
  return { world, owner, own, key };
}

/** What of the page of sign-ins that wait a form sends. */
const formIn = ({ text }: { readonly text: string }) => ({
  login: /name="login" value="([^"]+)"/.exec(text)?.[1] ?? '',
  token: /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '',
});

async function waitingFor(owner: Browser) {
  await expect.poll(async () => (await owner.get(`${AUTH}/held`)).text).toContain('name="login"');
  return owner.get(`${AUTH}/held`);
}

async function confirmWith({ owner, own, key }: Owned, form: ReturnType<typeof formIn>) {
  const led = await send(owner, `${AUTH}/held/confirm`, form);
  const opened = await own.open(AUTH + (valuesOf(led, 'location')[0] ?? ''));
  return { opened, answered: await own.answerKey(opened.body.challenge, key) };
}

/** What became of held logins, by events. */
const endsOf = ({ events }: HoldWorld) =>
  events.flatMap((event) => (event.event === 'login-held' || event.event === 'login-abandoned' ? event.how : []));

/** @returns whether it has its answer by now */
const hasEnded = (login: Promise<Answer>) => Promise.race([login.then(() => true), sleep(0, false)]);

test('its owner confirms it with a key, and it gets the answer of the application', async () => {
  const owned = await start();
  const { world, owner } = owned;
  const cookie = await world.visitor();
  const login = world.login(leaked, cookie, PROGRAM);
  const page = await waitingFor(owner);
  expect(page.text).toContain('app.example');
  expect((await owner.get(`${AUTH}/`)).text).toContain('href="/held"');
  expect(await hasEnded(login)).toBe(false);
  expect(textOf(await world.get('/home', cookie))).not.toContain(SECRET);
  const { opened, answered } = await confirmWith(owned, formIn(page));
  expect(opened.body).toMatchObject({ purpose: 'confirm', app: 'app.example', methods: ['security_key'] });
  expect(answered.body).toEqual({ location: '/held?done=confirmed' });
  const answer = await login;
  expect([statusOf(answer), valuesOf(answer, 'location')]).toEqual([302, ['/home']]);
  expect(textOf(await world.get('/home', cookiesOf(answer)))).toContain(`${SECRET} <b>alice</b>`);
  expect(textOf(await world.get('/home', cookie))).not.toContain(SECRET);
  expect(world.events).toContainEqual(expect.objectContaining({ event: 'login-held', how: 'waiting' }));
  expect(world.events).toContainEqual(expect.objectContaining({ event: 'login-released' }));
  expect(world.mail.mails.some(({ text }) => text.includes(`${AUTH}/held`))).toBe(true);
});

test('who says that it is not them ends it', async () => {
  const { world, owner } = await start();
  const login = world.login(leaked, '', PROGRAM);
  const form = formIn(await waitingFor(owner));
  const led = await send(owner, `${AUTH}/held/refuse`, form);
  expect(valuesOf(led, 'location')).toEqual(['/held?done=refused']);
  expect(valuesOf(await login, 'location')).toEqual(['/login?error=1']);
  expect(endsOf(world)).toEqual(['waiting', 'refused']);
  expect((await owner.get(`${AUTH}/held`)).text).not.toContain('name="login"');
  // Once, and with the page where it waits.
  const told = world.mail.mails.filter(({ text }) => text.includes('Somebody has signed in'));
  expect(told.map(({ text }) => text.includes(`${AUTH}/held`))).toEqual([true]);
});

test('nobody else sees, confirms or refuses it, and a link of another site does nothing', async () => {
  const { world, owner } = await start();
  const login = world.login(leaked, '', PROGRAM);
  const form = formIn(await waitingFor(owner));
  const other = await signIn(world, 'mallory@guests.example');
  const page = await other.get(`${AUTH}/held`);
  expect(page.text).not.toContain('name="login"');
  await other.get(`${AUTH}/factors`);
  const token = String((await new FactorPage(other).read()).token);
  for (const path of ['/held/confirm', '/held/refuse']) {
    const led = await send(other, AUTH + path, { ...form, token });
    expect(valuesOf(led, 'location')).toEqual(['/held?done=gone']);
    expect((await send(owner, AUTH + path, { ...form, token })).code).toBe(403);
    expect((await send(owner, AUTH + path, { login: form.login })).code).toBe(403);
  }
  expect(await hasEnded(login)).toBe(false);
  await send(owner, `${AUTH}/held/refuse`, form);
  await login;
});

test('a code of an app counts in a browser alone where its owner has shown a factor before', async () => {
  const { world, owner, own, key } = await start();
  await own.confirm(key);
  const { secret } = await own.enrolApp(await world.kept.admin.makeCode(OWNER));
  const elsewhere = await signIn(world, OWNER);
  const login = world.login(leaked, '', PROGRAM);
  const there = await send(elsewhere, `${AUTH}/held/confirm`, formIn(await waitingFor(elsewhere)));
  const opened = await new FactorPage(elsewhere).open(AUTH + (valuesOf(there, 'location')[0] ?? ''));
  expect(opened.body).toMatchObject({ methods: ['security_key'] });
  const here = await send(owner, `${AUTH}/held/confirm`, formIn(await waitingFor(owner)));
  const { body } = await own.open(AUTH + (valuesOf(here, 'location')[0] ?? ''));
  expect(body.methods).toContain('totp');
  const next = appCode(secret, Date.now() + 30_000);
  expect((await own.answerCode(body.challenge, next)).code).toBe(200);
  expect(statusOf(await login)).toBe(302);
});

test('a client that leaves, and a gateway that stops, leave a login that is dead', async () => {
  const { world, owner } = await start();
  const cookie = await world.visitor();
  const headers = { ...PROGRAM, Host: 'app.example', Cookie: cookie };
  const type = 'application/x-www-form-urlencoded';
  const options = { port: world.port, path: '/login', method: 'POST', headers: { ...headers, 'Content-Type': type } };
  const request = http.request(options).on('error', () => undefined);
  request.end(new URLSearchParams(leaked).toString());
  await waitingFor(owner);
  request.socket?.resetAndDestroy();
  await expect.poll(async () => (await owner.get(`${AUTH}/held`)).text).not.toContain('name="login"');
  await expect.poll(() => endsOf(world)).toEqual(['waiting', 'left']);
  await expect.poll(async () => statusOf(await world.get('/home', cookie))).toBe(200);
  expect(textOf(await world.get('/home', cookie))).not.toContain(SECRET);
  const login = world.login(leaked, '', PROGRAM);
  await waitingFor(owner);
  void world.gateway.close({ deadlineMs: 60_000 });
  expect(valuesOf(await login, 'location')).toEqual(['/login?error=1']);
});

test('without a factor, and at a location that does not wait, it is refused at once', async () => {
  const world = await startHoldWorld({ users: { alice: password }, leaks, keys: ', wait: [main]' });
  expect(valuesOf(await world.login(leaked, '', PROGRAM), 'location')).toEqual(['/login?error=1']);
  const { world: other } = await start({ keys: '' });
  expect(valuesOf(await other.login(leaked, '', PROGRAM), 'location')).toEqual(['/login?error=1']);
});

test('fifty wait in a process, and none longer than its time', async () => {
  const { state } = openTestState();
  const { waiting } = new Holds(state, Buffer.alloc(32, 5), () => undefined, 600);
  const left = new AbortController();
  const login = { app: 'app.example', site: 'app.example', user: 'alice', address: '', since: 0 };
  const wait = (i: number) =>
    waiting.wait({ ...login, id: `id ${i}` }, OWNER, { left: left.signal, isHeld: async () => true });
  const all = Array.from({ length: 50 }, (_, i) => wait(i));
  expect(waiting.mayWait).toBe(false);
  expect(await wait(50)).toBe(false);
  await waiting.confirm('id 7');
  expect((await Promise.all(all)).map((isGiven, i) => [i, isGiven]).filter(([, isGiven]) => isGiven)).toEqual([
    [7, true],
  ]);
  expect(waiting.mayWait).toBe(true);
  const last = wait(51);
  left.abort();
  expect(await last).toBe(false);
  expect((await waiting.listOf(OWNER)).logins).toEqual([]);
});
