// A held login that nobody confirms counts as one that has failed, and the application ends its own
// session where the configuration says how.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { HeldEnds } from '../../../gateway/quarantine/held-ends.ts';
import { seededPairs } from '../../support/dataset.ts';
import { confirmByMail, send } from '../../support/gateway/hold/confirm.ts';
import { leadTo, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, type HoldWorld, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { cookiesOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const leaked = { user: 'alice', pass: password };
const AT = 'http://app.example';
const PROGRAM = { 'Sec-Fetch-Mode': 'cors' };
/** Keys of `hold`, and of the application behind it. */
const LIMITED = `}\n    loginLimits: [{ name: user, by: [username], allow: 2, window: 1h, for: 1h, mode: consecutive }] #`;

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** @param reply the status with which it logs out; 0 for none */
async function start(keys: string, reply = 302): Promise<HoldWorld & { readonly loggedOut: string[] }> {
  const loggedOut: string[] = [];
  const app = await startHandledApp(({ line, form, session, request, response }) => {
    if (line === 'POST /login') {
      if (form.get('pass') !== password) return leadTo(response, '/login?error=1');
      session.user = form.get('user') ?? '';
      return leadTo(response, '/home');
    }
    if (!line.endsWith('/logout')) return false;
    loggedOut.push(`${line} ${session.user} ${request.headers.origin}`);
    session.user = undefined;
    return reply === 0 ? response.destroy() : response.writeHead(reply, { Location: '/' }).end();
  });
  const world = await startHoldWorld({ users: {}, leaks, app, locations: formAt('main', '/login'), keys });
  return { ...world, loggedOut };
}

const logIn = async (world: HoldWorld) => {
  const browser = world.browser();
  await browser.get(`${AT}/`);
  return { browser, page: await send(browser, `${AT}/login`, leaked) };
};

/** Five wrong codes. */
async function abandon(world: HoldWorld): Promise<void> {
  const { browser, page } = await logIn(world);
  expect(page.code).toBe(303);
  await browser.get(valuesOf(page, 'location')[0] ?? '');
  for (let i = 0; i < 6; i++) await send(browser, 'http://auth.example/hold/code', { code: 'none' });
  expect((await browser.get(`${AT}/home`)).text).not.toContain(SECRET);
}

test('a login that nobody has confirmed is a failure in limits', async () => {
  const world = await start(LIMITED);
  await abandon(world);
  await abandon(world);
  const held = world.events.find(({ event }) => event === 'login-held') as { readonly request: string };
  const ended = { event: 'login-abandoned', app: 'app.example', login: 'main', how: 'refused', request: held.request };
  expect(world.events).toContainEqual(ended);
  await expect.poll(async () => (await logIn(world)).page.code).toBe(429);
});

test('one of a program that is refused is a failure at once', async () => {
  const { login, visitor } = await start(LIMITED);
  for (let i = 0; i < 2; i++)
    expect(valuesOf(await login(leaked, await visitor(), PROGRAM), 'location')).toEqual(['/login?error=1']);
  await expect.poll(async () => statusOf(await login(leaked, await visitor(), PROGRAM))).toBe(429);
});

test('one that its owner has confirmed is none, and begins the count anew', async () => {
  const world = await start(LIMITED);
  await abandon(world);
  const { browser, page } = await logIn(world);
  await browser.get((await confirmByMail(world, browser, page)).location);
  expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
  await abandon(world);
  // No place is left among three that are held: else it would be over the limit.
  expect((await logIn(world)).page.code).toBe(503);
});

test.each(['GET', 'POST'])('the application ends its session by %s', async (method) => {
  const world = await start(`, logout: { path: /logout, method: ${method} }`);
  await abandon(world);
  const origin = method === 'POST' ? AT : undefined;
  await expect.poll(() => world.loggedOut).toEqual([`${method} /logout alice ${origin}`]);
  expect(world.app.signedIn()).toEqual([]);
  const { browser, page } = await logIn(world);
  await browser.get((await confirmByMail(world, browser, page)).location);
  expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
  const { login } = world;
  expect(cookiesOf(await login(leaked, '', PROGRAM))).not.toContain('PHPSESSID=0');
  await expect.poll(() => world.loggedOut).toHaveLength(2);
  expect((await browser.get(`${AT}/home`)).text).toContain(SECRET);
});

test.each([
  [404, 'STATUS_404'],
  [0, 'NO_ANSWER'],
])('is told where it does not: %i', async (reply, code) => {
  const world = await start(', logout: { path: /logout }', reply);
  await world.login(leaked, '', PROGRAM);
  const event = expect.objectContaining({ event: 'hold-logout-failed', app: 'app.example', code });
  await expect.poll(() => world.events).toContainEqual(event);
  expect(world.loggedOut).toHaveLength(1);
});

test('one whose time is over has ended, once', async () => {
  const { state } = openTestState();
  const ended: string[] = [];
  const ends = new HeldEnds(state, async (id) => id === 'released');
  for (const id of ['released', 'dead'])
    ends.watch(id, -2_000, async (...end) => void ended.push(`${id} ${end.join(' ')}`));
  await expect.poll(() => ended.toSorted()).toEqual(['dead false true', 'released true true']);
  await ends.finish('dead');
  expect(ended).toHaveLength(2);
});
