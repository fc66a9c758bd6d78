// What a refusal asks a client to wait for. Until then it is answered here, without a request.
// PROTOCOL.md §14.

import type { LookupError } from '../errors.ts';
import { elapsedSince, type Moment, momentAt } from '../moment.ts';
import type { AnswerHeaders } from './fetch.ts';

/** Nothing authenticates the header, and a quota can be raised before it is renewed. */
const MAX_WAIT_MS = 60_000;

interface Refusal {
  readonly failure: LookupError;
  readonly at: Moment;
  readonly waitMs: number;
}

export interface Refusals {
  /** Throws the failure of the last refusal of this place while its wait lasts. */
  assertOver(place: string): void;
  add(place: string, failure: LookupError, status: number, headers: AnswerHeaders): void;
}

export function createRefusals(): Refusals {
  const refusals = new Map<string, Refusal>();
  return {
    assertOver(place) {
      const refusal = refusals.get(place);
      if (!refusal) return;
      if (elapsedSince(refusal.at) < refusal.waitMs) throw refusal.failure;
      refusals.delete(place);
    },
    add(place, failure, status, headers) {
      if (status !== 429 && status !== 503) return;
      const waitMs = Math.min(waitOf(headers.get('retry-after') ?? ''), MAX_WAIT_MS);
      if (waitMs > 0) refusals.set(place, { failure, at: momentAt(), waitMs });
    },
  };
}

/** Milliseconds, from a number of seconds or a date. */
function waitOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
}
