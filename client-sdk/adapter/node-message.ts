// The verdict's header on a message of node:http, in each of the places where what runs behind may read headers.

import type { Credential } from '../verdict/inquiry.ts';
import { credentialsIn, type ParsedFields, unreadable } from './fields.ts';
import { type HeaderName, NAME_LISTS } from './header-name.ts';

type Fields = Record<string, string | string[] | undefined>;

/** What is needed of an IncomingMessage, of the one of node:http2, or of one that a test injects and that has less. */
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

/** Removes every copy that came in from outside, trailers included. */
export function removeFromMessage(message: NodeMessage, header: HeaderName): void {
  // These are made of rawHeaders at their first reading, by a count of before.
  removeFields(message.headers, header);
  removeFields(message.headersDistinct, header);
  removeRaw(message.rawHeaders, header);
  const removeTrailers = (): void => {
    removeFields(message.trailers, header);
    removeFields(message.trailersDistinct, header);
    removeRaw(message.rawTrailers, header);
  };
  // Trailers come with the end of the body.
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

/** Names and values in turn. */
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

/** @throws CredentialUnreadable where there is a body and nobody has parsed it: what it holds was not looked at */
export function credentialsInParsed(
  body: unknown,
  { headers }: NodeMessage,
  fields: ParsedFields,
): readonly Credential[] {
  const isSent = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const isParsed = typeof body !== 'object' || body === null || Object.keys(body).length > 0;
  // Express 4 has an empty object where no parser was there.
  if (isSent && (body === undefined || !isParsed)) throw unreadable('no parser has read its body');
  return credentialsIn(body, fields);
}
