// Sessions that begin unseen, after logins that may be guesses: a handle remembers the users of
// logins whose password was found right, and no others.

import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { jarOf, setCookies, statusOf } from '../../support/gateway/login/checked-app.ts';
import {
  type AppRequest,
  type LeakService,
  startGuardedApp,
  startLeakService,
} from '../../support/gateway/login/guarded-app.ts';

const pairs = seededPairs(2);
const { username: victim, password: leaked } = pairs[0] ?? { username: '', password: '' };
const GUESS = 'a guess of somebody';
const UNSEEN = { benutzer: victim, kennwort: leaked };
let leaks: LeakService;

beforeAll(async () => {
  leaks = await startLeakService(pairs);
});
afterAll(() => leaks.close());

const SESSIONS: { readonly [preset: string]: (user: string) => string } = {
  wordpress: (user) => `wordpress_logged_in_1=${encodeURIComponent(`${user}|9|token`)}`,
  dokuwiki: (user) => `DW1=${encodeURIComponent(`${Buffer.from(user).toString('base64')}|0|x`)}`,
  mediawiki: (user) => `wikiUserName=${encodeURIComponent(user)}`,
  nextcloud: (user) => `nc_username=${encodeURIComponent(user)}`,
  phpmyadmin: () => `pmaAuth-1=${Math.random()}`,
  roundcube: () => `roundcube_sessauth=${Math.random()}`,
};

/** An application that logs in with fields of its own at `/plug-in`, beside its preset's logins. */
const start = (preset: string, login: string, answer: (request: AppRequest, response: ServerResponse) => unknown) =>
  startGuardedApp({
    leaks,
    keys: `login: ${login}`,
    answer: (request, response) => {
      const { path, form } = request;
      if (path !== '/plug-in') return answer(request, response);
      const isRight = form.get('benutzer') !== null && form.get('kennwort') === leaked;
      const cookie = SESSIONS[preset]?.(form.get('benutzer') ?? '') ?? '';
      response.writeHead(isRight ? 200 : 403, isRight ? { 'Set-Cookie': cookie } : {}).end('plug-in');
    },
  });

const isIn = (cookies: readonly string[]): boolean => cookies.some((cookie) => !/^(cv-|[^=]+=;)/.test(cookie));

/** Their cookies name nobody: a right password opens nothing beyond its own session. */
const NAMELESS: ReadonlySet<string> = new Set(['phpmyadmin', 'roundcube']);
const NET = ['wordpress', 'dokuwiki', 'mediawiki', 'nextcloud', 'phpmyadmin', 'roundcube'] as const;
const FORMS: { readonly [preset in (typeof NET)[number]]: readonly [string, string, string] } = {
  wordpress: ['/wp-login.php?action=postpass', 'log', 'pwd'],
  dokuwiki: ['/doku.php', 'u', 'p'],
  mediawiki: ['/index.php', 'wpName', 'wpPassword'],
  nextcloud: ['/login', 'user', 'password'],
  phpmyadmin: ['/missing', 'pma_username', 'pma_password'],
  roundcube: ['/', '_user', '_pass'],
};

describe.each(NET)('a wrong password at %s', (preset) => {
  const [path, user, password] = FORMS[preset];

  test.each([200, 204, 302, 404, 500])('that is answered %d opens no way for an unseen login', async (status) => {
    const app = await start(preset, `[${preset}, generic]`, (_, response) => {
      response.writeHead(status, status === 302 ? { Location: '/home' } : {}).end('page');
    });
    const guess = await app.post(path, { [user]: victim, [password]: GUESS });
    await expect.poll(() => app.logins().length).toBeGreaterThan(0);
    const answer = await app.post('/plug-in', UNSEEN, jarOf(guess));
    expect(statusOf(answer)).toBe(403);
    expect(isIn(setCookies(answer))).toBe(false);
  });

  test('ends no way that a right one has opened', async () => {
    const app = await start(preset, preset, ({ form }, response) => {
      const isRight = form.get(password) === leaked;
      response
        .writeHead(302, { Location: '/home', ...(isRight && { 'Set-Cookie': SESSIONS[preset]?.(victim) }) })
        .end();
    });
    const right = await app.post(path, { [user]: victim, [password]: leaked });
    expect(isIn(setCookies(right))).toBe(true);
    const opens = !NAMELESS.has(preset);
    expect(isIn(setCookies(await app.post('/plug-in', UNSEEN, jarOf(right))))).toBe(opens);
    const guess = await app.post(path, { [user]: victim, [password]: GUESS }, jarOf(right));
    await expect.poll(() => app.logins().length).toBe(2);
    expect(isIn(setCookies(await app.post('/plug-in', UNSEEN, jarOf(right, guess))))).toBe(opens);
  });
});

test('a right password of one name opens nothing for another beside it', async () => {
  const app = await start('mediawiki', 'mediawiki', (_, response) => response.end('{"login":{"result":"Success"}}'));
  const login = (names: string) =>
    app.send({
      method: 'POST',
      path: '/api.php',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `action=login&${names}&lgpassword=own`,
    });
  const both = await login(`lgname=${encodeURIComponent(victim)}&lgname=mallory`);
  expect(statusOf(await app.post('/plug-in', UNSEEN, jarOf(both)))).toBe(403);
  const one = await login(`lgname=${encodeURIComponent(victim)}`);
  expect(statusOf(await app.post('/plug-in', UNSEEN, jarOf(one)))).toBe(200);
});

describe('a page that asks for a second factor', () => {
  const FACTORS: readonly [string, 'mediawiki' | 'nextcloud', string, { readonly [name: string]: string }, string][] = [
    ['of MediaWiki', 'mediawiki', '', { 'Content-Type': 'text/html' }, '<input id="x" name="OATHToken">'],
    ['of Nextcloud', 'nextcloud', '', { Location: '/index.php/login/selectchallenge?redirect_url=/' }, ''],
  ];
  const begin = async ([, preset, , headers, body]: (typeof FACTORS)[number]) => {
    const app = await start(preset, preset, (_, response) =>
      response.writeHead(headers.Location === undefined ? 200 : 303, headers).end(body),
    );
    const [path, user, password] = FORMS[preset];
    const answer = await app.post(path, { [user]: victim, [password]: leaked });
    await expect.poll(() => app.logins().length).toBe(1);
    return { app, jar: jarOf(answer) };
  };
  /** The check runs beside the answer. */
  const untilKept = async (done: () => Promise<number>) => expect.poll(done).toBe(200);

  test.each(FACTORS)('%s lets one session of its user out', async (...factor) => {
    const { app, jar } = await begin(factor);
    await untilKept(async () => statusOf(await app.post('/plug-in', UNSEEN, jar)));
    await app.get('/home', jar);
    expect(app.seen.some(({ verdict }) => verdict === '1')).toBe(true);
  });

  test.each(FACTORS)('%s lets none of another user out, and is over then', async (...factor) => {
    const { app, jar } = await begin(factor);
    const other = await app.post('/plug-in', { ...UNSEEN, benutzer: 'somebody' }, jar);
    expect(statusOf(other)).toBe(403);
  });

  test.each<[string, 'mediawiki' | 'nextcloud', { readonly [name: string]: string }, string]>([
    ['its field in a text', 'mediawiki', { 'Content-Type': 'text/html' }, '<p>name="OATHToken"</p>'],
    ['its field in another type', 'mediawiki', { 'Content-Type': 'text/plain' }, '<input name="OATHToken">'],
    ['its address behind a question mark', 'nextcloud', { Location: '/a?b=/login/challenge/x' }, ''],
    ['its address in the login', 'nextcloud', { Location: '/login?redirect_url=/login/challenge/x' }, ''],
  ])('is none by %s', async (_, preset, headers, body) => {
    const { app, jar } = await begin(['', preset, '', headers, body]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(statusOf(await app.post('/plug-in', UNSEEN, jar))).toBe(403);
  });
});

test.each([
  ['roundcube', '/?_remote=1', 200],
  ['phpmyadmin', '/', 200],
  ['roundcube', '/', 401],
] as const)(
  'a session that %s begins at %s with a status %d is checked before it leaves',
  async (preset, path, status) => {
    const [, user, password] = FORMS[preset];
    const app = await start(preset, preset, (_, response) => {
      response.writeHead(status, { 'Set-Cookie': SESSIONS[preset]?.(victim) ?? '' }).end('page');
    });
    const answer = await app.post(path, { [user]: victim, [password]: leaked });
    expect(isIn(setCookies(answer))).toBe(true);
    expect(app.logins().at(-1)).toMatch(/ pair$/);
    await app.get('/home', jarOf(answer));
    expect(app.seen.at(-1)).toMatchObject({ path: '/home', verdict: '1' });
    const unseen = await app.post('/plug-in', UNSEEN, jarOf(answer));
    expect(statusOf(unseen)).toBe(200);
    expect(isIn(setCookies(unseen))).toBe(false);
  },
);
