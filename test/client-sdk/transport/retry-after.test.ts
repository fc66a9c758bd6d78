// What `Retry-After` on 429 and 503 asks for: until then a check is answered without a request.
// PROTOCOL.md §14, "HTTP".

import { describe, expect } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { test } from '../../support/worlds/client-fixture.ts';
import {
  type ClientWorld,
  isAccount,
  isBucket,
  isPassword,
  LEAKED,
  STRANGER,
} from '../../support/worlds/client-world.ts';

/** A service that refuses some requests until it is told to answer them. */
async function refuse(world: ClientWorld, status: number, retryAfter: string, which = isBucket) {
  const state = { refuses: true };
  const front = await world.spoil((answer, url) => {
    if (!state.refuses || !which(url)) return;
    answer.status = status;
    answer.headers['retry-after'] = retryAfter;
  });
  const checker = world.checker(front.url, { circuitBreaker: false });
  const asked = (): number => front.requests.filter((request) => isBucket(request.split(' ')[1] ?? '')).length;
  return { state, checker, asked };
}

describe.for([
  [429, 'QUOTA_EXCEEDED'],
  [503, 'HTTP_STATUS'],
] as const)('after %i', ([status, reason]) => {
  test('nothing is sent until the seconds are over, and then it is', async ({ world }) => {
    const clock = createTestClock();
    const { state, checker, asked } = await refuse(world, status, '30');
    expect(await checker.check(LEAKED)).toMatchObject({ status: 'unknown', reason, action: 'allow' });
    state.refuses = false;
    expect(asked()).toBe(2);
    for (const pair of [LEAKED, STRANGER]) expect((await checker.check(pair)).reason).toBe(reason);
    clock.pass(29_000);
    expect((await checker.check(LEAKED)).reason).toBe(reason);
    expect(asked(), 'no request in between').toBe(2);
    clock.pass(2_000);
    expect((await checker.check(LEAKED)).status).toBe('pair');
    expect(asked()).toBe(4);
  });

  test('a date is waited for too, also by a machine that sleeps', async ({ world }) => {
    const clock = createTestClock();
    const { state, checker, asked } = await refuse(world, status, new Date(Date.now() + 40_000).toUTCString());
    expect((await checker.check(LEAKED)).reason).toBe(reason);
    state.refuses = false;
    expect((await checker.check(LEAKED)).reason).toBe(reason);
    expect(asked()).toBe(2);
    clock.sleep(41_000);
    expect((await checker.check(LEAKED)).status).toBe('pair');
  });

  test.for(['1e9', 'soon', '-5', '', '0', '999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'with %j the wait is a minute at most',
    async (retryAfter, { world }) => {
      const clock = createTestClock();
      const { state, checker } = await refuse(world, status, retryAfter);
      expect((await checker.check(LEAKED)).reason).toBe(reason);
      state.refuses = false;
      clock.pass(60_001);
      expect((await checker.check(LEAKED)).status).toBe('pair');
    },
  );

  test('the other routes are asked on', async ({ world }) => {
    const { checker, asked } = await refuse(world, status, '30', isPassword);
    for (let i = 0; i < 3; i++) expect((await checker.check(LEAKED)).status).toBe('pair');
    expect(asked(), 'three accounts and one password').toBe(4);
    await checker.ready();
  });
});

test('without the header, the next check asks at once', async ({ world }) => {
  const front = await world.spoil((answer, url) => {
    if (isAccount(url)) answer.status = 429;
  });
  const checker = world.checker(front.url);
  for (let i = 0; i < 2; i++) expect((await checker.check(STRANGER)).reason).toBe('QUOTA_EXCEEDED');
  expect(front.requests.filter((request) => request.includes('/v1/account/'))).toHaveLength(2);
});
