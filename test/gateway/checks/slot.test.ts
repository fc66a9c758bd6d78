// Slots of forwarding, and what applications do about findings.

import { expect, test } from 'vitest';
import { z } from 'zod';
import { CHECK_KEYS } from '../../../gateway/checks/check-keys.ts';
import { actionsFor } from '../../../gateway/checks/on-leaked.ts';
import { slotAfter, waitForSlot } from '../../../gateway/checks/slot.ts';

test.each([
  [0, 100],
  [0.004, 100],
  [30, 100],
  [100, 100],
  [100.001, 200],
  [199.9, 200],
  [300, 300],
  [300.2, 400],
])('a check that ends after %d ms is forwarded at %d', (elapsed, slot) => {
  expect(slotAfter(elapsed)).toBe(slot);
});

test('a slot is never left early, whatever timers do', async () => {
  for (const early of [0, 0.4, 0.9])
    for (const elapsed of [0.003, 27, 99.99, 112]) {
      let time = 1_000 + elapsed;
      const slept: number[] = [];
      await waitForSlot(1_000, {
        now: () => time,
        sleep: async (ms) => {
          slept.push(ms);
          time += ms - early;
        },
      });
      expect(time).toBeGreaterThanOrEqual(1_000 + slotAfter(elapsed));
      expect(slept.length).toBeLessThanOrEqual(102);
    }
});

const parse = (given: object) => z.strictObject(CHECK_KEYS).safeParse(given);

test('findings have the header unless the configuration has other actions', () => {
  const { data: usual } = parse({});
  const { data: mixed } = parse({ onLeaked: { pair: ['redirect', 'notify'], username: [] } });
  if (!usual || !mixed) throw new Error('the configuration was refused');
  expect(actionsFor({ status: 'pair' }, usual)).toEqual(['header']);
  expect(actionsFor({ status: 'pair' }, mixed)).toEqual(['redirect', 'notify']);
  expect(actionsFor({ status: 'username' }, mixed)).toEqual([]);
  expect(actionsFor({ status: 'clean' }, mixed)).toEqual([]);
  expect(actionsFor({ status: 'unknown' }, mixed)).toEqual([]);
});
