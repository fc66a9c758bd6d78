// Signed webhooks, by Standard Webhooks 1.0.0. https://www.standardwebhooks.com

import { createHmac } from 'node:crypto';
import type { StoredEvent } from '../events.ts';
import type { Sink } from '../sink.ts';
import { formatJson } from './json-text.ts';
import { createPostingSink, type PostingOptions } from './posting-sink.ts';

export interface WebhookOptions extends PostingOptions {
  /** The first is the current one; the others are valid while receivers change theirs. */
  readonly secrets: readonly Uint8Array[];
}

export function createWebhookSink({ secrets, ...options }: WebhookOptions): Sink {
  const { now = Date.now } = options;
  return createPostingSink(options, (event) => {
    const body = formatWebhook(event);
    return { headers: signWebhook(secrets, event.id, Math.floor(now() / 1000), body), body };
  });
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
