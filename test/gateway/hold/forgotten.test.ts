// What is dead stays dead, other readers of cookies find no session, and other sites end none.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { HoldExchange } from '../../../gateway/quarantine/hold-exchange.ts';
import type { HoldRules } from '../../../gateway/quarantine/hold-rules.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { Jar } from '../../../gateway/quarantine/jar.ts';
import { OpenExchange } from '../../../gateway/quarantine/open-exchanges.ts';
import { createSessionNames } from '../../../gateway/quarantine/session-names.ts';
import { seededPairs } from '../../support/dataset.ts';
import { type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET, startInPlaceApp } from '../../support/gateway/hold/in-place-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users = { alice: password, bob: 'n3ver-leaked-anywhere' };
const clean = { user: 'bob', pass: users.bob };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** Which of many fields the application takes, nobody knows. */
const ANY_NAME = ' []\n      presets: [generic]';

/** So many logins of one user, each in a new browser. */
async function flood(world: HoldWorld, logins: number): Promise<void> {
  for (let i = 0; i < logins; i++) await world.login(clean, await world.visitor());
}

test('logins without end keep nobody from logging in, and bring back nothing that is dead', async () => {
  const state = openTestState({ maxRoomEntries: 12 });
  const world = await startHoldWorld({ users, leaks, state });
  const { visitor, login, get } = world;
  const before = await visitor();
  expect(statusOf(await login({ user: 'alice', pass: password }, before))).toBe(303);
  const later = cookiesOf(await login(clean, await visitor()));
  await flood(world, 18);
  // Whose handle is forgotten by now had cookies of a generation that is over.
  expect(textOf(await get('/home', before))).not.toContain(SECRET);
  expect(textOf(await get('/home', later))).not.toContain(SECRET);
  const again = await login(clean, await visitor());
  expect(textOf(await get('/home', cookiesOf(again)))).toContain(SECRET);
  expect(state.state.sizeOf('hold')).toBeLessThanOrEqual(12);
});

const newHandle = (answer: Answer): boolean =>
  valuesOf(answer, 'set-cookie').some((line) => line.startsWith('cv-jar='));

test('one user ends a thousand handles a day, and keeps theirs then, as nobody else does', async () => {
  const { visitor, login, get, state } = await startHoldWorld({ users: { ...users, carl: users.bob }, leaks });
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  for (let i = 0; i < 999; i++) await holds.rises.take('app.example', { user: 'bob' });
  expect(newHandle(await login(clean, await visitor()))).toBe(true);
  const dead = state.sizeOf('hold');
  const cookie = await visitor();
  const answer = await login(clean, cookie);
  expect([statusOf(answer), newHandle(answer), state.sizeOf('hold')]).toEqual([302, false, dead]);
  expect(textOf(await get('/home', cookie))).toContain(SECRET);
  // Whose name looks alike is somebody else.
  for (const user of ['carl', 'BOB']) expect(await holds.rises.take('app.example', { user })).toBeDefined();
  expect(newHandle(await login({ ...clean, user: 'carl' }, cookie))).toBe(true);
});

test('a request that was on its way while a generation ended does not go on', async () => {
  const { state } = openTestState({ maxRoomEntries: 2 });
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  await holds.generation.ready();
  const rules = { lockMs: 60_000, lifeMs: 3_600_000, names: createSessionNames(['sid']) } as HoldRules;
  const jar = new Jar({ app: 'a', rules, seal: holds.seal, isSecure: true }, 'handle');
  const open = new OpenExchange(
    () => undefined,
    () => true,
  );
  const options = {
    holds,
    app: 'a',
    realm: 'a',
    rules,
    jar,
    id: 'one',
    open,
    network: 'n',
    site: 'n',
    watch: () => open,
  };
  const exchanges = [new HoldExchange(options), new HoldExchange(options)] as const;
  for (const id of ['two', 'three', 'four']) await holds.kill(id, rules);
  expect(await exchanges[0].mayLeave()).toBe('dead');
  expect(await exchanges[1].lock()).toBe('dead');
});

test('one process that begins a generation tells all others before anything is forgotten', async () => {
  const { state } = openTestState({ maxRoomEntries: 2 });
  const [one, other] = [1, 2].map(() => new Holds(state, Buffer.alloc(32, 5), () => undefined)) as [Holds, Holds];
  const rules = { lifeMs: 3_600_000 } as HoldRules;
  const place = { app: 'a', handle: 'h', name: 'sid', lifeMs: rules.lifeMs };
  await other.generation.ready();
  const sealed = other.seal.close(place, 'value', Date.now());
  for (const id of ['one', 'two', 'three']) await one.kill(id, rules);
  expect(other.seal.open(place, sealed)).toBeUndefined();
  expect(other.generation.current).toBe(one.generation.current);
  expect(one.seal.open(place, other.seal.close(place, 'value', Date.now()))).toMatchObject({ text: 'value' });
});

test('whoever types the name of another one counts for themselves', async () => {
  const world = await startHoldWorld({
    users: { ...users, mallory: 'ano7her-clean-one' },
    leaks,
    locations: ANY_NAME,
  });
  const holds = new Holds(world.state, Buffer.alloc(32, 5), () => undefined);
  for (let i = 0; i < 999; i++) await holds.rises.take('app.example', { user: 'bob' });
  const both = { user: 'mallory', email: 'bob', pass: 'ano7her-clean-one' };
  expect(newHandle(await world.login(both, await world.visitor()))).toBe(true);
  expect(newHandle(await world.login(clean, await world.visitor()))).toBe(true);
});

test('a browser in which its user has logged in before has a place, whoever else takes all others', async () => {
  const changing = { alice: 'n3ver-leaked-either' };
  const { visitor, login } = await startHoldWorld({ users: changing, leaks });
  const known = cookiesOf(await login({ user: 'alice', pass: changing.alice }, await visitor()));
  changing.alice = password;
  const leaked = { user: 'alice', pass: password };
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await login(leaked));
  expect(answers.map(statusOf)).toEqual([303, 303, 303, 503]);
  expect(statusOf(await login(leaked, known))).toBe(303);
});

test('a lock outlives the end of the machine', async () => {
  const { state } = openTestState();
  const durable: unknown[] = [];
  const add: typeof state.add = (...given) => {
    durable.push(given[3].isDurable);
    return state.add(...given);
  };
  const through = new Proxy(state, {
    get: (of, name) => {
      const member = name === 'add' ? add : (Reflect.get(of, name) as unknown);
      return typeof member === 'function' ? member.bind(of) : member;
    },
  });
  const holds = new Holds(through, Buffer.alloc(32, 5), () => undefined);
  await holds.lock('handle', { lockMs: 1_000, lifeMs: 3_600_000 } as HoldRules);
  expect(durable).toEqual([true, true]);
});

test('another sessionLife ends what was sealed under the one before', async () => {
  const app = await startInPlaceApp({ users });
  const state = openTestState();
  const first = await startHoldWorld({ users, leaks, app, state, keys: ', sessionLife: 1h' });
  const cookie = cookiesOf(await first.login(clean, await first.visitor()));
  expect(textOf(await first.get('/home', cookie))).toContain(SECRET);
  await first.gateway.close({ deadlineMs: 10 });
  const second = await startHoldWorld({ users, leaks, app, state, keys: ', sessionLife: 2h' });
  expect(textOf(await second.get('/home', cookie))).not.toContain(SECRET);
});

test.each([
  ['a=b PHPSESSID=1', true],
  ['a=b\tPHPSESSID=1', true],
  ['a PHPSESSID=1', true],
  ['a="b"PHPSESSID=1', true],
  ['a=b,PHPSESSID=1', true],
  ['"a" PHPSESSID = 1', true],
  ['a=b|%50HPSESSID=1', true],
  [' theme=dark', false],
  ['token=YWJj==', false],
  ['visits=3 4', false],
  ['PHPSESSID', false],
])('a piece of Cookie %j names a session: %s', (piece, is) => {
  expect(createSessionNames(['PHPSESSID']).isInCookie(piece)).toBe(is);
});

test.each([
  ['POST', 'navigate', 'document', false],
  ['GET', 'no-cors', 'image', false],
  ['GET', 'navigate', 'iframe', false],
  ['GET', 'navigate', 'document', true],
])('another site (%s, %s, %s) gives a browser a new jar: %s', async (method, mode, dest, is) => {
  const { send } = await startHoldWorld({ users, leaks });
  const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': dest };
  const names = valuesOf(await send({ method, path: '/', headers }), 'set-cookie').map((each) => each.split('=')[0]);
  expect(names).toEqual(is ? ['PHPSESSID', 'theme', 'cv-jar'] : ['theme']);
});

test('a form of another host of the same site logs nobody in', async () => {
  const { login, app } = await startHoldWorld({ users, leaks });
  expect(statusOf(await login(clean, '', { ...PAGE, 'Sec-Fetch-Site': 'same-site' }))).toBe(403);
  expect(app.seen).toEqual([]);
});

/** Of browsers that say no more: old ones, and all under plain HTTP. */
const OLD = { Accept: 'text/html' };

test.each(['http://other.example', 'http://example', 'null', 'odd'])(
  'without Sec-Fetch-Site, a form of %s is foreign',
  async (Origin) => {
    const { login, send, app, visitor, get } = await startHoldWorld({ users, leaks });
    const answer = await login(clean, '', OLD);
    const own = cookiesOf(answer);
    const before = app.seen.length;
    // With it, a form that names no origin is of this site.
    const sent = Origin === 'null' ? '' : own;
    expect(statusOf(await login({ user: 'alice', pass: password }, sent, { ...OLD, Origin }))).toBe(403);
    expect(app.seen.length).toBe(before);
    expect(textOf(await get('/home', own))).toContain(SECRET);
    // The jar of a form that came without it stays as it is.
    const posted = await send({ method: 'POST', path: '/', headers: { ...OLD, Origin } });
    expect(valuesOf(posted, 'set-cookie').map((each) => each.split('=')[0])).toEqual(['theme']);
    const form = { ...OLD, Origin: 'http://app.example' };
    expect(statusOf(await login(clean, await visitor(), form))).toBe(302);
  },
);
