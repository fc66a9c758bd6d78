// A sink that posts each event to an endpoint by itself.

import type { StoredEvent } from '../events.ts';
import { outcomeOf } from '../http/outcome.ts';
import type { Endpoint } from '../http/post.ts';
import type { Destination } from '../outbox.ts';
import type { Sink } from '../sink.ts';

/** Requests under way at once: an endpoint needs no more connections. */
export const POSTING_SOCKETS = 16;
/** Longer than two attempts that take all their time. */
const LEASE_MS = 45_000;

export interface PostingOptions extends Destination {
  readonly endpoint: Endpoint;
  readonly now?: () => number;
}

export interface PostedRequest {
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export function createPostingSink(
  { name, accepts, endpoint, now = Date.now }: PostingOptions,
  format: (event: StoredEvent) => PostedRequest | Promise<PostedRequest>,
): Sink {
  return {
    name,
    accepts,
    maxBatch: POSTING_SOCKETS,
    leaseMs: LEASE_MS,
    send: (events, signal) =>
      Promise.all(
        events.map(async (event) => {
          const { headers, body } = await format(event);
          return outcomeOf(await endpoint.post(headers, body, signal), now());
        }),
      ),
    close: () => endpoint.close(),
  };
}
