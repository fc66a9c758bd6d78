// Signed webhooks, by Standard Webhooks 1.0.0. https://www.standardwebhooks.com

import { createHmac } from 'node:crypto';
import type { StoredEvent } from '../events.ts';
import { outcomeOf } from '../http/outcome.ts';
import type { Endpoint } from '../http/post.ts';
import type { Destination } from '../outbox.ts';
import type { Sink } from '../sink.ts';
import { formatJson } from './json-text.ts';

/** Requests under way at once. */
export const WEBHOOK_SOCKETS = 16;
/** Longer than two attempts that take all their time. */
export const POST_LEASE_MS = 45_000;

export interface WebhookOptions extends Destination {
  readonly endpoint: Endpoint;
  /** The first is the current one; the others are valid while receivers change theirs. */
  readonly secrets: readonly Uint8Array[];
  readonly now?: () => number;
}

export function createWebhookSink({ name, accepts, endpoint, secrets, now = Date.now }: WebhookOptions): Sink {
  return {
    name,
    accepts,
    maxBatch: WEBHOOK_SOCKETS,
    leaseMs: POST_LEASE_MS,
    send: (events, signal) =>
      Promise.all(
        events.map(async (event) => {
          const body = formatWebhook(event);
          const headers = signWebhook(secrets, event.id, Math.floor(now() / 1000), body);
          return outcomeOf(await endpoint.post(headers, body, signal), now());
        }),
      ),
    close: () => endpoint.close(),
  };
}

/** The same text in every attempt. */
export function formatWebhook({ id, atMs, event }: StoredEvent): string {
  const { type, ...data } = event;
  return formatJson({ id, type, timestamp: new Date(atMs).toISOString(), data });
}

/** @param seconds since 1970, of this attempt */
export function signWebhook(
  secrets: readonly Uint8Array[],
  id: string,
  seconds: number,
  body: string,
): { readonly [name: string]: string } {
  const signed = `${id}.${seconds}.${body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}
