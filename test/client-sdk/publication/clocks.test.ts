// The two clocks of a checker: a head that runs out during a wait is not believed after it, and
// neither sleep nor a clock that is set back makes anything younger.

import { describe, expect, test as plain } from 'vitest';
import { createBucketCache, type LayerBucket } from '../../../client-sdk/transport/bucket-cache.ts';
import { createCircuitBreaker } from '../../../client-sdk/transport/circuit-breaker.ts';
import { createDeadline } from '../../../client-sdk/transport/deadline.ts';
import { createSingleFlight } from '../../../client-sdk/transport/single-flight.ts';
import type { LayerId, SnapshotId } from '../../../protocol/brands.ts';
import { createTestClock } from '../../support/clock.ts';
import { forward, type HttpFront, send } from '../../support/http-front.ts';
import { test } from '../../support/worlds/client-fixture.ts';
import {
  allUnknown,
  type ClientWorld,
  isBucket,
  isHead,
  LEAKED,
  STRANGER,
  summary,
} from '../../support/worlds/client-world.ts';

const MINUTES = 60_000;
const HOURS = 60 * MINUTES;

const headsOf = ({ requests }: HttpFront): number => requests.filter((one) => one.includes(' /v1/head')).length;

describe('a head that runs out', () => {
  /** Once the checker is ready, a day passes before such an answer arrives, with this status. */
  async function startSlow(world: ClientWorld, isSlow: (url: string) => boolean, status = 200) {
    const clock = createTestClock();
    const front = { isSlow: false };
    const at = await world.front(async (request, response) => {
      const answer = await forward(world.url, request);
      const waits = front.isSlow && isSlow(request.url ?? '');
      if (waits) clock.pass(26 * HOURS);
      send(response, waits ? { ...answer, status } : answer);
    });
    const checker = world.checker(at.url);
    await checker.ready();
    front.isSlow = true;
    return { clock, checker };
  }

  test.for([
    ['a leaked credential', LEAKED],
    ['an unknown one', STRANGER],
  ] as const)('while its buckets are awaited does not answer for %s', async ([, credential], { world }) => {
    const { checker } = await startSlow(world, isBucket);
    expect(summary(await checker.check(credential))).toBe(allUnknown('SNAPSHOT_STALE'));
  });

  test('while its renewal is awaited, and fails, asks for no bucket', async ({ world }) => {
    const { clock, checker } = await startSlow(world, isHead, 503);
    clock.pass(2 * MINUTES);
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('SNAPSHOT_STALE'));
    await expect(checker.ready()).rejects.toMatchObject({ code: 'HTTP_STATUS' });
  });
});

describe('after sleep, when performance.now() stood still', () => {
  test('the head is asked for before a check is answered', async ({ world }) => {
    const clock = createTestClock();
    const at = await world.spoil(() => {});
    const checker = world.checker(at.url);
    await checker.check(STRANGER);
    expect(headsOf(at)).toBe(1);
    clock.sleep(10 * HOURS);
    expect((await checker.check(STRANGER)).status).toBe('clean');
    expect(headsOf(at)).toBe(2);
  });

  plain('a held bucket has aged', () => {
    const clock = createTestClock();
    const { put, has } = createHeld();
    put();
    clock.sleep(599_000);
    expect(has()).toBe(true);
    clock.sleep(2_000);
    expect(has()).toBe(false);
  });

  plain('a request in flight is joined no more, since its connection is gone', async () => {
    const clock = createTestClock();
    const flights = createSingleFlight<number>(300);
    let started = 0;
    const join = () => flights.share('a', createDeadline(60_000), async () => ++started && new Promise(() => {}));
    join().catch(() => {});
    join().catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBe(1);
    clock.sleep(301);
    join().catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBe(2);
  });

  plain('an open circuit lets a check probe the service', async () => {
    const clock = createTestClock();
    const states: string[] = [];
    const breaker = createCircuitBreaker({ failures: 1, coolDownMs: 60_000 }, (state) => states.push(state));
    const ask = (fails: boolean) =>
      breaker.run(
        createDeadline(60_000),
        (deadline) => deadline.race(async () => fails),
        (failed) => (failed ? ['NETWORK'] : []),
      );
    await ask(true);
    await expect(ask(false)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    clock.sleep(60_001);
    await ask(false);
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });
});

describe('a clock that is set back', () => {
  test('does not keep a checker from asking for the head', async ({ world }) => {
    const clock = createTestClock();
    const at = await world.spoil(() => {});
    const checker = world.checker(at.url);
    await checker.check(STRANGER);
    clock.sleep(-MINUTES);
    clock.pass(2 * MINUTES);
    expect((await checker.check(STRANGER)).status).toBe('clean');
    expect(headsOf(at)).toBe(2);
  });

  plain('makes no held bucket younger', () => {
    const clock = createTestClock();
    const { put, has } = createHeld();
    put();
    clock.sleep(-HOURS);
    clock.pass(601_000);
    expect(has()).toBe(false);
  });
});

/** A cache for one bucket. */
function createHeld() {
  const snapshot = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' as SnapshotId;
  const cache = createBucketCache(2 ** 20);
  const has = (): boolean => cache.get(snapshot, 'a') !== undefined;
  has();
  const bucket: LayerBucket = {
    layer: '00'.repeat(16) as LayerId,
    tags: new Float64Array(1),
    metadataBytes: 1,
    metadata: new Uint8Array(1),
    forms: undefined,
  };
  return { put: () => cache.put(snapshot, 'a', [bucket]), has };
}
