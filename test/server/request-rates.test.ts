// Request rates: slots of ten seconds for an hour, in one process and added over several.

import { describe, expect, test } from 'vitest';
import { REQUEST_CLASSES, type RequestRates } from '../../protocol/service-status.ts';
import {
  addRates,
  createRequestCounter,
  type RequestCounter,
  SLOT_SECONDS,
  SLOTS,
} from '../../server/observe/request-rates.ts';
import { ROUTES } from '../../server/routes.ts';

/** A counter whose clock stands still until it is moved. */
function startCounter(slot = 1_000): { counter: RequestCounter; move(slots: number): void } {
  let now = slot * SLOT_SECONDS * 1_000 + 17;
  const counter = createRequestCounter(() => now);
  return {
    counter,
    move: (slots) => {
      now += slots * SLOT_SECONDS * 1_000;
    },
  };
}

const totals = ({ classes }: RequestRates): number[] =>
  REQUEST_CLASSES.map((name) => classes[name].reduce((sum, count) => sum + count, 0));

describe('a counter', () => {
  test('tells requests apart by route and status, and leaves the files of pages out', () => {
    const { counter, move } = startCounter();
    for (const { rates } of ROUTES) counter.count(rates, 200);
    counter.count('bucket', 304);
    for (const status of [400, 404, 410, 429, 500]) counter.count('bucket', status);
    counter.count(undefined, 404);
    move(1);
    const known = 2 + 3 + 1 + 1;
    expect(totals(counter.read())).toEqual([3, 3, 1, ROUTES.length - known, 6]);
  });

  test('tells whole slots alone, from its start, the newest last', () => {
    const { counter, move } = startCounter();
    expect(counter.read().classes.bucket).toEqual([]);
    counter.count('bucket', 200);
    expect(counter.read().classes.bucket).toEqual([]);
    move(1);
    counter.count('bucket', 200);
    counter.count('bucket', 200);
    move(2);
    const rates = counter.read();
    expect(rates.classes.bucket).toEqual([1, 2, 0]);
    for (const name of REQUEST_CLASSES) expect(rates.classes[name].length).toBe(3);
    expect([rates.slotSeconds, rates.until]).toEqual([
      SLOT_SECONDS,
      new Date(1_003 * SLOT_SECONDS * 1_000).toISOString(),
    ]);
  });

  test('forgets after an hour, also where nothing came for longer', () => {
    const { counter, move } = startCounter();
    for (let slot = 0; slot < 2 * SLOTS; slot++) {
      for (let i = 0; i <= slot % 7; i++) counter.count('bucket', 200);
      move(1);
    }
    const expected = Array.from({ length: SLOTS - 1 }, (_, i) => ((SLOTS + 1 + i) % 7) + 1);
    expect(counter.read().classes.bucket).toEqual(expected);
    move(3 * SLOTS);
    expect(counter.read().classes.bucket).toEqual(new Array(SLOTS - 1).fill(0));
  });

  test('goes on in the newest slot where the clock is set back', () => {
    const { counter, move } = startCounter();
    move(3);
    counter.count('bucket', 200);
    move(-2);
    counter.count('bucket', 200);
    move(3);
    expect(counter.read().classes.bucket).toEqual([0, 0, 0, 2]);
  });
});

describe('rates of several processes', () => {
  test('are added slot by slot, whenever each was started and read', () => {
    const old = startCounter(1_000);
    const young = startCounter(1_004);
    old.counter.count('bucket', 200);
    old.move(5);
    old.counter.count('bucket', 200);
    young.move(1);
    young.counter.count('bucket', 200);
    old.move(3);
    young.move(1);
    // The young one was read two slots earlier: what the other has of them is told next time.
    const sum = addRates([old.counter.read(), young.counter.read()]);
    expect(sum.classes.bucket).toEqual([1, 0, 0, 0, 0, 2]);
    expect(sum.until).toBe(young.counter.read().until);
    expect(addRates([sum]).classes).toEqual(sum.classes);
  });

  test('of none are refused', () => {
    expect(() => addRates([])).toThrow(RangeError);
  });
});
