// Logins with passwords that have leaked and are right nowhere, which anybody can send: they take
// no place, no mail and no handle from the owners of accounts.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatRange, networkOf } from '../../../gateway/addresses/network.ts';
import type { HeldLogin } from '../../../gateway/quarantine/held-login.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { seededPairs } from '../../support/dataset.ts';
import { leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { cookiesOf, formOf, valuesOf, visit } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const OLD = 'old-and-leaked-1';
const CLEAN = 'n3ver-leaked-anywhere';
const leaked = { user: 'alice', pass: password };
const old = { user: 'alice', pass: OLD };
const SCRIPT = { 'Sec-Fetch-Mode': 'cors' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([
    { username: 'alice', password },
    { username: 'alice', password: OLD },
  ]);
});
afterAll(() => leaks.close());

/** In another language, the page of whoami proves nothing. */
async function start(keys = '') {
  const lang = new WeakMap<object, string>();
  const app = await startHandledApp(({ line, query, form, session, response }) => {
    if (query.has('lang')) lang.set(session, query.get('lang') ?? '');
    if (line === 'POST /login') {
      const isRight = form.get('pass') === password;
      if (isRight) session.user = form.get('user') ?? '';
      return leadTo(response, isRight ? '/home' : '/login?error=1');
    }
    const isGerman = lang.get(session) === 'de' && session.user === undefined;
    return response.end(isGerman ? '<form>Anmelden</form>' : pageOf(session.user));
  });
  return startHoldWorld({ users: {}, leaks, app, locations: formAt('main', '/login'), keys });
}

test('takes no place of those whom the application names', async () => {
  const { state } = openTestState();
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  const rules = { forMs: 60_000, lifeMs: 3_600_000 } as Parameters<Holds['freeze']>[2];
  const place = { app: 'a', realm: 'a', headers: [] as string[], jar: [], isKnown: false, isSeen: true };
  const freeze = (of: { network: string; site: string; typed: string; user?: string }) =>
    holds.freeze(of.typed + of.network, { ...place, ...of } as unknown as HeldLogin, rules);
  const junk = [];
  // Of one customer who has many networks.
  for (let i = 0; i < 21; i++) junk.push(await freeze({ network: `n${i % 7}`, site: 's', typed: `junk${i}` }));
  expect(junk).toEqual([...Array(20).fill(true), false]);
  expect(await freeze({ network: 'n1', site: 's', typed: 'alice', user: 'alice' })).toBe(true);
});

test('spends no mail of those whom the application names', async () => {
  const { login, get, visitor, mail } = await start();
  for (let i = 0; i < 3; i++) {
    const cookie = await visitor();
    await get('/?lang=de', cookie);
    expect(statusOf(await login(old, cookie))).toBe(303);
  }
  const sure = () => mail.mails.filter(({ text }) => text.includes('has signed in'));
  await expect.poll(() => mail.mails.length).toBe(3);
  expect(sure()).toEqual([]);
  await login({ ...leaked, user: 'Alice' }, await visitor());
  await login(leaked, await visitor());
  await expect.poll(() => sure().length).toBe(1);
  expect(mail.mails).toHaveLength(4);
});

test('is told of by three mails a day, the last of which says so, and by one of ten more', async () => {
  const { login, get, visitor, mail } = await start();
  const send = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const cookie = await visitor();
      await get('/?lang=de', cookie);
      await login({ ...old, user: i % 2 ? 'alice' : 'Alice' }, cookie);
    }
  };
  const texts = () => mail.mails.map(({ text }) => [/more times/.test(text), /Further ones today/.test(text)]);
  await send(3);
  await expect.poll(() => mail.mails.length).toBe(3);
  // One after another, in whatever order they are sent.
  expect(texts().filter(([, isLast]) => isLast)).toEqual([[false, true]]);
  await send(10);
  await expect.poll(() => mail.mails.length).toBe(4);
  expect(texts().filter(([isSum]) => isSum)).toEqual([[true, true]]);
  await send(2);
  expect(mail.mails).toHaveLength(4);
});

test.each([
  ['pages', undefined],
  ['scripts', SCRIPT],
])('ends a thousand handles of a site a day at most, of %s', async (_, headers) => {
  const { login, visitor, state, app } = await start();
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  const found = holds.hashOf('network', formatRange(networkOf({ family: 4, word: 0x7f000001 }, 32)));
  for (let i = 0; i < 999; i++) await holds.rises.take('app.example', { ending: found });
  const cookie = await visitor();
  await login(old, cookie, headers);
  const dead = state.sizeOf('hold');
  expect(dead).toBe(1);
  for (let i = 0; i < 3; i++) await login(old, await visitor(), headers);
  expect(state.sizeOf('hold')).toBe(dead);
  // It was sent without a session: what it may have opened is of nobody.
  const sent = app.seen.filter(({ line, cookie: own }) => line === 'POST /login' && own?.includes('PHPSESSID'));
  expect(sent).toHaveLength(1);
  const right = await login(leaked, await visitor(), headers);
  if (headers === undefined) expect(valuesOf(right, 'location').join()).toContain('/hold?');
  expect(app.signedIn()).toHaveLength(1);
});

test('of a namesake at another host, takes no place of known browsers', async () => {
  const app = await startHandledApp((handled) => {
    if (handled.line !== 'POST /login') return false;
    const isOfA = handled.request.headers.host?.startsWith('a.') === true;
    const isRight = handled.form.get('pass') === (isOfA ? password : CLEAN);
    if (isRight) handled.session.user = 'alice';
    return leadTo(handled.response, isRight ? '/home' : '/login?error=1');
  });
  const [locations, keys] = [formAt('main', '/login'), ', hosts: [a.app.example, b.app.example]'];
  const world = await startHoldWorld({ users: {}, leaks, app, locations, name: '"*.app.example"', keys });
  await world.kept.admin.importUsers([
    { email: 'alice@corp.example', app: 'a.app.example', user: 'alice' },
    { email: 'mallory@evil.example', app: 'b.app.example', user: 'alice' },
  ]);
  const login = (host: string, pass: string, cookie: string) => {
    const { headers, ...request } = formOf({ user: 'alice', pass });
    const sent = { ...request, path: '/login', headers: { ...headers, ...PAGE, ...(cookie && { Cookie: cookie }) } };
    return visit(world.port, host, sent);
  };
  const known = (): string[] => [...world.state.windows.keys()].filter((key) => key.startsWith('held.known'));
  const cookie = cookiesOf(await login('b.app.example', CLEAN, ''));
  const ofBrowser = cookie.split('; ').filter((pair) => !/^(?:PHPSESSID|cv-jar)/.test(pair));
  expect(ofBrowser).toHaveLength(1);
  expect(statusOf(await login('a.app.example', password, ofBrowser.join('; ')))).toBe(303);
  expect(known()).toEqual([]);
});
