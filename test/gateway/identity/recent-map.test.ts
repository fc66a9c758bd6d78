// What a worker remembers for a while stays within its bounds.

import { expect, test } from 'vitest';
import { RecentMap } from '../../../gateway/identity/recent-map.ts';

const ofLengths = (maxWeight: number, maxAgeMs = 60_000) =>
  new RecentMap<string>({ maxWeight, maxAgeMs, weigh: ({ length }) => length });

test('has what was set last, under each key', () => {
  const map = ofLengths(100);
  map.set('a', 'one');
  map.set('a', 'another');
  map.set('b', 'two');
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual(['another', 'two', undefined]);
  map.clear();
  expect([map.get('a'), map.size]).toEqual([undefined, 0]);
});

test('never weighs more than it may, and keeps the newest', () => {
  const map = ofLengths(100);
  for (let i = 0; i < 1_000; i++) {
    map.set(`${i}`, '0123456789');
    expect(map.size).toBeLessThanOrEqual(10);
    expect(map.get(`${i}`)).toBe('0123456789');
  }
  expect(map.get('997')).toBe('0123456789');
});

test('has the newer value where both turns have one', () => {
  const map = ofLengths(40);
  map.set('a', 'first of a'.padEnd(15));
  map.set('b', 'first of b'.padEnd(15));
  map.set('a', 'second of a');
  expect(map.get('a')).toBe('second of a');
});

test('forgets what is older than it may be', async () => {
  const map = ofLengths(100, 1);
  for (const key of ['a', 'b', 'c']) {
    map.set(key, key);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect([map.get('a'), map.get('c')]).toEqual([undefined, 'c']);
});
