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
const DIGITS = '7391828304';
const users: { [name: string]: string } = { alice: password, bob: DIGITS, mallory: CLEAN };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([
    { username: 'alice', password },
    { username: 'bob', password: DIGITS },
  ]);
});
afterAll(() => leaks.close());

/** As `/any/user/alice` and `/any;user=alice` have it. */
const inPath = (path: string, name: string): string | null =>
  new RegExp(`[/;]${name}[/=:]([^/;]*)`).exec(decodeURIComponent(path).replace('/x/..', ''))?.[1] ?? null;

const valueIn = (body: string, name: string): string | null =>
  new RegExp(`\\b${name}['"]?(?:; filename="a")?\\s*(?:[:>]|\\r\\n\\r\\n)\\s*['"]?([^'"<\r,}]+)`).exec(
    body.replaceAll('\0', ''),
  )?.[1] ?? null;

/** It logs the session in that is there, in each of these ways. */
async function startWorld(more = '') {
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
    const field = (name: string) =>
      form.getAll(name).at(-1) ?? searchParams.get(name) ?? cookies.get(name)?.replaceAll('"', '') ?? null;
    // ASP and PHP take a field of the query, the path or a cookie for one of the form.
    if (pathname !== '/enter' || form.size === 0)
      logIn(field('user') ?? inPath(pathname, 'user'), field('pass') ?? inPath(pathname, 'pass'));
    // So do those that read what is nearly JSON, or XML.
    if (pathname === '/any') logIn(valueIn(body, 'user'), valueIn(body, 'pass'));
    const route = search.startsWith('?/') ? search.slice(1) : `/${searchParams.get('r')}`;
    const path =
      pathname === '/index.php' || pathname === '/' ? route : pathname.replace('/index.php', '').replace(/^.*~/, '');
    if (path === '/enter') logIn(form.get('user'), form.get('passwd') ?? form.get('pass'));
    response.setHeader('Set-Cookie', 'PHPSESSID=one; Path=/');
    const isOfSession = pathname !== '/page' || request.headers.cookie?.includes('PHPSESSID=one');
    response.end(user === undefined || !isOfSession ? 'nobody' : `<b>${user}</b>`);
  });
  const app = { url, server, seen: [], signedIn: () => [] };
  const loginLimits = '[{ name: few, by: [username], allow: 3, window: 10m, for: 10m }]';
  const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/enter') + more, loginLimits });
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

const FORM = 'application/x-www-form-urlencoded';
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
  ['cookies', 'GET', '/enter', '', `user=alice; pass=${password}`],
  ['cookies in quotes', 'GET', '/enter', '', `user="alice"; pass="${password}"`],
  ['a cookie and the query', 'GET', '/enter?user=alice', '', `pass=${password}`],
  ['the query and a cookie', 'GET', `/any?pass=${encodeURIComponent(password)}`, '', 'user=alice'],
  ['a cookie and the body', 'POST', '/any', `pass=${encodeURIComponent(password)}`, 'user=alice'],
  ['segments of the path', 'GET', `/enter/user/alice/pass/${encodeURIComponent(password)}`, '', ''],
  ['escaped segments', 'GET', `/enter/user%2Falice%2Fpass%2f${encodeURIComponent(password)}`, '', ''],
  ['parameters of the path', 'GET', `/enter;user=alice;pass=${encodeURIComponent(password)}`, '', ''],
  ['another path and the body', 'POST', '/any/user/alice', `pass=${encodeURIComponent(password)}`, ''],
  ['a path with dots', 'GET', `/enter/user/alice/pass/x/%2e./${encodeURIComponent(password)}`, '', ''],
  ['a long path', 'GET', `/enter${'/a'.repeat(2_000)}/user/alice/pass/${encodeURIComponent(password)}`, '', ''],
  ['the path behind its place', 'POST', `/enter;user=alice;pass=${encodeURIComponent(password)}`, 'x=y', ''],
])('a login by %s is held', async (_, method, path, body, more) => {
  const { send, cookie, isIn } = await startWorld();
  const headers = { ...PAGE, 'Content-Type': FORM };
  const request = { method, path, ...(method === 'POST' && { body }), headers };
  const answer = await send(withCookie(request, [cookie, more].filter(Boolean).join('; ')));
  expect(valuesOf(answer, 'location')).toEqual([expect.stringContaining('/hold?')]);
  expect(await isIn(answer)).toBe(false);
});

test('cookies that remember, and words of a path, are no login where none is described', async () => {
  const { get, cookie, events } = await startWorld();
  const remembered = `${cookie}; user=alice; pass=5f4dcc3b5aa765d61d8327deb882cf99`;
  const pictures = await Promise.all(Array.from({ length: 12 }, (_, i) => get(`/pictures/${i}`, remembered)));
  expect(pictures.map(statusOf)).toEqual(pictures.map(() => 200));
  const fromElsewhere = { ...PAGE, 'Sec-Fetch-Site': 'cross-site' };
  const reset = '/pass/reset/Zk3x0?user=alice';
  for (const cookies of [cookie, remembered]) expect(statusOf(await get(reset, cookies, fromElsewhere))).toBe(200);
  expect(events.filter(({ event }) => event === 'login')).toEqual([]);
});

const JSON_OF_OWN = JSON.stringify(OWN);
const PARTS = ['user', 'alice', 'pass', password];
const multipart = (before = '') =>
  `${before}--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nalice\r\n` +
  `--b\r\nContent-Disposition: form-data; name="pass"\r\n\r\n${password}\r\n--b--\r\n`;
const XML = `<in><user>alice</user><pass>${password}</pass></in>`;
const FILE = multipart().replaceAll(/(name="(?:user|pass)")/g, '$1; filename="a"');
const LONG = `--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n${'x'.repeat(66_000)}\r\n`;

test.each([
  ['single quotes', 'application/json', `{'user':'alice','pass':'${password}'}`, 400],
  ['comments', 'application/json', `{/**/user:'alice',pass:'${password}',}`, 400],
  ['UTF-16', 'application/json', Buffer.from(JSON_OF_OWN, 'utf16le'), 400],
  ['XML', 'application/xml', XML, 400],
  ['XML and much behind it', 'application/xml', `${XML}<!--${LONG}-->`, 413],
  ['XML and much before it', 'text/xml', `<!--${LONG}-->${XML}`, 413],
  ['XML in a stream of octets', 'application/octet-stream', XML, 413],
  ['a number', 'application/json', `{"user":"bob","pass":${DIGITS}}`, 400],
  ['a number in what has others', 'application/json', `{"in":{"user":"bob","pass":${DIGITS}}}`, 400],
  ['a file', 'multipart/form-data; boundary=b', FILE, 400],
  ['an odd form of parts', 'multipart/form-data; boundary=b; boundary=c', multipart(), 400],
  ['more passwords than are checked', FORM, `user=alice&${'1234567'.replace(/./g, 'pass=$&&')}pass=${PARTS[3]}`, 400],
  ['much before it', 'multipart/form-data; boundary=b', multipart(LONG), 413],
  ['a stream of octets', 'application/octet-stream', JSON_OF_OWN, 413],
])('what is no login that can be read, such as %s, signs nobody in', async (_, type, body, status) => {
  const { send, cookie, isIn } = await startWorld();
  const length = status === 413 && { 'Transfer-Encoding': 'chunked' };
  const headers = { ...PAGE, 'Content-Type': type, ...length };
  const answer = await send(withCookie({ method: 'POST', path: '/any', body, headers }, cookie));
  expect([statusOf(answer), await isIn(answer)]).toEqual([status, false]);
});

test('other bodies with such words go on, and a login that cannot be read is refused whatever is beside it', async () => {
  const { send, cookie } = await startWorld();
  const sent = (path: string, type: string, body: string, more = '') =>
    send(withCookie({ method: 'POST', path, body, headers: { ...PAGE, 'Content-Type': type } }, cookie + more));
  expect(statusOf(await sent('/notes', 'application/xml', '<user>bob</user><pass>none</pass>'))).toBe(200);
  expect(statusOf(await sent('/notes', 'text/plain', 'a user has a pass'))).toBe(200);
  const decoy = `; user=mallory; pass=${CLEAN}`;
  expect(statusOf(await sent('/enter', 'application/json', `{'user':'alice','pass':'${password}'}`, decoy))).toBe(400);
});

const BASIC = `
        - name: basic
          when: 'starts_with(http.request.uri.path, "/")'
          username: credveil.basic.username
          password: credveil.basic.password`;

test.each([false, true])('nor does it beside a login by Basic, %s', async (isSent) => {
  const { send, cookie, isIn } = await startWorld(BASIC);
  const basic = { Authorization: `Basic ${Buffer.from(`nobody:${CLEAN}`).toString('base64')}` };
  const headers = { ...PAGE, 'Content-Type': 'application/xml', ...(isSent && basic) };
  const sent = (body: string) => send(withCookie({ method: 'POST', path: '/any', body, headers }, cookie));
  expect(statusOf(await sent('<user>nobody</user><pass>none</pass>'))).toBe(200);
  const answer = await sent(XML);
  expect([statusOf(answer), await isIn(answer)]).toEqual([400, false]);
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

test('a credential in front of a site is checked once, whoever sends it, and however often at once', async () => {
  const { get, cookie, events } = await startWorld();
  const checks = () => events.filter(({ event }) => event === 'login').length;
  for (const name of ['one', 'two', 'one', 'two']) {
    const headers = { Authorization: `Basic ${Buffer.from(`${name}:${CLEAN}`).toString('base64')}` };
    const pages = await Promise.all(Array.from({ length: 5 }, () => get('/page', cookie, headers)));
    expect(pages.map(statusOf)).toEqual([200, 200, 200, 200, 200]);
  }
  expect(checks()).toBe(2);
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
  const signedIn = await post('/enter', { user: 'mallory', pass: CLEAN });
  expect(statusOf(signedIn)).toBe(200);
  const own = await post('/people/new', { user: 'bob', pass: password });
  expect([statusOf(own), textOf(own)]).toEqual([200, '<b>mallory</b>']);
  expect(statusOf(await post('/settings', { 'smtp[user]': 'bob', 'smtp[pass]': password }))).toBe(200);
  expect(await isIn(signedIn)).toBe(true);
  expect(statusOf(await get('/page', cookie))).toBe(200);
});

test('a link of another site with such fields goes on, unless it signs somebody in', async () => {
  const { get, cookie, isIn } = await startWorld();
  const link = { ...PAGE, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document' };
  expect(statusOf(await get('/pass/reset/7f3a?user=alice', cookie, link))).toBe(200);
  const answer = await get(`/any?user=mallory&pass=${CLEAN}`, cookie, link);
  expect([statusOf(answer), await isIn(answer)]).toEqual([403, false]);
});
