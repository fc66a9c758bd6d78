// How long a delivery may wait. A clock that was ahead and is set right leaves times far ahead of
// it: what is due later than any wait can be meant is due now.

/** Asked for by an endpoint. */
export const MAX_RETRY_AFTER_MS = 86_400_000;
/** That one, and the lease of a process that is gone. */
const MAX_WAIT_MS = MAX_RETRY_AFTER_MS + 3_600_000;

/** Times from here on are of a clock that was ahead. */
export const tooLateMs = (nowMs: number): number => nowMs + MAX_WAIT_MS;
