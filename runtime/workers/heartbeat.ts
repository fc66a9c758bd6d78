// Whether a worker still answers, counted in beats of the primary. While the primary does not run,
// because the machine sleeps or is busy, no beat passes, so that no worker is taken for hung.

export interface BeatOptions {
  /** Between two beats. */
  readonly everyMs: number;
  /** Beats in a row without an answer after which a worker counts as hung. */
  readonly misses: number;
}

export const DEFAULT_BEATS: BeatOptions = { everyMs: 2_000, misses: 10 };

export class Heartbeat {
  readonly #ask: () => Promise<unknown>;
  readonly #options: BeatOptions;
  #beatAt = Number.NEGATIVE_INFINITY;
  #isAsked = false;
  #isAnswered = true;
  #missed = 0;

  /** @param ask settles once the worker has answered, or is gone */
  constructor(ask: () => Promise<unknown>, options: BeatOptions) {
    this.#ask = ask;
    this.#options = options;
  }

  /**
   * Asks again if the last question was answered.
   * @param now from `performance.now()`
   * @returns whether the worker counts as hung
   */
  beat(now: number): boolean {
    const { everyMs, misses } = this.#options;
    // Then the primary did not run, or hardly, and the worker may not have either.
    const isLate = now - this.#beatAt > 2 * everyMs;
    this.#beatAt = now;
    this.#missed = this.#isAnswered || isLate ? 0 : this.#missed + 1;
    if (!this.#isAsked) void this.#askOnce();
    return this.#missed >= misses;
  }

  async #askOnce(): Promise<void> {
    this.#isAsked = true;
    this.#isAnswered = false;
    try {
      await this.#ask();
      this.#isAnswered = true;
    } catch {
      // Too many messages wait for it already, or its exit is about to be reported.
    }
    this.#isAsked = false;
  }
}
