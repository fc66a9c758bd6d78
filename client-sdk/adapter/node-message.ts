// The verdict's header on a node:http message, in every place where a handler may read headers.

import type { Credential } from '../verdict/inquiry.ts';
import { credentialsIn, type ParsedFields, unreadable } from './fields.ts';
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

/** @throws CredentialUnreadable if there is a body that no parser has read */
export function credentialsInParsed(
  body: unknown,
  { headers }: NodeMessage,
  fields: ParsedFields,
): readonly Credential[] {
  const isSent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const isParsed = typeof body !== 'object' || body === null || Object.keys(body).length > 0;
  // Without a parser, Express 4 sets the body to an empty object.
  if (isSent && (body === undefined || !isParsed)) throw unreadable('no parser has read the body');
  return credentialsIn(body, fields);
}
