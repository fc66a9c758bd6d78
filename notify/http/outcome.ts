// What the answer of an endpoint means for an event.

import type { Outcome } from '../sink.ts';
import { MAX_RETRY_AFTER_MS } from '../waits.ts';
import type { Posted } from './post.ts';

const GONE = 410;
/** Refusals that another event would meet too: its address, its authentication, its load. */
const OF_ENDPOINT: ReadonlySet<number> = new Set([401, 402, 403, 404, 405, 407, 408, GONE, 421, 425, 429]);

export function outcomeOf(posted: Posted, nowMs: number): Outcome {
  if (posted.status === undefined) return { delivered: false, failure: posted.failure };
  const { status, retryAfter } = posted;
  if (status >= 200 && status < 300) return { delivered: true };
  const retryAfterMs = parseRetryAfter(retryAfter, nowMs);
  return {
    delivered: false,
    failure: status >= 300 && status < 400 ? 'REDIRECTED' : `STATUS_${status}`,
    isOfEvent: status >= 400 && status < 500 && !OF_ENDPOINT.has(status),
    isFinal: status === GONE,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Seconds, or a date (RFC 9110 §10.2.3). At most a day. */
function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : HTTP_DATE.test(text) ? Date.parse(text) - nowMs : 0;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}
