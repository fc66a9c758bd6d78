// A checker's snapshot ages: after idle it is renewed first, and a frozen service is noticed.

import { describe, expect } from 'vitest';
import type { HmacOptions, LeakChecker } from '../../../client-sdk/index.ts';
import { createTestClock } from '../../support/clock.ts';
import { type Answer, type HttpFront, send } from '../../support/http-front.ts';
import { test } from '../../support/worlds/filter-fixture.ts';
import { ABSENT, FILTER, type FilterWorld } from '../../support/worlds/filter-world.ts';

const NEWS = 'leaked only yesterday';
const MINUTES = 60_000;
const HOURS = 60 * MINUTES;

/** Repeats its first answer to each request for ever, and confirms every ETag. */
function startFrozen(world: FilterWorld): Promise<HttpFront> {
  const frozen = new Map<string, Answer>();
  return world.front(async (request, response) => {
    const url = request.url ?? '';
    const answer = frozen.get(url) ?? (await world.forward(request));
    if (answer.status === 200) frozen.set(url, answer);
    const same = request.headers['if-none-match'] === answer.headers.etag;
    send(response, same ? { ...answer, status: 304, body: Buffer.alloc(0) } : answer);
  });
}

describe('the first check after idle', () => {
  test.for([
    ['ten minutes', 10 * MINUTES],
    ['a little more than the maximum age of a head', MINUTES + 1],
  ] as const)('of %s is answered from the current snapshot', async ([, idle], { world }) => {
    const clock = createTestClock();
    const leaks = world.checker(world.server.url, false);
    expect((await leaks.check({ password: NEWS })).status).toBe('clean');
    await world.publish(NEWS);
    clock.pass(idle);
    expect((await leaks.check({ password: NEWS })).status).toBe('password');
  });

  test('is answered from the current snapshot if the filter answers alone', async ({ world }) => {
    const clock = createTestClock();
    const leaks = world.checker(world.server.url);
    await leaks.loadFilter();
    expect((await leaks.check({ password: NEWS })).status).toBe('clean');
    await world.publish(NEWS);
    clock.pass(10 * MINUTES);
    expect((await leaks.check({ password: NEWS })).status).toBe('password');
  });
});

describe('a renewal that fails', () => {
  test('leaves the snapshot of before in use, and is tried again a second later', async ({ world }) => {
    const clock = createTestClock();
    let isDown = false;
    const at = await world.front(async (request, response) => {
      const answer = await world.forward(request);
      send(response, isDown && request.url === '/v1/head' ? { ...answer, status: 503 } : answer);
    });
    const heads = (): number => at.requests.filter((request) => request.includes('/v1/head')).length;
    const leaks = world.checker(at.url, false);
    const { snapshot } = await leaks.check({ password: NEWS });
    const next = await world.publish(NEWS);
    isDown = true;
    clock.pass(10 * MINUTES);
    for (let i = 0; i < 5; i++) expect((await leaks.check({ password: NEWS })).snapshot).toBe(snapshot);
    expect(heads()).toBe(2);
    isDown = false;
    clock.pass(1_000);
    expect((await leaks.check({ password: NEWS })).snapshot).toBe(next);
  });
});

describe('a frozen service', () => {
  const options: readonly (readonly [string, boolean, Partial<HmacOptions>])[] = [
    ['buckets, one that is always asked', false, { headMaxAgeMs: 0 }],
    ['buckets that a cache holds', false, { bucketCacheBytes: 2 ** 22 }],
    ['a filter that a 304 confirms each time', true, {}],
  ];

  /** Checks twice an hour, as a small site does. @returns the last status or reason */
  async function afterDays(leaks: LeakChecker, clock: { pass(ms: number): void }): Promise<string> {
    let last = '';
    for (let hours = 0; hours < 26; hours += 0.5) {
      clock.pass(HOURS / 2);
      await leaks.check({ username: 'nobody@example.test', password: ABSENT[0] });
      const { status, reason } = await leaks.check({ password: NEWS });
      last = reason ?? status;
    }
    return last;
  }

  test.for(options)('is noticed after a day: %s', async ([, filter, more], { world }) => {
    const clock = createTestClock();
    const at = await startFrozen(world);
    const leaks = world.checker(at.url, filter, more);
    if (filter) await leaks.loadFilter();
    expect((await leaks.check({ password: NEWS })).status).toBe('clean');
    await world.publish(NEWS);
    expect(await afterDays(leaks, clock)).toBe('SNAPSHOT_STALE');
  });

  test('is noticed by a filter whose maximum age is shorter than a day', async ({ world }) => {
    const clock = createTestClock();
    const at = await startFrozen(world);
    const leaks = world.checker(at.url, { refreshMs: MINUTES, maxAgeMs: HOURS }, { bucketCacheBytes: 0 });
    await leaks.loadFilter();
    await world.publish(NEWS);
    for (let minutes = 0; minutes < 90; minutes += 5) {
      clock.pass(5 * MINUTES);
      await leaks.check({ password: ABSENT[0] });
    }
    const before = at.requests.length;
    // The filter is too old to answer, whatever its source says about its version.
    await leaks.check({ password: ABSENT[0] });
    const asked = at.requests.slice(before).filter((request) => !request.includes(FILTER));
    expect(asked.some((request) => request.includes('/v1/password/'))).toBe(true);
  });
});
