// People who only log in: by a double click, behind a page that hides its address, after a clock
// went wrong, and with an account that was not meant.

import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { seededPairs } from '../../support/dataset.ts';
import { serve } from '../../support/gateway/gateway.ts';
import { send } from '../../support/gateway/hold/confirm.ts';
import { leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { cookiesOf, formOf, textOf, valuesOf, visit, withCookie } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users = { alice: password, bob: 'n3ver-leaked-anywhere' };
const [leaked, clean] = [
  { user: 'alice', pass: users.alice },
  { user: 'bob', pass: users.bob },
];

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

test('of two clicks on a button one logs in, though the other was broken off', async () => {
  let reach: (n: string) => void = () => undefined;
  const reached = new Promise<string>((resolve) => {
    reach = resolve;
  });
  const app = await startHandledApp(async (handled) => {
    if (handled.line !== 'POST /login') return false;
    reach(handled.form.get('n') ?? '');
    await sleep(300);
    handled.session.user = handled.form.get('user') ?? '';
    return leadTo(handled.response, '/home');
  });
  const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/login') });
  const cookie = await world.visitor();
  const clicks = ['1', '2'].map((n) => {
    const { headers, body = '' } = formOf({ ...clean, n });
    const fields = { Host: 'app.example', ...PAGE, ...headers, 'Content-Length': Buffer.byteLength(body) };
    const sent = request({ port: world.port, method: 'POST', path: '/login', headers: { ...fields, Cookie: cookie } });
    const answer = new Promise<IncomingMessage | undefined>((resolve) => {
      sent.once('response', resolve).once('error', () => resolve(undefined));
    });
    sent.end(body);
    return { n, sent, answer };
  });
  const first = await reached;
  // Whose browser shows the other one by now.
  clicks.find(({ n }) => n === first)?.sent.destroy();
  const answer = await clicks.find(({ n }) => n !== first)?.answer;
  expect(answer?.statusCode).toBe(302);
  const signedIn = (answer?.headers['set-cookie'] ?? []).map((each) => each.split(';')[0]).join('; ');
  expect(textOf(await world.get('/home', signedIn))).toContain(`${SECRET} <b>bob</b>`);
  expect(textOf(await world.get('/home', cookie))).not.toContain(SECRET);
});

test.each([
  ['with the handle of its browser', true, 302],
  ['without one', false, 403],
])('a form whose page hides its address logs in %s', async (_, hasHandle, status) => {
  const world = await startHoldWorld({ users, leaks });
  const answer = await world.login(clean, hasHandle ? await world.visitor() : '', {
    Accept: 'text/html',
    Origin: 'null',
  });
  expect(statusOf(answer)).toBe(status);
});

test('what a clock that was ahead has locked or frozen is dead', async () => {
  const { state } = await startHoldWorld({ users, leaks });
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  const rules = { lockMs: 60_000, forMs: 60_000, lifeMs: 3_600_000 } as Parameters<Holds['freeze']>[2];
  const login = { app: 'a', realm: 'a', headers: [] as string[], jar: [], network: 'n', user: 'u', isKnown: false };
  const held = login as unknown as Parameters<Holds['freeze']>[1];
  const real = Date.now;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + 86_400_000);
  await holds.lock('locked', rules);
  await holds.freeze('frozen', held, rules);
  expect([await holds.read('locked'), await holds.read('frozen')]).toEqual(['locked', 'frozen']);
  spy.mockRestore();
  expect([await holds.read('locked'), await holds.read('frozen')]).toEqual(['dead', 'dead']);
});

test('a login that was not meant can be given up, in its browser alone', async () => {
  const world = await startHoldWorld({ users, leaks });
  const [browser, other] = [world.browser(), world.browser()];
  const held = await send(browser, 'http://app.example/login', leaked);
  const page = await browser.get(valuesOf(held, 'location')[0] ?? '');
  expect(page.text).toContain('action="/hold/end"');
  expect((await send(other, 'http://auth.example/hold/end', {})).code).toBe(400);
  expect((await browser.get('http://app.example/home')).code).toBe(303);
  expect((await send(browser, 'http://auth.example/hold/end', {})).text).toContain('href="http://app.example/"');
  const home = await browser.get('http://app.example/home');
  expect([home.code, home.text.includes(SECRET)]).toEqual([200, false]);
  expect((await send(browser, 'http://app.example/login', clean)).code).toBe(302);
});

test('pictures go up, though names of one letter stand in them', async () => {
  const app = await startHandledApp(({ line, response }) => line === 'POST /upload' && response.end('here it is'));
  const locations = formAt('main', '/login').replace('"user"', '"u"').replace('"pass"', '"p"');
  const world = await startHoldWorld({ users, leaks, app, locations });
  const { port } = await serve(`
listen: 127.0.0.1:0
apps: { app.example: { to: "${app.url}", login: { presets: [dokuwiki] } } }
leaks: ${leaks.keys()}
`);
  const picture = Buffer.from(`\xff\xd8&u=\x01&p=\x02;${'\xff\x01'.repeat(40_000)}&u=\x01&p=\x02`, 'latin1');
  const parts = [
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'),
    picture,
    Buffer.from('\r\n--b--\r\n'),
  ];
  const bodies = { 'image/jpeg': picture, 'multipart/form-data; boundary=b': Buffer.concat(parts) };
  for (const [type, body] of Object.entries(bodies)) {
    const upload = { method: 'POST', path: '/upload', body, headers: { 'Content-Type': type } };
    expect(textOf(await world.send(upload)), type).toBe('here it is');
    expect(textOf(await visit(port, 'app.example', upload)), type).toBe('here it is');
  }
});

test('the own form of somebody who is signed in goes on, though it changes the page of whoami', async () => {
  let email = 'before';
  const app = await startHandledApp(({ line, form, body, session, response }) => {
    if (line === 'POST /login') {
      session.user = form.get('user') ?? undefined;
      return leadTo(response, '/home');
    }
    if (line === 'POST /profile') email = body;
    response.end(`${pageOf(session.user)} ${email}`);
    return true;
  });
  const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/login') });
  const cookie = cookiesOf(await world.login(clean, await world.visitor()));
  const forms = [
    ['application/x-www-form-urlencoded', 'user=bob&pass=n3ver-leaked-anywhere&email=a'],
    ['application/x-www-form-urlencoded', `user=bob&pass=${encodeURIComponent(password)}&email=b`],
    ['application/x-www-form-urlencoded', 'user=bob&pass=100%&email=c'],
    ['application/json', '{"user":17,"pass":123456,"email":"d"}'],
  ];
  for (const [type = '', body = ''] of forms) {
    const form = { method: 'POST', path: '/profile', body, headers: { 'Content-Type': type, ...PAGE } };
    expect([statusOf(await world.send(withCookie(form, cookie))), email]).toEqual([200, body]);
    expect(textOf(await world.get('/home', cookie))).toContain(`${SECRET} <b>bob</b>`);
  }
});

test('pictures with the fields of a login keep nobody behind their address from logging in', async () => {
  const world = await startHoldWorld({ users, leaks, loginLimits: 'failures' });
  const cookie = await world.visitor();
  const image = { Accept: 'image/*', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' };
  for (let i = 0; i < 70; i++) await world.get(`/any?user=zed${i}&pass=p${i}`, cookie, image);
  expect(statusOf(await world.login(clean, cookie))).toBe(302);
  const logins = world.events.filter(({ event }) => event === 'login');
  expect(logins, 'those that sign nobody in are no logins').toHaveLength(1);
});
