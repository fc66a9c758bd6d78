// Keys as text, on one line each: PROTOCOL.md §9 (hmac and oprf) and §18 (clients).
//
// credveil-hmac-1.<key id>.<32 bytes>             the secret of the hmac suite
// credveil-oprf-1.<key id>.<scalar>               the secret of the oprf suite
// credveil-oprf-public-1.<key id>.<element>       what clients of the oprf suite pin
// credveil-client-1.<client id>.<32 bytes>        identifies a client; opens nothing

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { ClientId, ClientSecret, HmacKey, KeyId, OprfSecretKey, PublicKey } from './brands.ts';
import { ProtocolError } from './errors.ts';
import { hmacKeyId } from './hmac-suite.ts';
import { oprfKeyId } from './oprf-suite.ts';

/** Whole lines come from these commands; the hint names the one for each kind. */
const malformedKey = (what: string, why: string, source: string): ProtocolError =>
  new ProtocolError('KEY_MALFORMED', `${what}: ${why}`, `Give the one line that ${source}, whole and unchanged.`);
const malformedHmac = (why: string): ProtocolError => malformedKey('key', why, '`credveil init` wrote to the key file');
const malformedOprf = (why: string): ProtocolError => malformedKey('key', why, '`credveil key show` prints');
const malformedClient = (why: string): ProtocolError =>
  malformedKey('client key', why, '`credveil client add` printed');

export const HMAC_KEY_BYTES = 32;
const HMAC_SECRET = /^credveil-hmac-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

/** @throws ProtocolError `KEY_MALFORMED` unless there are 32 bytes that are not all equal */
export function parseHmacKey(bytes: Uint8Array): HmacKey {
  if (bytes.length !== HMAC_KEY_BYTES) throw malformedHmac(`it has ${bytes.length} bytes, not ${HMAC_KEY_BYTES}`);
  if (bytes.every((b) => b === bytes[0])) throw malformedHmac('all of its bytes are the same');
  return Uint8Array.from(bytes) as HmacKey;
}

/** The text of a key. It is the secret itself: for key files and secret stores only. */
export function formatHmacKey(key: HmacKey): string {
  return `credveil-hmac-1.${hmacKeyId(key)}.${toBase64Url(key)}`;
}

/**
 * Reads the text of a key, white space at the ends allowed. The key id in it guards against a slip of the hand.
 * @throws ProtocolError `KEY_MALFORMED`, whose message never quotes the text
 */
export function parseHmacKeyText(text: string): HmacKey {
  const match = HMAC_SECRET.exec(text.trim());
  if (!match) throw malformedHmac('it does not look like credveil-hmac-1.<id>.<secret>');
  const key = parseHmacKey(fromBase64Url(match[1] as string));
  // The last of 43 characters has two bits to spare: compared whole, so that a key has one text.
  if (formatHmacKey(key) !== match[0]) throw malformedHmac('its id and its secret do not belong together');
  return key;
}

const OPRF_PUBLIC = /^credveil-oprf-public-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;
const OPRF_SECRET = /^credveil-oprf-1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/;

export function formatPublicKey(publicKey: PublicKey): string {
  return `credveil-oprf-public-1.${oprfKeyId(publicKey)}.${toBase64Url(publicKey)}`;
}

/**
 * Reads the text of a public key. Whether it is an element of the group is seen by who computes with it.
 * @throws ProtocolError `KEY_MALFORMED`
 */
export function parsePublicKeyText(text: string): PublicKey {
  const match = OPRF_PUBLIC.exec(text.trim());
  if (!match) throw malformedOprf('it does not look like credveil-oprf-public-1.<id>.<key>');
  const publicKey = fromBase64Url(match[1] as string) as PublicKey;
  if (formatPublicKey(publicKey) !== match[0]) throw malformedOprf('its id and its key do not belong together');
  return publicKey;
}

/** The text of a secret key. It is the secret itself: for key files and secret stores only. */
export function formatOprfKey(secretKey: OprfSecretKey, publicKey: PublicKey): string {
  return `credveil-oprf-1.${oprfKeyId(publicKey)}.${toBase64Url(secretKey)}`;
}

/**
 * Takes the text of a secret key apart. The caller computes the public key and compares its id.
 * @throws ProtocolError `KEY_MALFORMED`, whose message never quotes the text
 */
export function splitOprfKeyText(text: string): { keyId: KeyId; scalar: Uint8Array } {
  const match = OPRF_SECRET.exec(text.trim());
  const scalar = fromBase64Url(match?.[2] ?? '');
  if (!match || toBase64Url(scalar) !== match[2])
    throw malformedOprf('it does not look like credveil-oprf-1.<id>.<secret>');
  return { keyId: match[1] as KeyId, scalar };
}

export const CLIENT_SECRET_BYTES = 32;
const CLIENT_SECRET = /^credveil-client-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

/** The public name of a client that has a key. */
export function clientId(secret: ClientSecret): ClientId {
  return bytesToHex(sha256(concatBytes(utf8ToBytes('credveil client 1 id'), secret)).subarray(0, 8)) as ClientId;
}

/** The text of a key. It is the secret itself. */
export function formatClientKey(secret: ClientSecret): string {
  return `credveil-client-1.${clientId(secret)}.${toBase64Url(secret)}`;
}

/** What a server keeps of a key: the SHA-256 of its text, in hex. */
export function clientKeyDigest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/**
 * Reads the text of a key, white space at the ends allowed.
 * @returns its one canonical text
 * @throws ProtocolError `KEY_MALFORMED`, whose message never quotes the text
 */
export function parseClientKeyText(text: string): string {
  const match = CLIENT_SECRET.exec(text.trim());
  if (!match) throw malformedClient('it does not look like credveil-client-1.<id>.<secret>');
  if (formatClientKey(fromBase64Url(match[1] as string) as ClientSecret) !== match[0])
    throw malformedClient('its id and its secret do not belong together');
  return match[0];
}
