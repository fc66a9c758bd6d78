// Secret keys as text: PROTOCOL.md §9. `credveil-hmac-1.<key id>.<base64url of 32 bytes>`, on one line.

import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { HmacKey } from './brands.ts';
import { ProtocolError } from './errors.ts';
import { hmacKeyId } from './hmac-suite.ts';

export const HMAC_KEY_BYTES = 32;
const SECRET = /^credveil-hmac-1\.[0-9a-f]{16}\.([A-Za-z0-9_-]{43})$/;

const malformed = (why: string): ProtocolError =>
  new ProtocolError(
    'KEY_MALFORMED',
    `key: ${why}`,
    'Give the one line that `credveil init` wrote to the key file, whole and unchanged.',
  );

/** @throws ProtocolError `KEY_MALFORMED` unless there are 32 bytes that are not all equal */
export function parseHmacKey(bytes: Uint8Array): HmacKey {
  if (bytes.length !== HMAC_KEY_BYTES) throw malformed(`it has ${bytes.length} bytes, not ${HMAC_KEY_BYTES}`);
  if (bytes.every((b) => b === bytes[0])) throw malformed('all of its bytes are the same');
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
  const match = SECRET.exec(text.trim());
  if (!match) throw malformed('it does not look like credveil-hmac-1.<id>.<secret>');
  const key = parseHmacKey(fromBase64Url(match[1] as string));
  // The last of 43 characters has two bits to spare: compared whole, so that a key has one text.
  if (formatHmacKey(key) !== match[0]) throw malformed('its id and its secret do not belong together');
  return key;
}
