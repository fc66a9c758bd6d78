// Buffers of lengths that nobody asks for any more do not end that others are used again.

import { expect, test } from 'vitest';
import { RoomPool } from '../../../server/snapshots/room-pool.ts';

const BURST_BYTES = 81_920;

test('a burst of one length leaves room for another', () => {
  const pool = new RoomPool();
  for (const room of Array.from({ length: 60 }, () => pool.take(BURST_BYTES))) pool.give(room);
  const first = pool.take(20_480);
  pool.give(first);
  for (let i = 0; i < 1000; i++) {
    const room = pool.take(20_480);
    expect(room).toBe(first);
    pool.give(room);
  }
});

test('what waits has a bound, also of one length', () => {
  const pool = new RoomPool();
  const given = Array.from({ length: 60 }, () => pool.take(BURST_BYTES));
  for (const room of given) pool.give(room);
  const again = new Set(Array.from({ length: 60 }, () => pool.take(BURST_BYTES)));
  expect(given.filter((room) => again.has(room))).toHaveLength(Math.floor(2 ** 22 / BURST_BYTES));
});
