// What scripts of the gateway's own pages send and get: JSON, from these pages alone.

import type { z } from 'zod';
import { readBody } from '../../../runtime/http/request-body.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { objectOf } from '../../header-pairs.ts';
import { isSameOrigin } from '../navigation.ts';
import { assertToken } from './own-form.ts';
import { needingState, type OwnSession, ownSessionOf, type RouteParts } from './route.ts';

/** An attestation with its certificates takes a few KiB. */
const MAX_BYTES = 65_536;
const TOKEN_HEADER = 'x-credveil-token';

/**
 * The body of a request of one of these pages. A length bounds it before any of it is read.
 * @throws Refusal `FORM_FOREIGN`, `FORM_MALFORMED`; ClientGoneError if the client has left
 */
export async function readJson<Schema extends z.ZodType>(exchange: Exchange, schema: Schema): Promise<z.infer<Schema>> {
  const { head, message } = exchange;
  if (!isSameOrigin(exchange)) throw new Refusal('FORM_FOREIGN');
  // Another site sends no such type without asking first, and is not allowed to.
  const isJson = /^application\/json *(?:;|$)/i.test(message.headers['content-type'] ?? '');
  if (!isJson || typeof head?.body !== 'number' || head.body > MAX_BYTES) throw new Refusal('FORM_MALFORMED');
  const text = head.body === 0 ? '' : Buffer.from(await readBody(message)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal('FORM_MALFORMED');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Refusal('FORM_MALFORMED');
  return parsed.data as z.infer<Schema>;
}

export function sendJson({ response }: Exchange, body: object, more: readonly string[] = []): void {
  const text = JSON.stringify(body);
  const own = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(text))];
  const safe = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer'];
  response.writeHead(200, objectOf([...own, ...safe, ...more]));
  response.end(text);
}

/** @throws Refusal `FORM_FOREIGN` */
export const assertSentToken = ({ message }: Exchange, id: string, parts: Pick<RouteParts, 'people'>): void =>
  assertToken(String(message.headers[TOKEN_HEADER] ?? ''), id, parts);

/** @throws Refusal `SIGN_IN_REQUIRED`, `SESSIONS_AWAY` */
export async function needOwnSession(exchange: Exchange, parts: RouteParts): Promise<OwnSession> {
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (!own) throw new Refusal('SIGN_IN_REQUIRED');
  return own;
}

/** Of somebody who is signed in, on a page of theirs. @throws Refusal as the functions above */
export async function readOwnJson<Schema extends z.ZodType>(
  exchange: Exchange,
  schema: Schema,
  parts: RouteParts,
): Promise<{ readonly own: OwnSession; readonly body: z.infer<Schema> }> {
  const body = await readJson(exchange, schema);
  const own = await needOwnSession(exchange, parts);
  assertSentToken(exchange, own.id, parts);
  return { own, body };
}
