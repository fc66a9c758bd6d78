// Requests with one credential at one time: together they guess no more than one of them does, so
// they are one attempt. Programs send many at once.

import type { Admission, AttemptResult } from './limits.ts';

/** An attempt that goes on for ever would never be counted. */
const JOIN_MS = 10_000;

interface Open {
  readonly admission: Promise<Admission>;
  readonly until: number;
  requests: number;
  /** Of a request that the application did not take. */
  refused: AttemptResult | undefined;
}

export class SharedAttempt {
  readonly #now: () => number;
  #open: Open | undefined;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** @param admit takes a slot for the first request of them */
  async join(admit: () => Promise<Admission>): Promise<Admission> {
    const now = this.#now();
    if (!this.#open || this.#open.until <= now)
      this.#open = { admission: admit(), until: now + JOIN_MS, requests: 0, refused: undefined };
    const open = this.#open;
    open.requests++;
    try {
      const admission = await open.admission;
      if (!admission.ban) return { settle: (result) => this.#settle(open, admission.settle, result) };
      this.#leave(open);
      return admission;
    } catch (error) {
      this.#leave(open);
      throw error;
    }
  }

  async #settle(
    open: Open,
    settle: (result: AttemptResult) => Promise<readonly string[]>,
    result: AttemptResult,
  ): Promise<readonly string[]> {
    if (result.outcome !== 'success') open.refused ??= result;
    return this.#leave(open) ? settle(open.refused ?? result) : [];
  }

  /** @returns whether it was the last one */
  #leave(open: Open): boolean {
    open.requests--;
    if (open.requests > 0) return false;
    if (this.#open === open) this.#open = undefined;
    return true;
  }
}
