// Senders that are killed lose no event, and send none under two ids.

import { expect, test } from 'vitest';
import { killSenders } from '../support/notify/kills.ts';
import { testSeed } from '../support/random.ts';

const KILLS = 20;
const ROUNDS = 5;

test('a sender that is killed at any moment loses no event, and sends none under two ids', async () => {
  const seed = testSeed('the moments of kills');
  let hits = 0;
  // Some kills hit a delivery: most times of the first twenty, on a busy machine of later ones.
  for (let round = 0; round < ROUNDS && hits === 0; round++) {
    const { faults, kills, events, repeats } = await killSenders(KILLS, seed + round);
    expect(faults).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(KILLS);
    expect(events).toBeGreaterThan(100);
    hits += repeats;
  }
  expect(hits).toBeGreaterThan(0);
});
