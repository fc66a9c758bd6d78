// `onUnknown: deny`: what cannot be checked does not log in, whatever the answer looks like, and
// whichever session the client brings.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { jarOf, setCookies, statusOf, writeSecret } from '../../support/gateway/login/checked-app.ts';
import { type GuardedAppOptions, startGuardedApp } from '../../support/gateway/login/guarded-app.ts';
import { forward, type HttpFront, send, startFront } from '../../support/http-front.ts';
import { keyPinOf } from '../../support/pins.ts';

const [leaked] = seededPairs(1, 4716) as [{ username: string; password: string }];
const right = { username: leaked.username, password: leaked.password };
const clean = { username: 'nobody', password: 'n3ver-leaked-anywhere' };
const PASSWORDS = new Map([right, clean].map(({ username, password }) => [username, password]));

let made: MadeDataset;
let server: CredveilServer;
/** Passes questions on to the service while it answers. */
let front: HttpFront;
let isSilent = false;
/** Beginnings of paths that it does not answer. */
let away = '';

beforeAll(async () => {
  made = await makeDataset({ pairs: [leaked] });
  server = await startServer(made.folder, { port: 0 });
  front = await startFront(async (request, response) => {
    if (away !== '' && request.url?.startsWith(away)) response.destroy();
    else if (!isSilent) send(response, await forward(server.url, request));
  });
});
afterEach(() => {
  isSilent = false;
  away = '';
});
afterAll(async () => {
  await front.close();
  await server.close();
  made.dispose();
});

const serviceAt = (url: string, timeoutMs = 20_000): GuardedAppOptions['leaks'] => ({
  keys: () => `{ url: "${url}", timeoutMs: ${timeoutMs}, keyFile: "${writeSecret(keyPinOf(made).key)}" }`,
  close: async () => {},
});
const AWAY = () => serviceAt('http://127.0.0.1:9');
const SLOW = () => serviceAt(front.url, 50);

/** Logs in the session that comes with a right password, from wherever it may come. */
async function startAdopting(leaks: GuardedAppOptions['leaks'], login: string, more = '') {
  const loggedIn = new Set<string>();
  const app = await startGuardedApp({
    leaks,
    keys: `login: { ${login}, onUnknown: deny }${more}`,
    answer: ({ message, path, form, cookie }, response) => {
      const url = new URL(message.url ?? '', 'http://app.example');
      const session =
        cookie('PHPSESSID') ??
        cookie('my.sid') ??
        url.searchParams.get('PHPSESSID') ??
        /;jsessionid=(\w+)/.exec(path)?.[1];
      if (message.method === 'GET') return response.end(loggedIn.has(session ?? '') ? 'signed in' : 'who are you?');
      const isRight = PASSWORDS.get(form.get('username') ?? '') === form.get('password');
      if (!isRight) return response.writeHead(401).end();
      const Location = url.searchParams.get('next') ?? '/home';
      if (session === undefined) response.writeHead(302, { Location, 'Set-Cookie': 'PHPSESSID=of-the-application' });
      else response.writeHead(302, { Location });
      loggedIn.add(session ?? 'of-the-application');
      return response.end();
    },
  });
  return { ...app, loggedIn };
}

const OWN = `locations: [{ name: main, when: 'starts_with(http.request.uri.path, "/login")', username: 'http.request.body.form["username"][0]', password: 'http.request.body.form["password"][0]' }]`;
const NAMED = `${OWN}, sessionCookies: [PHPSESSID, JSESSIONID, my_sid]`;
const OTHER = `${OWN}, sessionCookies: [remember]`;

describe('without a service that answers, a right password', () => {
  test.each<[string, string, string, { readonly [name: string]: string }]>([
    ['into a session that it brings', 'presets: [generic]', '/login', { Cookie: 'PHPSESSID=mine' }],
    ['at a page to go on to', 'presets: [generic]', '/login?next=/login/welcome', {}],
    ['at a page to go on to, with a session', 'presets: [generic]', '/login?next=/error', { Cookie: 'PHPSESSID=mine' }],
    ['into a session of a name that is known', NAMED, '/login', { Cookie: 'PHPSESSID=mine' }],
    ['into one behind a comma', NAMED, '/login', { Cookie: 'a=1,PHPSESSID=mine' }],
    ['into one as PHP names it', NAMED, '/login', { Cookie: 'my.sid=mine' }],
    ['into one of the query', NAMED, '/login?PHPSESSID=mine', {}],
    ['into one of the path', NAMED, '/login;jsessionid=mine', {}],
    ['into one beside the cookie that is named', OTHER, '/login', { Cookie: 'PHPSESSID=mine' }],
    ['into a new session', NAMED, '/login', {}],
    ['at a plug-in of another application', 'presets: [wordpress, generic]', '/login', { Cookie: 'PHPSESSID=mine' }],
  ])('%s does not reach the application', async (_, login, path, headers) => {
    for (const leaks of [AWAY(), SLOW()]) {
      isSilent = true;
      const { post, get, seen, loggedIn, events } = await startAdopting(leaks, login);
      const answer = await post(path, right, headers);
      expect(statusOf(answer)).toBe(503);
      expect(answer.body.toString()).toContain('LOGIN_UNCHECKED');
      expect(setCookies(answer)).toEqual([]);
      expect(seen).toEqual([]);
      expect([...loggedIn]).toEqual([]);
      expect((await get('/home', headers)).body.toString()).toBe('who are you?');
      expect(events).toContainEqual(
        expect.objectContaining({ event: 'login', outcome: 'unknown', verdict: 'unknown' }),
      );
    }
  });

  test.each<[string, readonly string[], number]>([
    ['has no cookie where the answer has to bring one', [`wordpress_logged_in_1=${leaked.username}%7C9`], 302],
    ['is refused behind a page that may follow it', [], 200],
    ['is refused behind a page that may follow it, with its cookies', ['visit=1'], 302],
  ])('%s, and a wrong one has its answer', async (_, cookies, status) => {
    const { post, seen, events } = await startGuardedApp({
      leaks: AWAY(),
      keys: 'login: { presets: [wordpress], onUnknown: deny }',
      answer: ({ form }, response) =>
        form.get('pwd') === leaked.password
          ? response.writeHead(status, { Location: '/wp-admin/', 'Set-Cookie': [...cookies] }).end('a code, please')
          : response.writeHead(200).end('<div id="login_error">'),
    });
    const form = { log: leaked.username, pwd: leaked.password };
    const refused = await post('/wp-login.php', form);
    expect(statusOf(refused)).toBe(503);
    expect(setCookies(refused)).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ event: 'login', verdict: 'unknown', reason: 'NETWORK' }));
    const wrong = await post('/wp-login.php', { ...form, pwd: 'wrong' });
    expect(statusOf(wrong)).toBe(200);
    expect(wrong.body.toString()).toContain('login_error');
    expect(seen).toHaveLength(2);
  });
});

describe('with a service that answers', () => {
  test.each([
    ['presets: [generic]', { Cookie: 'PHPSESSID=mine' }],
    [NAMED, { Cookie: 'PHPSESSID=mine' }],
    ['presets: [generic]', {}],
    [NAMED, {}],
  ])('right passwords log in (%s, %o)', async (login, headers) => {
    const { post, loggedIn } = await startAdopting(serviceAt(front.url), login);
    for (const form of [clean, right]) {
      loggedIn.clear();
      expect(statusOf(await post('/login', form, headers))).toBe(302);
      expect(loggedIn.size).toBe(1);
    }
    expect(statusOf(await post('/login', { ...right, password: 'wrong' }, headers))).toBe(401);
  });

  test('the application hears of a finding with the next request, and not before', async () => {
    const { post, get, seen, logins } = await startAdopting(serviceAt(front.url), 'presets: [generic]');
    const answer = await post('/login', right, { Cookie: 'PHPSESSID=mine' });
    await get('/home', { Cookie: `${jarOf(answer).Cookie}; PHPSESSID=mine` });
    expect(seen.map(({ verdict }) => verdict)).toEqual([undefined, '1']);
    expect(logins()).toEqual(['unknown pair']);
  });

  test('what may be a guess is asked in one way, whatever it finds, and before the application has it', async () => {
    const before: number[] = [];
    const { post } = await startGuardedApp({
      leaks: serviceAt(front.url),
      keys: 'login: { presets: [generic], onUnknown: deny }',
      answer: (_, response) => {
        before.push(front.requests.length);
        response.writeHead(302, { Location: '/home' }).end();
      },
    });
    await post('/login', clean, { Cookie: 'sid=1' });
    for (const form of [right, clean, right, clean, { ...right, password: 'wrong' }]) {
      const asked = front.requests.length;
      await post('/login', form, { Cookie: 'sid=1' });
      const lines = front.requests.slice(asked, before.at(-1)).map((request) => request.split('?')[0] ?? '');
      expect(lines.map((line) => line.replace(/[0-9a-f]*$/, '')).sort()).toEqual([
        'GET /v1/account/',
        'GET /v1/password/',
      ]);
    }
  });

  test('a wrong password that was checked has used its place, and a right one that is proven none', async () => {
    const { post } = await startAdopting(serviceAt(front.url), 'presets: [generic], unknownChecks: 5');
    expect(statusOf(await post('/login', { ...right, password: 'wrong' }, { Cookie: 'PHPSESSID=1' }))).toBe(401);
    expect(statusOf(await post('/login', clean, { Cookie: 'PHPSESSID=1' }))).toBe(429);
    const proven = await startAdopting(serviceAt(front.url), `${NAMED}, unknownChecks: 5`);
    for (let i = 0; i < 3; i++) expect(statusOf(await proven.post('/login', clean))).toBe(302);
  });
});

test.each(['/v1/account', '/v1/password'])(
  'without the half of a service at %s, no guess tells what leaked',
  async (half) => {
    away = half;
    const { post, loggedIn, logins } = await startAdopting(serviceAt(front.url), 'presets: [generic]');
    for (const form of [right, clean, { ...right, username: 'nobody' }, { ...right, password: 'n0t-leaked' }]) {
      const answer = await post('/login', form, { Cookie: 'PHPSESSID=mine' });
      expect([statusOf(answer), answer.body.toString().includes('LOGIN_UNCHECKED')]).toEqual([503, true]);
    }
    expect([...loggedIn]).toEqual([]);
    expect(new Set(logins())).toEqual(new Set(['unknown unknown']));
  },
);

test('a login about which nobody could ask does not reach the application', async () => {
  const { post, seen } = await startGuardedApp({
    leaks: serviceAt(front.url),
    keys: 'login: { presets: [generic] }',
    answer: (_, response) => response.writeHead(302, { Location: '/home' }).end(),
  });
  // Its normal form has eleven times as many bytes.
  const answer = await post('/login', { ...right, username: '\ufdfa'.repeat(1_500) }, { Cookie: 'PHPSESSID=mine' });
  expect(statusOf(answer)).toBe(400);
  expect(answer.body.toString()).toContain('LOGIN_UNREADABLE');
  expect(seen).toEqual([]);
});
