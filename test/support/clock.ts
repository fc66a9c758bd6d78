// The start times of tests that control the clock, and a clock that they move.

import { onTestFinished, vi } from 'vitest';

/** The start of a minute, in the middle of a day. */
export const NOON = Date.UTC(2026, 0, 15, 12, 0, 0);
/** The middle of a minute and of a day. */
export const HALF_A_MINUTE_PAST_NOON = NOON + 30_000;

const realNow = performance.now.bind(performance);
const realDate = Date.now.bind(Date);

export interface TestClock {
  /** Time passes on both clocks. */
  pass(ms: number): void;
  /**
   * The machine sleeps: `performance.now()` stands still. Less than 0: someone sets `Date` back.
   */
  sleep(ms: number): void;
}

/** Moves the clocks of this process until the test ends. Timers keep their real time. */
export function createTestClock(): TestClock {
  let ahead = 0;
  let slept = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => realNow() + ahead);
  vi.spyOn(Date, 'now').mockImplementation(() => realDate() + ahead + slept);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  return {
    pass: (ms) => {
      ahead += ms;
    },
    sleep: (ms) => {
      slept += ms;
    },
  };
}
