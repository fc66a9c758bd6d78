// Keys of clients as text: PROTOCOL.md §18. `credveil-client-1.<id>.<base64url of 32 bytes>`, on one line.
//
// Such a key says who asks. It opens nothing: what the answers hold is under the key of the dataset.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { ClientId, ClientSecret } from './brands.ts';
import { ProtocolError } from './errors.ts';

export const CLIENT_SECRET_BYTES = 32;
const ID_LABEL = utf8ToBytes('credveil client 1 id');
const TEXT = /^credveil-client-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

const malformed = (why: string): ProtocolError =>
  new ProtocolError(
    'KEY_MALFORMED',
    `client key: ${why}`,
    'Give the one line that `credveil client add` printed, whole and unchanged.',
  );

/** The public name of a client that has a key. */
export function clientId(secret: ClientSecret): ClientId {
  return bytesToHex(sha256(concatBytes(ID_LABEL, secret)).subarray(0, 8)) as ClientId;
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
  const match = TEXT.exec(text.trim());
  if (!match) throw malformed('it does not look like credveil-client-1.<id>.<secret>');
  if (formatClientKey(fromBase64Url(match[1] as string) as ClientSecret) !== match[0])
    throw malformed('its id and its secret do not belong together');
  return match[0];
}
