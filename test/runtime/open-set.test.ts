// What is open at the moment, and that nothing of it stays behind.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { OpenSet } from '../../runtime/open-set.ts';

test('has what was added and not removed', () => {
  const open = new OpenSet<string>();
  const [first, second, third] = ['a', 'b', 'c'].map((item) => open.add(item));
  first?.();
  first?.();
  expect([...open].sort()).toEqual(['b', 'c']);
  third?.();
  expect([...open]).toEqual(['b']);
  second?.();
  expect(open.size).toBe(0);
});

test('is gone through as it was at the beginning', () => {
  const open = new OpenSet<number>();
  const removals = [1, 2, 3].map((item) => open.add(item));
  const seen: number[] = [];
  for (const item of open) {
    seen.push(item);
    removals[item - 1]?.();
    open.add(item + 10);
  }
  expect(seen).toEqual([1, 2, 3]);
});

test('what has left it does not stay until the next full collection', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  const open = new OpenSet<object>();
  const leaving: (() => void)[] = [];
  const pass = (count: number): void => {
    for (let i = 0; i < count; i++) {
      leaving.push(open.add({ bytes: new Array(500).fill(i) }));
      if (leaving.length > 16) leaving.shift()?.();
    }
  };
  pass(100);
  // From here on what was there is old.
  collect();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 100; i++) {
    pass(100);
    collect({ type: 'minor' });
  }
  // Of 40 MB that have passed. A Set keeps them all.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10 * 2 ** 20);
});
