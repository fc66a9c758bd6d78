// What is dead stays dead, other readers of cookies find no session, and other sites end none.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HoldRules } from '../../../gateway/quarantine/hold-rules.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { createSessionNames } from '../../../gateway/quarantine/session-names.ts';
import { seededPairs } from '../../support/dataset.ts';
import { PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET, startInPlaceApp } from '../../support/gateway/hold/in-place-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users = { alice: password, bob: 'n3ver-leaked-anywhere' };
const clean = { user: 'bob', pass: users.bob };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

test('logins of a user make the gateway forget none of their handles', async () => {
  const holds = new Holds(openTestState().state, Buffer.alloc(32, 5), () => undefined);
  const rules = { lifeMs: 3_600_000 } as HoldRules;
  for (let i = 0; i < 200; i++) await holds.retire(`handle ${i}`, 'app.example', 'bob', rules);
  expect(await holds.read('handle 0')).toBe('dead');
});

test('beyond what one user may leave dead, it counts for the network', async () => {
  const { state } = openTestState();
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  const rules = { lifeMs: 3_600_000 } as HoldRules;
  const key = `retired.${rules.lifeMs}.${holds.hashOf('retired', 'app.example', 'bob')}`;
  await Promise.all(
    Array.from({ length: 1_999 }, () => state.takeSlots([{ key, allow: 2_000, windowMs: rules.lifeMs }])),
  );
  expect(await holds.retire('one', 'app.example', 'bob', rules)).toBe(true);
  expect(await holds.retire('two', 'app.example', 'bob', rules)).toBe(false);
  expect([await holds.read('one'), await holds.read('two')]).toEqual(['dead', 'dead']);
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
  await holds.lock('handle', '127.0.0.1', { lockMs: 1_000, lifeMs: 3_600_000 } as HoldRules);
  expect(durable).toEqual([true]);
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
