// Whoever has confirmed a login with a leaked password has to change it: pages lead there once it
// is due, until it was changed, and each login with the leaked one is held.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { confirmByMail, send } from '../../support/gateway/hold/confirm.ts';
import { leadTo, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const FRESH = 'n3ver-leaked-anywhere';
const AT = 'http://app.example';

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

const TOLD = `success: 'http.response.code == 302 and credveil.response.location == "/home"'
          failure: 'credveil.response.location contains "error"'`;

/** Its page for a new password is `/account?do=password`. */
async function start(keys: string, whoami?: string, told = TOLD, wrong = '/login?error=1') {
  let right = password;
  const app = await startHandledApp(({ line, query, form, session, response }) => {
    if (line === 'GET /nobody') return response.end('nobody');
    if (line === 'POST /login') {
      if (form.get('pass') === right) session.user = form.get('user') ?? '';
      return leadTo(response, form.get('pass') === right ? '/home' : wrong);
    }
    if (line === 'POST /account' && query.get('do') === 'password' && session.user !== undefined) {
      right = form.get('new') ?? '';
      return leadTo(response, '/home');
    }
    return false;
  });
  const locations = `
        - name: main
          when: 'http.request.method == "POST" and http.request.uri.path == "/login"'
          username: 'http.request.body.form["user"][0]'
          password: 'http.request.body.form["pass"][0]'
          ${told}
          changePassword: /account?do=password`;
  const world = await startHoldWorld({ users: {}, leaks, app, locations, keys, ...(whoami && { whoami }) });
  const change = (to: string): void => {
    right = to;
  };
  return { ...world, change };
}

const logIn = async (world: HoldWorld, pass: string, browser = world.browser()) => ({
  browser,
  page: await send(browser, `${AT}/login`, { user: 'alice', pass }),
});

const ledTo = async (browser: ReturnType<HoldWorld['browser']>, path = '/home') =>
  valuesOf(await browser.get(AT + path), 'location')[0] ?? '';

test('a password that is due is changed before any other page comes', async () => {
  const world = await start(', mustChange: 0s');
  const { browser, page } = await logIn(world, password);
  const { ask, location } = await confirmByMail(world, browser, page);
  expect(ask.text).toContain('The password has to be changed now');
  expect(location).toBe('/account?do=password');
  expect((await browser.get(AT + location)).text).toContain(SECRET);
  expect((await browser.get(`${AT}${location}&error=1`)).code).toBe(200);
  expect(await ledTo(browser)).toBe('/account?do=password');
  expect(await ledTo(browser, '/account?do=mail')).toBe('/account?do=password');
  // Its styles and scripts come.
  expect((await browser.get(`${AT}/style.css`, { 'Sec-Fetch-Mode': 'no-cors' })).code).toBe(200);
  expect((await send(browser, AT + location, { new: FRESH })).code).toBe(302);
  expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
  const again = await logIn(world, FRESH);
  expect(valuesOf(again.page, 'location')).toEqual(['/home']);
  expect((await again.browser.get(`${AT}/home`)).text).toContain(SECRET);
});

test('who changes it to one that has leaked is led there again behind the next login, which is held', async () => {
  const world = await start(', mustChange: 0s');
  const { browser, page } = await logIn(world, password);
  const { location } = await confirmByMail(world, browser, page);
  await send(browser, AT + location, { new: password });
  const again = await logIn(world, password, browser);
  expect(again.page.code).toBe(303);
  expect((await confirmByMail(world, browser, again.page)).location).toBe('/account?do=password');
  expect(await ledTo(browser)).toBe('/account?do=password');
});

test('a login with another password that has not leaked ends it in every browser', async () => {
  const world = await start(', mustChange: 0s');
  const first = await logIn(world, password);
  await confirmByMail(world, first.browser, first.page);
  const second = await logIn(world, password);
  const { location } = await confirmByMail(world, second.browser, second.page);
  expect(await ledTo(first.browser)).toBe(location);
  // By another way than the gateway: it sees the login alone.
  await fetch(`${world.app.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ user: 'alice', pass: password }),
  }).then(async (answer) => {
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const body = new URLSearchParams({ new: FRESH });
    await fetch(world.app.url + location, { method: 'POST', redirect: 'manual', headers: { cookie }, body });
  });
  await logIn(world, FRESH);
  for (const { browser } of [first, second]) expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
});

test.each([
  ['in the browser that is still signed in', `{ path: /home, after: '<b>', before: '</b>' }`, ''],
  ['where no page shows who is signed in', `{ path: /nobody, after: '<b>', before: '</b>' }`, TOLD],
])('a login with another password ends it %s', async (_, whoami, told) => {
  const world = await start(', mustChange: 0s', whoami, told);
  const { browser, page } = await logIn(world, password);
  await confirmByMail(world, browser, page);
  const second = await logIn(world, password);
  const { location } = await confirmByMail(world, second.browser, second.page);
  world.change(FRESH);
  expect(await ledTo(second.browser)).toBe(location);
  expect(valuesOf((await logIn(world, FRESH, browser)).page, 'location')).toEqual(['/home']);
  expect(await ledTo(second.browser)).toBe('');
});

test.each([
  ['where the page shows that nobody is in', '/home'],
  ['where no page shows who is signed in', '/nobody'],
])('a wrong password that looks like no failure does not end it, %s', async (_, path) => {
  const world = await start(', mustChange: 0s', `{ path: ${path}, after: '<b>', before: '</b>' }`, '', '/?e=1');
  const { browser, page } = await logIn(world, password);
  const { location } = await confirmByMail(world, browser, page);
  expect(valuesOf((await logIn(world, 'wr0ng-and-clean-77')).page, 'location')).toEqual(['/?e=1']);
  expect(await ledTo(browser)).toBe(location);
});

test('what other tabs ask for, or fetch ahead, takes nothing of the answer to a login', async () => {
  const world = await start('');
  const { browser, page } = await logIn(world, password);
  const { location } = await confirmByMail(world, browser, page);
  await browser.get(`${AT}/poll`, { 'Sec-Fetch-Mode': 'cors' });
  await browser.get(`${AT}/other`);
  await browser.get(location, { 'Sec-Fetch-Mode': 'no-cors' });
  await browser.get(location, { ...HTML, 'Sec-Purpose': 'prefetch;prerender' });
  expect(valuesOf(await browser.get(location), 'location')).toEqual(['/home']);
  expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
});

test('a browser whose login is held is led to the gateway a number of times alone', async () => {
  const world = await start('');
  const { browser } = await logIn(world, password);
  const codes = [];
  for (let i = 0; i < 31; i++) codes.push((await browser.get(`${AT}/home`)).code);
  expect(new Set(codes.slice(0, 28))).toEqual(new Set([303]));
  expect(codes.at(-1)).toBe(401);
});

test('until it is due pages come as they are, and the day stands where the login is confirmed', async () => {
  const world = await start(', mustChange: 2d');
  const { browser, page } = await logIn(world, password);
  const { ask, location } = await confirmByMail(world, browser, page);
  expect(ask.text).toMatch(/Choose a new password by \d{1,2} [A-Z][a-z]+ \d{4} at \d\d:\d\d UTC/);
  expect(location).toBe(`${AT}/login`);
  await browser.get(location);
  expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
});

test('a page for a new password that leads on itself is reached', async () => {
  const world = await start(', mustChange: 0s');
  const { browser, page } = await logIn(world, password);
  await confirmByMail(world, browser, page);
  const led = [];
  for (let i = 0; i < 4; i++) led.push((await browser.get(`${AT}/home`, HTML)).code);
  expect(led).toEqual([303, 303, 303, 200]);
});
