// Moments by two clocks, for ages that decide what may be believed or reused.

/**
 * In milliseconds since 1970, and as `performance.now()` counts. A clock that is set back does not
 * make anything younger, nor does a counter that stands still while the machine sleeps.
 */
export interface Moment {
  readonly wall: number;
  readonly tick: number;
}

/** Longer ago than any age. */
export const NEVER: Moment = { wall: Number.NEGATIVE_INFINITY, tick: Number.NEGATIVE_INFINITY };

/** @param wall another time than now, in milliseconds since 1970 */
export function momentAt(wall?: number): Moment {
  const now = Date.now();
  return { wall: wall ?? now, tick: performance.now() + (wall ?? now) - now };
}

/** Milliseconds, by the clock that counts more. @param now from `performance.now()` */
export function elapsedSince({ wall, tick }: Moment, now: number = performance.now()): number {
  return Math.max(now - tick, Date.now() - wall);
}
