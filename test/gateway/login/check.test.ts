// Logins through the gateway with a real lookup service: who is checked, and what follows.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import {
  APP,
  jarOf,
  setCookies,
  startCheckedApp,
  statusOf,
  writeSecret,
} from '../../support/gateway/login/checked-app.ts';
import { visit } from '../../support/gateway/visit.ts';
import { forward, type HttpFront, send, startFront } from '../../support/http-front.ts';
import { keyPinOf } from '../../support/pins.ts';

const [leaked] = seededPairs(1, 4711) as [{ username: string; password: string }];
const users = {
  [leaked.username]: leaked.password,
  nobody: 'n3ver-leaked-anywhere',
  other: leaked.password,
  [leaked.username.toUpperCase()]: 'n3ver-leaked-at-all',
};
const right = { user: leaked.username, pass: leaked.password };
const clean = { user: 'nobody', pass: 'n3ver-leaked-anywhere' };
const wrong = { user: leaked.username, pass: 'wr0ng-guess-1' };

let made: MadeDataset;
let server: CredveilServer;
let front: HttpFront;

beforeAll(async () => {
  made = await makeDataset({ pairs: [leaked] });
  server = await startServer(made.folder, { port: 0 });
  front = await startFront(async (request, response) => send(response, await forward(server.url, request)));
});
afterAll(async () => {
  await front.close();
  await server.close();
  made.dispose();
});

const leaks = (url = front.url): string =>
  `{ url: "${url}", timeoutMs: 20000, keyFile: "${writeSecret(keyPinOf(made).key)}" }`;
const start = (login = '', more = '') => startCheckedApp({ users, leaks: leaks(), login, more });
const AWAY = 'http://127.0.0.1:9';

describe('a login', () => {
  test.each([
    ['pair', right, '1'],
    ['username', { user: leaked.username.toUpperCase(), pass: 'n3ver-leaked-at-all' }, '2'],
    ['password', { user: 'other', pass: leaked.password }, '4'],
    ['clean', clean, undefined],
  ])('%s: the application gets the verdict with the next request', async (status, form, header) => {
    const { post, get, seen, events } = await start();
    const answer = await post(form);
    expect(statusOf(answer)).toBe(302);
    expect(setCookies(answer)[0]).toBe('sid=1; Path=/');
    expect(setCookies(answer)[1]).toBe('theme=dark');
    expect(setCookies(answer)[2]).toMatch(/^cv-b=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    await get('/home', jarOf(answer));
    await get('/home', jarOf(answer));
    expect(seen.map(({ verdict }) => verdict)).toEqual([undefined, header, undefined]);
    expect(seen[1]?.cookie).toBe('sid=1; theme=dark');
    const [event] = events.filter(({ event }) => event === 'login');
    expect(event).toMatchObject({ app: APP, login: 'main', outcome: 'success', verdict: status });
  });

  test('with a wrong password is not checked, and nothing is kept of it', async () => {
    const { post, get, seen, events, state } = await start();
    await post(clean);
    const before = front.requests.length;
    for (let i = 0; i < 20; i++) expect(setCookies(await post({ ...wrong, pass: `${i}-guess` }))).toEqual([]);
    expect(front.requests.length).toBe(before);
    expect(state.text().split('\n')).toHaveLength(1);
    const failed = events.filter((event) => event.event === 'login' && event.outcome === 'failure');
    expect(failed).toHaveLength(20);
    expect(JSON.stringify(failed)).not.toContain('verdict');
    await get('/home');
    expect(seen.every(({ verdict }) => verdict === undefined)).toBe(true);
  });

  test('gives a new handle each time', async () => {
    const { post } = await start();
    const first = await post(right);
    const second = await post(right, jarOf(first));
    expect(setCookies(second)[2]).not.toBe(setCookies(first)[2]);
  });

  test('whose outcome is unknown is answered at once, and its verdict waits', async () => {
    const { post, get, seen } = await start();
    const answer = await post(right, {}, '/second-factor');
    expect(statusOf(answer)).toBe(418);
    await expect
      .poll(async () => {
        await get('/', jarOf(answer));
        return seen.at(-1)?.verdict;
      })
      .toBe('1');
  });

  test('does not carry the verdict of the login before', async () => {
    const { post, seen } = await start();
    const first = await post(right);
    await post(clean, jarOf(first));
    expect(seen.at(-1)?.verdict).toBeUndefined();
  });
});

describe('a service that is away', () => {
  const withAway = (login = '') => startCheckedApp({ users, leaks: leaks(AWAY), login });

  test('lets logins through, as unknown', async () => {
    const { post, get, seen, events } = await withAway();
    const answer = await post(right);
    expect(statusOf(answer)).toBe(302);
    await get('/home', jarOf(answer));
    expect(seen.at(-1)?.verdict).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ event: 'login', verdict: 'unknown', reason: 'NETWORK' }));
  });

  test('lets none through where the configuration denies it', async () => {
    const { post, events, seen } = await withAway('onUnknown: deny');
    const answer = await post(right);
    expect(statusOf(answer)).toBe(503);
    expect(answer.body.toString()).toContain('LOGIN_UNCHECKED');
    expect(setCookies(answer)).toEqual([]);
    expect(statusOf(await post(wrong))).toBe(503);
    expect(seen).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ event: 'request-refused', code: 'LOGIN_UNCHECKED' }));
  });
});

describe('a finding', () => {
  const NAVIGATION = { 'Sec-Fetch-Mode': 'navigate' };

  test('may lead to the page for a new password, with the session', async () => {
    const { post, get, seen } = await start('onLeaked: { pair: [redirect, header] }');
    const answer = await post(right, NAVIGATION);
    expect(statusOf(answer)).toBe(303);
    expect(answer.rawHeaders.join('\n').toLowerCase()).toContain('location\n/new-password');
    expect(setCookies(answer)).toHaveLength(3);
    await get('/new-password', jarOf(answer));
    expect(seen.at(-1)).toMatchObject({ verdict: '1', cookie: 'sid=1; theme=dark' });
    expect(statusOf(await post(right, { 'Sec-Fetch-Mode': 'cors' }))).toBe(302);
    expect(statusOf(await post(clean, NAVIGATION))).toBe(302);
    expect(statusOf(await post(wrong, NAVIGATION))).toBe(403);
  });

  test('may be for people alone', async () => {
    const more = `notify: ["${writeSecret('{}')}"]`;
    const { post, get, seen, events } = await start('onLeaked: { pair: notify }', more);
    const answer = await post(right);
    await get('/home', jarOf(answer));
    expect(seen.at(-1)?.verdict).toBeUndefined();
    const [event] = events.filter((one) => one.event === 'login-leaked');
    expect(event).toMatchObject({
      app: APP,
      login: 'main',
      finding: 'pair',
      user: expect.stringMatching(/^u_[\w-]{22}$/),
    });
    await post(clean);
    expect(events.filter((one) => one.event === 'login-leaked')).toHaveLength(1);
  });
});

describe('header: before', () => {
  test('gives the verdict with the login, and no second time', async () => {
    const { post, get, seen } = await start('header: before');
    const answer = await post(right);
    await get('/home', jarOf(answer));
    await post(clean);
    await post(wrong);
    await post({ user: 'other', pass: leaked.password });
    expect(seen.map(({ verdict }) => verdict)).toEqual(['1', undefined, undefined, '2', '4']);
  });

  test('asks for both buckets each time, whatever the verdict', async () => {
    const { post } = await start('header: before');
    await post(clean);
    for (const form of [right, clean, right, clean, wrong]) {
      const before = front.requests.length;
      await post(form);
      const asked = front.requests
        .slice(before)
        .map((request) => request.split('\n')[0]?.replace(/\/[0-9a-f]*\?.*/, ''));
      expect(asked.filter((line) => /account|password/.test(line ?? '')).sort()).toEqual([
        'GET /v1/account',
        'GET /v1/password',
      ]);
    }
  });
});

test('an application reports the outcome while it has the login', async () => {
  const token = 'a-token-of-at-least-32-characters-2';
  const { post, get, seen, events } = await startCheckedApp({
    users: {},
    leaks: leaks(),
    more: `outcome: { tokenFile: "${writeSecret(token)}" }`,
    onLogin: async (request, port) => {
      const body = JSON.stringify({ attempt: request.headers['credveil-attempt'], outcome: 'success', user: '17' });
      const headers = { Authorization: `Bearer ${token}`, 'Content-Length': String(body.length) };
      const answer = await visit(port, APP, { method: 'POST', path: '/.credveil/outcome', headers, body });
      expect(statusOf(answer)).toBe(204);
    },
  });
  const answer = await post(right);
  expect(statusOf(answer)).toBe(403);
  expect(seen[0]?.attempt).toMatch(/^[\w-]{12}$/);
  expect(events).toContainEqual(expect.objectContaining({ event: 'login', outcome: 'success', verdict: 'pair' }));
  await get('/', jarOf(answer));
  expect(seen.at(-1)?.verdict).toBe('1');
});
