// Whatever a client does to the page of whoami, or to the application's answer: a login with a
// leaked password is held, unless that page proves that nobody is signed in.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHold } from '../../../gateway/hold-test/hold-test.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { isOfStranger, nameOn, type WhoamiPage } from '../../../gateway/quarantine/whoami.ts';
import { seededPairs } from '../../support/dataset.ts';
import { configOf } from '../../support/gateway/gateway.ts';
import { APP, type HoldWorld, loginKeys, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { startVariedApp, VARIED_SECRET, type VariedOptions } from '../../support/gateway/hold/varied-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { basicOf, type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const NBSP = 'alice\u00a0';
const clean = 'n3ver-leaked-anywhere';
const users = { alice: password, mallory: clean, [NBSP]: clean, test: 'an account of tests' };
const leaked = { user: 'alice', pass: password };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

async function start(options: Partial<VariedOptions> = {}) {
  const app = await startVariedApp({ users, ...options });
  return { ...(await startHoldWorld({ users, leaks, app })), written: app.written };
}

/** The cookies of a browser after an answer. */
function after(cookie: string, answer: Answer): string {
  const jar = new Map(
    `${cookie}; ${cookiesOf(answer)}`.split('; ').flatMap((pair) => {
      const [name = '', ...value] = pair.split('=');
      return name === '' ? [] : [[name, value.join('=')] as const];
    }),
  );
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** What a browser signed in as somebody else has, behind what it did there. */
async function signedInAs(world: HoldWorld, user: string, path?: string, form = ''): Promise<string> {
  const cookie = await world.visitor();
  const own = after(cookie, await world.login({ user, pass: clean }, cookie));
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: own };
  if (path !== undefined) await world.send({ method: 'POST', path, headers, body: form });
  return own;
}

type Prepare = (world: HoldWorld) => Promise<string>;

describe.each<[string, Record<string, string>]>([
  ['an answer as it is', {}],
  ['an answer that looks like a failure', { back: '/login?error=1' }],
])('a leaked login with %s is held', (_, more) => {
  test.each<[string, Prepare, Partial<VariedOptions>?]>([
    ['in another language by a cookie', async ({ visitor }) => `${await visitor()}; lang=de`],
    ['in another language of the session', async ({ get }) => cookiesOf(await get('/?lang=de'))],
    ['with a cookie as long as can be', async () => `p=${'a'.repeat(8_150)}`],
    ['where terms come first', ({ visitor }) => visitor(), { hasTerms: true }],
    ['where sessions are bound to an address', ({ visitor }) => visitor(), { boundTo: 'address' }],
    ['of somebody who shows the same name', (world) => signedInAs(world, 'mallory', '/name', 'name=alice')],
    ['of somebody whose name ends in a space', (world) => signedInAs(world, NBSP)],
    ['with text of others before the name', (w) => signedInAs(w, 'mallory', '/note', 'to=alice&text=mallory')],
  ])('%s', async (__, prepare, options = {}) => {
    const world = await start(options);
    const cookie = await prepare(world);
    const answer = await world.login({ ...leaked, ...more }, cookie);
    expect(statusOf(answer)).toBe(303);
    expect(textOf(await world.get('/home', after(cookie, answer)))).not.toContain(VARIED_SECRET);
  });
});

test.each(['Mobile', ''])('is held with the agent %j and another language', async (agent) => {
  const { visitor, login } = await start();
  const headers = { ...PAGE, 'User-Agent': agent, 'Accept-Language': 'de' };
  expect(statusOf(await login(leaked, await visitor(), headers))).toBe(303);
});

describe('a guess', () => {
  test('opens nothing where the page proves it, and is no success where it does not', async () => {
    const world = await start();
    const cookie = await world.visitor();
    const wrong = { user: 'mallory', pass: 'wrong' };
    expect(cookiesOf(await world.login(wrong, cookie))).not.toContain('cv-jar');
    const german = cookiesOf(await world.get('/?lang=de'));
    expect(valuesOf(await world.login(wrong, german), 'location')).toEqual(['/login?error=1']);
    const own = await signedInAs(world, 'mallory');
    expect(valuesOf(await world.login({ user: 'alice', pass: 'wrong' }, own), 'location')).toEqual(['/login?error=1']);
    const outcomes = world.events.flatMap((each) => (each.event === 'login' ? [each.outcome] : []));
    expect(outcomes).not.toEqual([]);
    expect(outcomes.filter((outcome) => outcome === 'success')).toHaveLength(1);
  });
});

test('wrong passwords end no session and count for nobody, whatever the page of whoami looks like', async () => {
  const { visitor, login, get, state } = await start();
  const cookie = await visitor();
  await get('/home?lang=de', cookie);
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  for (let i = 0; i < 999; i++) await holds.rises.take('app.example', { user: 'mallory' });
  for (let i = 0; i < 3; i++) {
    const answer = await login({ user: 'mallory', pass: 'wrong' }, cookie);
    expect([statusOf(answer), valuesOf(answer, 'set-cookie').filter((line) => line.startsWith('cv-jar'))]).toEqual([
      302,
      [],
    ]);
  }
  const right = await login({ user: 'mallory', pass: clean }, await visitor());
  expect(valuesOf(right, 'set-cookie').some((line) => line.startsWith('cv-jar='))).toBe(true);
});

test('a login that could not be checked is refused, and nothing reaches the application', async () => {
  const away = await startLeakService([]);
  const app = await startVariedApp({ users });
  const { visitor, login } = await startHoldWorld({ users, leaks: away, app });
  await away.close();
  expect(statusOf(await login(leaked, await visitor()))).toBe(503);
  expect(app.signedIn()).toEqual([]);
});

describe('a leaked credential that acts in its own request', () => {
  test.each(['GET', 'PUT', 'POST', 'DELETE'])('never reaches the application by %s', async (method) => {
    const { send, written, app, events } = await start();
    const body = method === 'GET' ? {} : { body: 'mallory@evil.example' };
    const answer = await send({ method, path: '/api', headers: basicOf('alice', password), ...body });
    expect([statusOf(answer), written, app.seen]).toEqual([401, [], []]);
    expect(events).toContainEqual(expect.objectContaining({ event: 'login-held', how: 'refused' }));
  });

  test('does so with a clean one', async () => {
    const { send, written } = await start();
    await send({ method: 'PUT', path: '/api', headers: basicOf('mallory', clean), body: 'new' });
    expect(written).toEqual(['new']);
  });
});

async function faultsOf(options: Partial<VariedOptions>): Promise<string[]> {
  const app = await startVariedApp({ users, ...options });
  const hold = `sessions: [PHPSESSID], whoami: { path: /home, after: '<b>', before: '</b>' }`;
  const config = configOf(`
listen: 127.0.0.1:0
auth: auth.example
identity: { mail: { pin: { smtp: "smtp://127.0.0.1:9", from: a@example.com, to: ["@example.com"] } } }
leaks: ${leaks.keys()}
apps:
  ${APP}:
    to: "${app.url}"
    login: ${loginKeys(hold)}
`);
  const account = { login: '/login', fields: { user: 'test', pass: users.test }, as: 'form', page: '/home' } as const;
  const steps = await testHold(config, APP, [{ ...account, signedIn: VARIED_SECRET }]);
  return steps.flatMap(({ step, fault }) => (fault === undefined ? [] : [step]));
}

test('the test before passes with sessions of an address, and fails with those of an agent', async () => {
  expect(await faultsOf({ boundTo: 'address' })).toEqual([]);
  expect(await faultsOf({ boundTo: 'agent' })).toContain('whoami names who is signed in');
});

describe('a page', () => {
  const whoami = { path: '/me', after: '<b>', before: '</b>' };
  const page = (body: string, more: Partial<WhoamiPage> = {}): WhoamiPage => ({
    status: 200,
    location: '',
    body: Buffer.from(body),
    ...more,
  });

  test.each<[string, string, ReturnType<typeof nameOn>]>([
    ['a name', 'x <b> ann&amp;bob </b>', { name: 'ann&bob' }],
    ['a name with another space', '<b>ann\u00a0</b>', { name: 'ann\u00a0' }],
    ['two names', '<b>ann</b><b>bob</b>', 'unknown'],
    ['no end', '<b>ann', 'unknown'],
    ['none', 'log in', undefined],
    ['an empty one', '<b></b>', undefined],
  ])('with %s', (_, body, name) => {
    expect(nameOn(page(body), whoami)).toEqual(name);
  });

  const token = (letter: string): string => `<input value="${letter.repeat(20)}1/${letter.repeat(20)}"> log in`;
  test.each<[string, WhoamiPage, WhoamiPage, boolean]>([
    ['the same', page('log in'), page('log in'), true],
    ['with another token', page(token('a')), page(token('b')), true],
    ['another text', page('log out'), page('log in'), false],
    ['another status', page('log in', { status: 401 }), page('log in'), false],
    ['led elsewhere', page('', { status: 302, location: '/terms' }), page('', { status: 302, location: '/in' }), false],
    ['both too many', page('', { status: 429 }), page('', { status: 429 }), false],
    ['both malformed', page('', { status: 400 }), page('', { status: 400 }), false],
    ['that names strangers', page('<b>x</b>'), page('<b>x</b>'), false],
  ])('is of a stranger, or not: %s', (_, one, stranger, isOf) => {
    expect(isOfStranger(one, stranger, whoami)).toBe(isOf);
  });
});
