// The bucket cache: requested once, of one snapshot, bounded in bytes and in age.

import { describe, expect, vi } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { createBucketCache, type LayerBucket, type LayeredBucket } from '../../client-sdk/transport/bucket-cache.ts';
import type { LayerId, SnapshotId } from '../../protocol/brands.ts';
import { seededPairs } from '../support/dataset.ts';
import type { HttpFront } from '../support/http-front.ts';
import { keyPinOf } from '../support/pins.ts';
import { test } from '../support/worlds/client-fixture.ts';
import {
  type ClientWorld,
  createClientWorld,
  isBucket,
  LEAKED,
  STRANGER,
  TIMEOUT_MS,
} from '../support/worlds/client-world.ts';

const WAIT = { timeout: TIMEOUT_MS, interval: 5 };

const bucketRequests = ({ requests }: HttpFront): readonly string[] =>
  requests.filter((request) => isBucket(request.split(' ')[1] ?? ''));

describe('cached buckets', () => {
  const held = ({ made }: ClientWorld, url: string, options = {}) =>
    createLeakChecker({ url, ...keyPinOf(made), timeoutMs: TIMEOUT_MS, ...options });

  test('are not requested again, by default', async ({ world }) => {
    const counting = await world.spoil(() => {});
    const checker = held(world, counting.url);
    for (let i = 0; i < 5; i++) expect((await checker.check(LEAKED)).status).toBe('pair');
    expect(bucketRequests(counting)).toHaveLength(2);
    expect((await checker.check({ ...LEAKED, username: STRANGER.username })).status).toBe('password');
    expect(bucketRequests(counting).length).toBeLessThanOrEqual(3);
  });

  test('do not exist with bucketCacheBytes: 0', async ({ world }) => {
    const counting = await world.spoil(() => {});
    const checker = held(world, counting.url, { bucketCacheBytes: 0 });
    for (let i = 0; i < 3; i++) expect((await checker.check(LEAKED)).status).toBe('pair');
    expect(bucketRequests(counting)).toHaveLength(6);
  });

  test('lead to correct verdicts at every cache size', async ({ world }) => {
    const pairs = seededPairs(200);
    for (const bucketCacheBytes of [0, 2000, 2 ** 22]) {
      const checker = held(world, world.url, { bucketCacheBytes });
      for (let round = 0; round < 2; round++)
        for (const pair of pairs.slice(0, 60)) {
          expect((await checker.check(pair)).status).toBe('pair');
          expect((await checker.check({ ...pair, password: 'never' })).status).toBe('username');
        }
    }
  });

  test('are dropped when the snapshot changes', async () => {
    const own = await createClientWorld({ pollIntervalMs: 5 });
    try {
      const checker = createLeakChecker({
        url: own.url,
        ...keyPinOf(own.made),
        timeoutMs: TIMEOUT_MS,
        headMaxAgeMs: 0,
      });
      const reported = { username: 'eve@example.test', password: 'leaked since' };
      const { status, snapshot } = await checker.check(reported);
      expect(status).toBe('clean');
      own.made.addSource('second', { pairs: [reported] });
      const { snapshot: next } = await own.made.publish();
      await vi.waitFor(async () => expect((await checker.check(reported)).snapshot).toBe(next), WAIT);
      expect(next).not.toBe(snapshot);
      expect((await checker.check(reported)).status).toBe('pair');
    } finally {
      await own.close();
    }
  });

  const A = '000001-0123456789abcdef' as SnapshotId;
  const B = '000002-0123456789abcdef' as SnapshotId;
  const inLayer = (entries: number): LayerBucket => ({
    layer: '00'.repeat(16) as LayerId,
    tags: Float64Array.from({ length: entries }, (_, i) => i),
    metadataBytes: 1,
    // A view of a longer buffer, like the one of a response body.
    metadata: new Uint8Array(9 * entries).subarray(0, entries),
  });
  const bucket = (...entries: number[]): LayeredBucket => entries.map(inLayer);

  test('fit maxBytes, and the least recently used one is evicted first', () => {
    const one = inLayer(100).tags.byteLength + 100 + 512;
    const cache = createBucketCache(3 * one);
    cache.get(A, 'a');
    for (const place of ['a', 'b', 'c']) cache.put(A, place, bucket(100));
    expect(cache.get(A, 'a')?.[0]?.metadata.buffer.byteLength, 'not the whole body').toBe(100);
    cache.put(A, 'd', bucket(100));
    expect(['a', 'b', 'c', 'd'].filter((place) => cache.get(A, place))).toEqual(['a', 'c', 'd']);
    cache.put(A, 'e', bucket(1000));
    expect(
      ['a', 'c', 'd', 'e'].filter((place) => cache.get(A, place)),
      'larger than the whole cache',
    ).toEqual(['a', 'c', 'd']);
    cache.put(A, 'a', bucket(100, 100));
    expect(
      ['a', 'c', 'd'].filter((place) => cache.get(A, place)),
      'counted at its new size',
    ).toEqual(['a', 'd']);
    expect(cache.get(A, 'a')?.length, 'its layers').toBe(2);
  });

  test('belong to one snapshot', () => {
    const cache = createBucketCache(2 ** 20);
    cache.get(A, 'a');
    cache.put(A, 'a', bucket(1));
    expect(cache.get(B, 'a')).toBeUndefined();
    cache.put(A, 'a', bucket(1));
    expect(cache.get(B, 'a'), 'a late put of the old snapshot').toBeUndefined();
    expect(cache.get(A, 'a')).toBeUndefined();
  });

  test('expire at their maximum age', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const cache = createBucketCache(2 ** 20, 1000);
      cache.get(A, 'a');
      cache.put(A, 'a', bucket(1));
      vi.advanceTimersByTime(900);
      expect(cache.get(A, 'a')).toBeDefined();
      vi.advanceTimersByTime(100);
      expect(cache.get(A, 'a'), 'a use does not extend it').toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});
