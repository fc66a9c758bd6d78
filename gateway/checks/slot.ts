// When a login is forwarded whose verdict goes with it: at fixed moments after its start, so that
// the time of an answer tells as little of the verdict as can be.

/** Far longer than checks take: one that outlasts it tells by the next slot that it did. */
const SLOT_MS = 100;

/**
 * @param elapsedMs since the request began
 * @returns milliseconds after the beginning: the first slot that is not over
 */
export const slotAfter = (elapsedMs: number): number => Math.max(1, Math.ceil(elapsedMs / SLOT_MS)) * SLOT_MS;

/**
 * Timers end early by up to a millisecond, and late by any time: it waits until the slot is there.
 */
export async function waitForSlot(
  startedAt: number,
  { now = () => performance.now(), sleep = pause }: Clock = {},
): Promise<void> {
  const slot = startedAt + slotAfter(now() - startedAt);
  for (let left = slot - now(); left > 0; left = slot - now()) await sleep(Math.ceil(left));
}

export interface Clock {
  now?(): number;
  sleep?(ms: number): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
