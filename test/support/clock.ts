// The start times of tests that control the clock.

/** The start of a minute, in the middle of a day. */
export const NOON = Date.UTC(2026, 0, 15, 12, 0, 0);
/** The middle of a minute and of a day. */
export const HALF_A_MINUTE_PAST_NOON = NOON + 30_000;
