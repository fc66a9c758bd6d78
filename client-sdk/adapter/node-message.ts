// The verdict's header on a node:http message, in every place where a handler may read headers.

import { mergeReadings, NOTHING, type ParsedFields, type Reading, readFields } from './fields.ts';
import type { Found, Guard } from './guard.ts';
import { type HeaderName, NAME_LISTS } from './header-name.ts';

type Fields = Record<string, string | string[] | undefined>;

/** The members used of an IncomingMessage, of node:http or node:http2, or injected by a test. */
export interface NodeMessage {
  readonly headers: Fields;
  readonly rawHeaders: string[];
  readonly headersDistinct?: Fields;
  readonly trailers?: Fields;
  readonly rawTrailers?: string[];
  readonly trailersDistinct?: Fields;
  readonly readableEnded: boolean;
  /** Of HTTP/2, which needs no Content-Length. */
  readonly stream?: { readonly endAfterHeaders?: boolean };
  prependOnceListener(event: 'end', listener: () => void): unknown;
}

/** Removes every incoming copy, trailers included. */
export function removeFromMessage(message: NodeMessage, header: HeaderName): void {
  // Node derives these from rawHeaders on first access, up to a stored count: clear them first.
  removeFields(message.headers, header);
  removeFields(message.headersDistinct, header);
  removeRaw(message.rawHeaders, header);
  const removeTrailers = (): void => {
    removeFields(message.trailers, header);
    removeFields(message.trailersDistinct, header);
    removeRaw(message.rawTrailers, header);
  };
  // Trailers arrive after the body.
  if (message.readableEnded) removeTrailers();
  else message.prependOnceListener('end', removeTrailers);
}

export function setOnMessage(message: NodeMessage, header: HeaderName, value: string): void {
  message.headers[header.name.toLowerCase()] = value;
  if (message.headersDistinct) message.headersDistinct[header.name.toLowerCase()] = [value];
  message.rawHeaders.push(header.name, value);
}

function removeFields(fields: Fields | undefined, header: HeaderName): void {
  if (!fields) return;
  for (const [name, value] of Object.entries(fields)) {
    if (header.isSpelling(name)) delete fields[name];
    if (value === undefined || !NAME_LISTS.includes(name)) continue;
    const rest = header.unlisted(String(value));
    if (rest === '') delete fields[name];
    else fields[name] = Array.isArray(value) ? [rest] : rest;
  }
}

/** @param raw alternating names and values */
function removeRaw(raw: string[] | undefined, header: HeaderName): void {
  if (!raw) return;
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    if (header.isSpelling(name)) continue;
    const rest = NAME_LISTS.includes(name.toLowerCase()) ? header.unlisted(value) : value;
    if (rest !== '' || value === '') kept.push(name, rest);
  }
  raw.splice(0, raw.length, ...kept);
}

/** The parsed parts of a request that a handler may read fields from. */
interface ParsedRequest {
  readonly body?: unknown;
  readonly query?: unknown;
}

function readParsed({ body, query }: ParsedRequest, { headers, stream }: NodeMessage, fields: ParsedFields): Reading {
  const isSent =
    headers['transfer-encoding'] !== undefined ||
    Number(headers['content-length'] ?? 0) > 0 ||
    stream?.endAfterHeaders === false;
  // Without a parser, Express 4 sets the body to an empty object.
  const isEmpty = body === undefined || body === null || (typeof body === 'object' && Object.keys(body).length === 0);
  const ofBody =
    isSent && isEmpty ? { ...NOTHING, unreadable: 'no parser has read the body' } : readFields(body, fields);
  return mergeReadings([{ ...ofBody, isSent: isSent || !isEmpty }, readFields(query, fields)]);
}

/**
 * Finds the credential of a parsed request: as the guard sees it now, and as the handler leaves it
 * when it asks, since code between the two may replace the fields or remove them.
 */
export function createParsedFind<Context extends ParsedRequest, Handler>(
  guard: Guard<Context, Handler>,
  request: Context,
  message: NodeMessage,
): () => Promise<Found> {
  const early = guard.fields && attempt(readParsed, request, message, guard.fields);
  const readNow = (fields: ParsedFields): Reading => {
    const now = readParsed(request, message, fields);
    if (!early || early.passwords.length === 0) return now;
    if (now.passwords.length === 0) return early;
    const { usernames, passwords } = mergeReadings([now, early]);
    return { ...now, usernames, passwords };
  };
  return () => guard.find(readNow, () => request);
}

function attempt<Args extends unknown[], T>(read: (...args: Args) => T, ...args: Args): T | undefined {
  try {
    return read(...args);
  } catch {
    return undefined;
  }
}
