// Applications whose sessions name nobody, behind a real gateway: a checked login lets one session
// out, and that one is renewed where no password can hide.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { jarOf, setCookies, statusOf } from '../../support/gateway/login/checked-app.ts';
import {
  basicOf,
  type LeakService,
  startGuardedApp,
  startLeakService,
} from '../../support/gateway/login/guarded-app.ts';
import type { Answer } from '../../support/gateway/visit.ts';

const pairs = seededPairs(2);
const { username: victim, password: leaked } = pairs[0] ?? { username: '', password: '' };
const OWN = { user: 'mallory', key: 'the own password of somebody' };
let leaks: LeakService;

beforeAll(async () => {
  leaks = await startLeakService(pairs);
});
afterAll(() => leaks.close());

const LOGIN = {
  name: 'enter',
  when: 'http.request.uri.path == "/enter"',
  username: 'http.request.body.form["user"][0]',
  password: 'http.request.body.form["key"][0]',
  failure: 'http.response.code == 401',
};

/** Draws a new `sid` for each answer to who is in, and logs in by what it gets anywhere. */
async function start(location: object = LOGIN, keys = '') {
  let drawn = 0;
  const users = new Map<string, string>();
  const app = await startGuardedApp({
    leaks,
    keys: `login: { locations: [${JSON.stringify(location)}], sessionCookies: [sid]${keys} }`,
    answer: ({ message, path, form, cookie }, response) => {
      const { searchParams: query } = new URL(message.url ?? '/', 'http://app.example');
      const renewed = users.get(cookie('sid') ?? '');
      const basic = message.headers.authorization === undefined ? undefined : victim;
      const unseen = form.get('benutzer') ?? query.get('benutzer') ?? basic;
      const isRight = form.get('key') === OWN.key || form.get('key') === leaked;
      if (path === '/enter' && !isRight) return response.writeHead(401).end('no');
      if (path === '/enter' && form.has('code')) return response.end('a code, please');
      const user = unseen ?? (path === '/enter' ? form.get('user') : renewed);
      if (user === undefined || user === null) return response.end('nobody');
      const sid = `s${++drawn}`;
      users.set(sid, user);
      return response.writeHead(200, { 'Set-Cookie': `sid=${sid}` }).end('in');
    },
  });
  const whoseOf = (answer: Answer): string | undefined => {
    const [, sid = ''] = /\bsid=(s\d+)/.exec(setCookies(answer).join()) ?? [];
    return users.get(sid);
  };
  return { ...app, whoseOf };
}

test('pages go on with the session of a login, in several tabs', async () => {
  const { post, get, whoseOf } = await start();
  const login = await post('/enter', OWN);
  expect(whoseOf(login)).toBe(OWN.user);
  const jar = jarOf(login);
  const [one, two] = await Promise.all([get('/a', jar), get('/b', jar)]);
  expect(whoseOf(one)).toBe(OWN.user);
  expect(whoseOf(two)).toBe(OWN.user);
  expect(whoseOf(await get('/c', jarOf(login, one)))).toBe(OWN.user);
  const sent = await post('/save', { text: 'a' }, jar);
  expect([statusOf(sent), whoseOf(sent)]).toEqual([200, undefined]);
});

describe('an own login opens nothing for another user', () => {
  const UNSEEN: readonly [string, (app: Awaited<ReturnType<typeof start>>, jar: object) => Promise<Answer>][] = [
    ['in a form', ({ post }, jar) => post('/plug-in', { benutzer: victim, kennwort: leaked }, jar)],
    ['in a query', ({ get }, jar) => get(`/plug-in?benutzer=${victim}&kennwort=${leaked}`, jar)],
    ['in a header', ({ get }, jar) => get('/plug-in', { ...jar, ...basicOf(victim, leaked) })],
  ];

  test.each(UNSEEN)('%s', async (_, logIn) => {
    const app = await start();
    const own = jarOf(await app.post('/enter', OWN));
    const first = await logIn(app, own);
    expect([statusOf(first), app.whoseOf(first)]).toEqual([200, undefined]);
    // A session of its own making is none that goes on.
    const { Cookie = '' } = own as { Cookie?: string };
    const forged = { Cookie: Cookie.replace(/sid=[^;]*/, 'sid=forged') };
    expect(app.whoseOf(await logIn(app, forged))).toBeUndefined();
    expect(statusOf(await logIn(app, {}))).toBe(403);
  });

  test.each(UNSEEN)('%s, but for one session behind a page that asks for a second factor', async (_, logIn) => {
    const app = await start({ ...LOGIN, secondFactor: 'credveil.response.body == "a code, please"' });
    const own = jarOf(await app.post('/enter', { ...OWN, code: '1' }));
    // The check runs beside the answer: until it ends, nothing leaves.
    await expect.poll(() => app.logins().length).toBe(1);
    await expect.poll(async () => app.whoseOf(await logIn(app, own))).toBe(victim);
    expect(app.whoseOf(await logIn(app, own))).toBeUndefined();
  });
});

test('the answer of a login that goes on with a second factor lets one more session out', async () => {
  const { post, whoseOf } = await start({ ...LOGIN, secondFactor: 'credveil.response.body == "in"' });
  const login = jarOf(await post('/enter', OWN));
  const second = () => post('/code', { code: '123456' }, login);
  expect(whoseOf(await second())).toBe(OWN.user);
  expect(whoseOf(await second())).toBeUndefined();
});

test('what is kept back is told once', async () => {
  const { post, events } = await start();
  const jar = jarOf(await post('/enter', OWN));
  for (let i = 0; i < 3; i++) await post('/save', { text: 'a' }, jar);
  expect(events.filter(({ event }) => event === 'session-kept-back')).toHaveLength(1);
});

test('requests that the configuration names renew whatever they have', async () => {
  const { post, whoseOf } = await start(LOGIN, `, mayBeginSession: 'http.request.uri.path == "/refresh"'`);
  const jar = jarOf(await post('/enter', OWN));
  expect(whoseOf(await post('/refresh', { a: 'b' }, jar))).toBe(OWN.user);
});
