// An own login beside guesses at others, behind a real gateway: the application and the client hear
// of one credential alone, and events of the worst.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { jarOf, statusOf } from '../../support/gateway/login/checked-app.ts';
import {
  basicOf,
  type LeakService,
  startGuardedApp,
  startLeakService,
} from '../../support/gateway/login/guarded-app.ts';

const pairs = seededPairs(2);
const { username: victim, password: leaked } = pairs[0] ?? { username: '', password: '' };
const OWN = 'the own password of somebody';
let leaks: LeakService;

beforeAll(async () => {
  leaks = await startLeakService(pairs);
});
afterAll(() => leaks.close());

/** A browser’s own, which follows redirects. */
const PAGE = { Accept: 'text/html' };
const FIELDS = (...names: string[]) => names.map((name) => `http.request.body.form["${name}"][0]`);
const ENTER = {
  name: 'enter',
  when: 'http.request.uri.path == "/enter"',
  username: FIELDS('email', 'user'),
  password: FIELDS('pwd', 'password'),
  failure: 'http.response.code == 401',
  changePassword: '/change',
};
const PROGRAMS = {
  name: 'programs',
  when: 'starts_with(http.request.uri.path, "/")',
  username: 'credveil.basic.username',
  password: 'credveil.basic.password',
  beginsSession: false,
};
const REDIRECTS = 'onLeaked: { pair: [header, redirect] }';
const KEYS = `login: { locations: ${JSON.stringify([ENTER, PROGRAMS])}, sessionCookies: [sid], ${REDIRECTS} }`;

const start = (keys = KEYS) =>
  startGuardedApp({
    leaks,
    keys,
    answer: ({ message }, response) => {
      const cookies = message.method === 'POST' ? [`sid=${Math.random()}`] : [];
      response.writeHead(302, { Location: '/home', 'Set-Cookie': cookies }).end();
    },
  });

test.each<[string, { readonly [field: string]: string }, string]>([
  ['two usernames', { email: 'mine', user: victim, password: leaked }, ''],
  ['two passwords', { user: victim, password: OWN, pwd: leaked }, ''],
  ['another username in the query', { user: 'mine', password: leaked }, `?user=${encodeURIComponent(victim)}`],
])('%s are refused', async (_, form, query) => {
  const app = await start();
  expect(statusOf(await app.post(`/enter${query}`, form))).toBe(400);
  expect(app.seen).toEqual([]);
});

test('the same twice, and what is empty, is one credential', async () => {
  const app = await start();
  const both = { email: victim, user: victim, password: leaked, pwd: leaked };
  const answer = await app.post('/enter', both, PAGE);
  expect([statusOf(answer), app.logins()]).toEqual([303, ['proven success pair']]);
  expect(statusOf(await app.post('/enter', { ...both, email: '', pwd: '' }, PAGE))).toBe(303);
  await app.get('/home', jarOf(answer));
  expect(app.seen.at(-1)).toMatchObject({ verdict: '1' });
});

describe('where no cookie tells a session, a guess beside an own login', () => {
  const PROVES = { ...ENTER, success: 'http.response.code == 302', proves: ['success'] };
  const NAMELESS = `login: { locations: ${JSON.stringify([PROVES, PROGRAMS])}, ${REDIRECTS} }`;
  const GENERIC = 'login: { presets: [generic] }';
  const inCookies = { Cookie: `user=${encodeURIComponent(victim)}; password=${encodeURIComponent(leaked)}` };

  test.each<[string, string, string, object]>([
    ['in cookies', NAMELESS, '/enter', inCookies],
    ['in a header', NAMELESS, '/enter', basicOf(victim, leaked)],
    ['in cookies, at a login that nobody described,', GENERIC, '/login', inCookies],
  ])('%s is in the event alone', async (_, keys, path, headers) => {
    const app = await start(keys);
    const answer = await app.post(path, { user: 'mine', password: OWN }, { ...PAGE, ...headers });
    expect(statusOf(answer)).toBe(302);
    await expect.poll(app.logins).toEqual([expect.stringMatching(/ pair$/)]);
    await app.get('/home', jarOf(answer));
    expect(app.seen.at(-1)).toMatchObject({ path: '/home', verdict: undefined });
  });

  test('in the query is refused', async () => {
    const app = await start(NAMELESS);
    const path = `/enter?user=${encodeURIComponent(victim)}`;
    expect(statusOf(await app.post(path, { user: 'mine', password: leaked }))).toBe(400);
  });

  test('does not hide a pair that leaked', async () => {
    const app = await start(NAMELESS);
    const headers = { ...PAGE, Cookie: 'user=mine; password=own' };
    expect(statusOf(await app.post('/enter', { user: victim, password: leaked }, headers))).toBe(303);
  });
});

describe('a guess beside an own login', () => {
  test.each<[string, object]>([
    ['in a cookie', { Cookie: `user=${encodeURIComponent(victim)}` }],
    ['in a header', basicOf(victim, leaked)],
  ])('%s is in the event alone', async (_, headers) => {
    const app = await start();
    const answer = await app.post('/enter', { user: 'mine', password: leaked }, { ...PAGE, ...headers });
    expect(statusOf(answer)).toBe(302);
    expect(app.logins().at(-1)).toMatch(/ pair$/);
    await app.get('/home', jarOf(answer));
    expect(app.seen.at(-1)?.verdict).not.toBe('1');
  });

  test('hides nothing of a leaked pair', async () => {
    const app = await start();
    const decoys = { ...PAGE, Cookie: 'user=decoy; password=decoy' };
    expect(statusOf(await app.post('/enter', { user: victim, password: leaked }, decoys))).toBe(303);
  });

  test('is in the event alone where common names tell a login', async () => {
    const app = await start('login: { presets: [generic], sessionCookies: [sid] }');
    const answer = await app.post('/x', { account: 'mine', username: victim, password: leaked });
    expect(app.logins().at(-1)).toMatch(/ pair$/);
    await app.get('/home', jarOf(answer));
    expect(app.seen.at(-1)).toMatchObject({ path: '/home', verdict: undefined });
  });
});
