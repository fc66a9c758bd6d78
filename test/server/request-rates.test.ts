// Request rates: slots of ten seconds for an hour, in one process and summed over several.

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

/** A counter whose clock advances only when the test moves it. */
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

describe('the rate counter', () => {
  test('the counter separates requests by route and status and ignores page files', () => {
    const { counter, move } = startCounter();
    for (const { rates } of ROUTES) counter.count(rates, 200);
    counter.count('bucket', 304);
    for (const status of [400, 404, 410, 429, 500]) counter.count('bucket', status);
    counter.count(undefined, 404);
    move(1);
    const known = 2 + 3 + 1 + 1;
    expect(totals(counter.read())).toEqual([3, 3, 1, ROUTES.length - known, 6]);
  });

  test('the counter reports only complete slots since its start, the newest last', () => {
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

  test('the counter forgets slots after an hour, also after a longer idle time', () => {
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

  test('the counter stays in the newest slot if the clock moves back', () => {
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
  test('rates of several processes are added by slot, regardless of start and read times', () => {
    const old = startCounter(1_000);
    const young = startCounter(1_004);
    old.counter.count('bucket', 200);
    old.move(5);
    old.counter.count('bucket', 200);
    young.move(1);
    young.counter.count('bucket', 200);
    old.move(3);
    young.move(1);
    // The young counter was read two slots earlier, so the sum omits the old one's last two slots.
    const sum = addRates([old.counter.read(), young.counter.read()]);
    expect(sum.classes.bucket).toEqual([1, 0, 0, 0, 0, 2]);
    expect(sum.until).toBe(young.counter.read().until);
    expect(addRates([sum]).classes).toEqual(sum.classes);
  });

  test('adding the rates of no process throws', () => {
    expect(() => addRates([])).toThrow(RangeError);
  });
});
