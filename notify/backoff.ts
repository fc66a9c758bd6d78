// When a failed delivery is attempted again, and when it is given up.

import type { Claim, Settled } from './outbox.ts';
import type { Outcome } from './sink.ts';

/** Ten attempts take about 30 hours. */
export const MAX_ATTEMPTS = 10;
const FIRST_MS = 5000;
const FACTOR = 4;
const MAX_MS = 43_200_000;

/**
 * Exponential, with jitter: between half of it and all of it.
 * @param failures so far, from 1
 * @param random from 0 to 1
 */
export function delayMs(failures: number, retryAfterMs = 0, random = Math.random()): number {
  const full = Math.min(MAX_MS, FIRST_MS * FACTOR ** (failures - 1));
  return Math.max(retryAfterMs, Math.round(full * (0.5 + random / 2)));
}

/** What the outbox is to write down about an attempt. */
export function settlementOf({ id, attempts }: Claim, outcome: Outcome, nowMs: number): Settled {
  if (outcome.delivered) return { id, state: 'delivered' };
  const { failure, isFinal = false, retryAfterMs } = outcome;
  if (isFinal || attempts >= MAX_ATTEMPTS) return { id, state: 'dead', failure };
  return { id, state: 'waiting', dueMs: nowMs + delayMs(attempts, retryAfterMs), failure };
}
