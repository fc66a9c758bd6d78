// Keys as text, one line each: PROTOCOL.md §9 (hmac and oprf) and §18 (clients).
//
// credveil-hmac-1.<key id>.<32 bytes>             secret of the hmac suite
// credveil-oprf-1.<key id>.<scalar>               secret of the oprf suite
// credveil-oprf-public-1.<key id>.<element>       names a key of the oprf suite to people
// credveil-client-1.<client id>.<32 bytes>        authenticates a client; decrypts nothing

import { sha256 } from '@noble/hashes/sha2.js';
import type { ClientId, ClientSecret, HmacKey, KeyId, OprfSecretKey, PublicKey } from './brands.ts';
import { encodeUtf8, fromBase64Url, toBase64Url, toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { hmacKeyId } from './hmac-suite.ts';
import { labelledId } from './ids.ts';
import { oprfKeyId } from './oprf-suite.ts';

/** A kind of line, and what an error says about one that is malformed. */
export interface KeyKind {
  readonly label: string;
  readonly name: string;
  /** The end of the hint: where the line comes from. */
  readonly source: string;
}

export function malformedKey({ name, source }: KeyKind, why: string): ProtocolError {
  return new ProtocolError('KEY_MALFORMED', `${name}: ${why}`, `Give the whole, unchanged line that ${source}.`);
}

/** Formats a line. With a secret it belongs in key files and secret stores only. */
export function formatKeyLine({ label }: KeyKind, id: string, bytes: Uint8Array): string {
  return `credveil-${label}.${id}.${toBase64Url(bytes)}`;
}

/**
 * Splits a line of this kind; white space around it is allowed.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function splitKeyLine(kind: KeyKind, text: string): { readonly id: string; readonly bytes: Uint8Array } {
  const [line, id = '', encoded = ''] = /^credveil-[\w-]+\.([0-9a-f]{16})\.([\w-]{43})$/.exec(text.trim()) ?? [];
  const bytes = fromBase64Url(encoded);
  // The last of the 43 characters has two unused bits: comparing whole lines leaves one spelling.
  if (formatKeyLine(kind, id, bytes) !== line)
    throw malformedKey(kind, text.trim() === '' ? 'it is empty' : `not one line credveil-${kind.label}.…`);
  return { id, bytes };
}

const HMAC: KeyKind = {
  label: 'hmac-1',
  name: 'key',
  source: '`credveil init` wrote to the key file',
};
const OPRF: KeyKind = { label: 'oprf-1', name: 'key', source: '`credveil key show` prints' };
const OPRF_PUBLIC: KeyKind = {
  label: 'oprf-public-1',
  name: 'key',
  source: '`credveil key show` prints',
};
const CLIENT: KeyKind = {
  label: 'client-1',
  name: 'client key',
  source: '`credveil client add` printed',
};

export const HMAC_KEY_BYTES = 32;

/**
 * Copies a key of 32 bytes.
 * @throws ProtocolError `KEY_MALFORMED` for another length, or if all bytes are equal
 */
export function parseHmacKey(bytes: Uint8Array): HmacKey {
  if (bytes.length !== HMAC_KEY_BYTES) throw malformedKey(HMAC, `it has ${bytes.length} bytes, not ${HMAC_KEY_BYTES}`);
  if (bytes.every((b) => b === bytes[0])) throw malformedKey(HMAC, 'all of its bytes are equal');
  return Uint8Array.from(bytes) as HmacKey;
}

export function formatHmacKey(key: HmacKey): string {
  return formatKeyLine(HMAC, hmacKeyId(key), key);
}

/**
 * Parses the text of a key. The key id in it catches typing mistakes.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseHmacKeyText(text: string): HmacKey {
  const { id, bytes } = splitKeyLine(HMAC, text);
  const key = parseHmacKey(bytes);
  if (hmacKeyId(key) !== id) throw malformedKey(HMAC, 'its id does not match its secret');
  return key;
}

/** Formats a public key, by which people name a key of the oprf suite. */
export function formatPublicKey(publicKey: PublicKey): string {
  return formatKeyLine(OPRF_PUBLIC, oprfKeyId(publicKey), publicKey);
}

export function formatOprfKey(secretKey: OprfSecretKey, publicKey: PublicKey): string {
  return formatKeyLine(OPRF, oprfKeyId(publicKey), secretKey);
}

/**
 * Splits the text of a secret key. The caller must compute the public key and compare its id with
 * `keyId`.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function splitOprfKeyText(text: string): { keyId: KeyId; scalar: Uint8Array } {
  const { id, bytes } = splitKeyLine(OPRF, text);
  return { keyId: id as KeyId, scalar: bytes };
}

export const CLIENT_SECRET_BYTES = 32;

/**
 * The public name of a client: the first 8 bytes of SHA-256("credveil client 1 id" ‖ secret), in
 * hex.
 */
export function clientId(secret: ClientSecret): ClientId {
  return labelledId('credveil client 1 id', secret) as ClientId;
}

export function formatClientKey(secret: ClientSecret): string {
  return formatKeyLine(CLIENT, clientId(secret), secret);
}

/** SHA-256 of a key's text, in hex: the only part of a key that a server stores. */
export function clientKeyDigest(text: string): string {
  return toHex(sha256(encodeUtf8(text)));
}

/**
 * Parses the text of a client's key.
 * @returns the text in its only spelling
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseClientKeyText(text: string): string {
  const { id, bytes } = splitKeyLine(CLIENT, text);
  if (clientId(bytes as ClientSecret) !== id) throw malformedKey(CLIENT, 'its id does not match its secret');
  return text.trim();
}
