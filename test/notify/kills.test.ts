// Senders that are killed lose no event, and send none under two ids.

import { expect, test } from 'vitest';
import { killSenders } from '../support/notify/kills.ts';
import { testSeed } from '../support/random.ts';

const KILLS = 20;

test('a sender that is killed at any moment loses no event, and sends none under two ids', {
  timeout: 300_000,
}, async () => {
  const { faults, kills, events, repeats } = await killSenders(KILLS, testSeed('the moments of kills'));
  expect(faults).toEqual([]);
  expect(kills).toBeGreaterThanOrEqual(KILLS);
  expect(events).toBeGreaterThan(100);
  // The kills hit deliveries.
  expect(repeats).toBeGreaterThan(0);
});
