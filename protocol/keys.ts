// Keys as text, one line each: PROTOCOL.md §9 (hmac and oprf) and §18 (clients).
//
// credveil-hmac-1.<key id>.<32 bytes>             secret of the hmac suite
// credveil-oprf-1.<key id>.<scalar>               secret of the oprf suite
// credveil-oprf-public-1.<key id>.<element>       pinned by clients of the oprf suite
// credveil-client-1.<client id>.<32 bytes>        authenticates a client; decrypts nothing

import { sha256 } from '@noble/hashes/sha2.js';
import type { ClientId, ClientSecret, HmacKey, KeyId, OprfSecretKey, PublicKey } from './brands.ts';
import { encodeUtf8, fromBase64Url, toBase64Url, toHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { hmacKeyId } from './hmac-suite.ts';
import { labelledId } from './ids.ts';
import { oprfKeyId } from './oprf-suite.ts';

/** The hint names the command that prints this kind of key. */
export const malformedKey = (what: string, why: string, source: string): ProtocolError =>
  new ProtocolError('KEY_MALFORMED', `${what}: ${why}`, `Give the whole, unchanged line that ${source}.`);
const malformedHmac = (why: string): ProtocolError => malformedKey('key', why, '`credveil init` wrote to the key file');
const malformedOprf = (why: string): ProtocolError => malformedKey('key', why, '`credveil key show` prints');
const malformedClient = (why: string): ProtocolError =>
  malformedKey('client key', why, '`credveil client add` printed');

export const HMAC_KEY_BYTES = 32;
const HMAC_SECRET = /^credveil-hmac-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

/**
 * Copies a key of 32 bytes.
 * @throws ProtocolError `KEY_MALFORMED` for another length, or if all bytes are equal
 */
export function parseHmacKey(bytes: Uint8Array): HmacKey {
  if (bytes.length !== HMAC_KEY_BYTES) throw malformedHmac(`it has ${bytes.length} bytes, not ${HMAC_KEY_BYTES}`);
  if (bytes.every((b) => b === bytes[0])) throw malformedHmac('all of its bytes are equal');
  return Uint8Array.from(bytes) as HmacKey;
}

/**
 * Formats a key as text. The text is the secret itself: it belongs in key files and secret stores
 * only.
 */
export function formatHmacKey(key: HmacKey): string {
  return `credveil-hmac-1.${hmacKeyId(key)}.${toBase64Url(key)}`;
}

/**
 * Parses the text of a key; white space around it is allowed. The key id in it catches typing
 * mistakes.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseHmacKeyText(text: string): HmacKey {
  const match = HMAC_SECRET.exec(text.trim());
  if (!match) throw malformedHmac('expected credveil-hmac-1.<id>.<secret>');
  const key = parseHmacKey(fromBase64Url(match[1] as string));
  // The last of the 43 characters has two unused bits. Comparing the whole text leaves each key one
  // spelling.
  if (formatHmacKey(key) !== match[0]) throw malformedHmac('its id does not match its secret');
  return key;
}

const OPRF_PUBLIC = /^credveil-oprf-public-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;
const OPRF_SECRET = /^credveil-oprf-1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

/** Formats a public key as text, for clients to pin. */
export function formatPublicKey(publicKey: PublicKey): string {
  return `credveil-oprf-public-1.${oprfKeyId(publicKey)}.${toBase64Url(publicKey)}`;
}

/**
 * Parses the text of a public key; white space around it is allowed. The first computation with the
 * key checks that it is an element of the group.
 * @throws ProtocolError `KEY_MALFORMED`
 */
export function parsePublicKeyText(text: string): PublicKey {
  const match = OPRF_PUBLIC.exec(text.trim());
  if (!match) throw malformedOprf('expected credveil-oprf-public-1.<id>.<key>');
  const publicKey = fromBase64Url(match[1] as string) as PublicKey;
  if (formatPublicKey(publicKey) !== match[0]) throw malformedOprf('its id does not match its key');
  return publicKey;
}

/**
 * Formats a secret key as text. The text is the secret itself: it belongs in key files and secret
 * stores only.
 */
export function formatOprfKey(secretKey: OprfSecretKey, publicKey: PublicKey): string {
  return `credveil-oprf-1.${oprfKeyId(publicKey)}.${toBase64Url(secretKey)}`;
}

/**
 * Splits the text of a secret key. The caller must compute the public key and compare its id with
 * `keyId`.
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function splitOprfKeyText(text: string): { keyId: KeyId; scalar: Uint8Array } {
  const match = OPRF_SECRET.exec(text.trim());
  const scalar = fromBase64Url(match?.[2] ?? '');
  if (!match || toBase64Url(scalar) !== match[2]) throw malformedOprf('expected credveil-oprf-1.<id>.<secret>');
  return { keyId: match[1] as KeyId, scalar };
}

export const CLIENT_SECRET_BYTES = 32;
const CLIENT_SECRET = /^credveil-client-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

/**
 * The public name of a client: the first 8 bytes of SHA-256("credveil client 1 id" ‖ secret), in
 * hex.
 */
export function clientId(secret: ClientSecret): ClientId {
  return labelledId('credveil client 1 id', secret) as ClientId;
}

/** Formats a client's key as text. The text is the secret itself. */
export function formatClientKey(secret: ClientSecret): string {
  return `credveil-client-1.${clientId(secret)}.${toBase64Url(secret)}`;
}

/** SHA-256 of a key's text, in hex: the only part of a key that a server stores. */
export function clientKeyDigest(text: string): string {
  return toHex(sha256(encodeUtf8(text)));
}

/**
 * Parses the text of a client's key; white space around it is allowed.
 * @returns the text in its only spelling
 * @throws ProtocolError `KEY_MALFORMED`; the message never quotes the text
 */
export function parseClientKeyText(text: string): string {
  const match = CLIENT_SECRET.exec(text.trim());
  if (!match) throw malformedClient('expected credveil-client-1.<id>.<secret>');
  if (formatClientKey(fromBase64Url(match[1] as string) as ClientSecret) !== match[0])
    throw malformedClient('its id does not match its secret');
  return match[0];
}
