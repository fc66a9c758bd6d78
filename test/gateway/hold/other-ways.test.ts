// Ways to log in that the configuration does not describe, and applications have: by the script of
// a front controller, by Basic at any page, by a password under another name.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { formAt, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { cookiesOf, formOf, textOf, valuesOf, withCookie } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const CLEAN = 'n3ver-leaked-anywhere';
const users: { [name: string]: string } = { alice: password, mallory: CLEAN };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** As `/any/user/alice` and `/any;user=alice` have it. */
const inPath = (path: string, name: string): string | null =>
  decodeURIComponent(new RegExp(`[/;]${name}[/=:]([^/;]*)`).exec(path)?.[1] ?? '') || null;

/** It logs the session in that is there, in each of these ways. */
async function startWorld() {
  let user: string | undefined;
  const logIn = (name: string | null, given: string | null): void => {
    if (name !== null && given !== null && users[name] === given) user = name;
  };
  const { url, server } = await startOrigin(async (request, response) => {
    const { pathname, search, searchParams } = new URL(request.url ?? '', 'http://app.example');
    let body = '';
    for await (const piece of request) body += String(piece);
    const form = new URLSearchParams(body);
    const [, basic = ''] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? [];
    const [name = '', given = ''] = Buffer.from(basic, 'base64').toString().split(':');
    logIn(name, given);
    const cookies = new URLSearchParams((request.headers.cookie ?? '').replaceAll('; ', '&'));
    const field = (name: string) => form.get(name) ?? searchParams.get(name) ?? cookies.get(name);
    // ASP and PHP take a field of the query, the path or a cookie for one of the form.
    if (pathname !== '/enter')
      logIn(field('user') ?? inPath(pathname, 'user'), field('pass') ?? inPath(pathname, 'pass'));
    const route = search.startsWith('?/') ? search.slice(1) : `/${searchParams.get('r')}`;
    const path =
      pathname === '/index.php' || pathname === '/' ? route : pathname.replace('/index.php', '').replace(/^.*~/, '');
    if (path === '/enter') logIn(form.get('user'), form.get('passwd') ?? form.get('pass'));
    response.setHeader('Set-Cookie', 'PHPSESSID=one; Path=/');
    response.end(user === undefined ? 'nobody' : `<b>${user}</b>`);
  });
  const app = { url, server, seen: [], signedIn: () => [] };
  const loginLimits = '[{ name: few, by: [username], allow: 3, window: 10m, for: 10m }]';
  const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/enter'), loginLimits });
  const cookie = await world.visitor();
  const post = async (path: string, fields: { readonly [name: string]: string }, more = {}) => {
    const { headers, body = '' } = formOf(fields);
    return world.send(withCookie({ method: 'POST', path, body, headers: { ...headers, ...PAGE, ...more } }, cookie));
  };
  const isIn = async (...answers: Awaited<ReturnType<typeof post>>[]): Promise<boolean> => {
    const all = [cookie, ...answers.map((answer) => cookiesOf(answer))].filter((each) => each !== '');
    const pages = await Promise.all(all.map((each) => world.get('/page', each)));
    return pages.some((page) => textOf(page).includes('<b>'));
  };
  return { ...world, cookie, post, isIn };
}

const OWN = { user: 'alice', pass: password };

test.each(['/index.php/enter', '/index.php?r=enter', '/?/enter', '/a/path/of/its/own~/enter'])(
  'a login at %s is held',
  async (path) => {
    const { post, isIn } = await startWorld();
    const answer = await post(path, OWN);
    expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
    expect(await isIn(answer)).toBe(false);
  },
);

test.each([
  ['in place of its own', { user: 'alice', passwd: password }],
  ['beside its own', { user: 'alice', pass: CLEAN, passwd: password }],
])('a password under another name, %s, is held', async (_, fields) => {
  const { post, isIn } = await startWorld();
  const answer = await post('/enter', fields);
  expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
  expect(await isIn(answer)).toBe(false);
});

test.each([
  ['cookies', 'GET', '/any', '', `user=alice; pass=${password}`],
  ['a cookie and the query', 'GET', '/any?user=alice', '', `pass=${password}`],
  ['a cookie and the body', 'POST', '/any', `pass=${encodeURIComponent(password)}`, 'user=alice'],
  ['segments of the path', 'GET', `/any/user/alice/pass/${encodeURIComponent(password)}`, '', ''],
  ['parameters of the path', 'GET', `/any;user=alice;pass=${encodeURIComponent(password)}`, '', ''],
  ['the path behind its place', 'POST', `/enter;user=alice;pass=${encodeURIComponent(password)}`, 'x=y', ''],
])('a login by %s is held', async (_, method, path, body, more) => {
  const { send, cookie, isIn } = await startWorld();
  const headers = { ...PAGE, 'Content-Type': 'application/x-www-form-urlencoded' };
  const request = { method, path, ...(method === 'POST' && { body }), headers };
  const answer = await send(withCookie(request, [cookie, more].filter(Boolean).join('; ')));
  expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
  expect(await isIn(answer)).toBe(false);
});

test('limits count guesses by the fields of a login at any path', async () => {
  const { post } = await startWorld();
  const guess = (i: number) => post('/any', { user: 'bob', pass: `guess ${i}` });
  const all = [await guess(1), await guess(2), await guess(3), await guess(4)];
  expect(all.map(statusOf)).toEqual([200, 200, 200, 429]);
});

test('Basic at a page does not reach the application once its password has leaked', async () => {
  const { get, cookie, isIn } = await startWorld();
  const basic = (name: string) => Buffer.from(`${name}:${users[name]}`).toString('base64');
  for (const scheme of ['Basic', 'Foo Basic', 'Bearer'])
    expect(statusOf(await get('/page', cookie, { Authorization: `${scheme} ${basic('alice')}` })), scheme).toBe(401);
  expect(await isIn()).toBe(false);
  // Others go on, also at once: they lock no browser, and no limit counts them.
  const headers = { Authorization: `Basic ${basic('mallory')}` };
  const pages = await Promise.all(Array.from({ length: 6 }, () => get('/page', cookie, headers)));
  expect(pages.map((page) => textOf(page))).toEqual(pages.map(() => '<b>mallory</b>'));
});

test('behind a credential for everybody, a login by the form is held as without it', async () => {
  const { post, isIn } = await startWorld();
  const basic = (pair: string) => ({ Authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  const clean = { user: 'mallory', pass: CLEAN };
  expect(statusOf(await post('/enter', clean, basic(`alice:${password}`)))).toBe(401);
  const answer = await post('/enter', OWN, basic(`staging:${CLEAN}`));
  expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
  expect(await isIn(answer)).toBe(false);
});

test('another form with fields of these names goes on, whatever it has', async () => {
  const { post, isIn, get, cookie } = await startWorld();
  const made = await post('/people/new', { user: 'bob', pass: password });
  expect([statusOf(made), textOf(made)]).toEqual([200, 'nobody']);
  expect(statusOf(await post('/enter', { user: 'mallory', pass: CLEAN }))).toBe(200);
  const own = await post('/people/new', { user: 'bob', pass: password });
  expect([statusOf(own), textOf(own)]).toEqual([200, '<b>mallory</b>']);
  expect(statusOf(await post('/settings', { 'smtp[user]': 'bob', 'smtp[pass]': password }))).toBe(200);
  expect(await isIn(made)).toBe(true);
  expect(statusOf(await get('/page', cookie))).toBe(200);
});
