// Normalization of usernames and passwords: PROTOCOL.md §2.

import type { NormalizedPassword, NormalizedUsername } from './brands.ts';

/** The version of the two rules below. A dataset records it; a client that knows another one refuses. */
export const NORMALIZATION_VERSION = 1;

const utf8 = new TextEncoder();
const plainAscii = /^\p{ASCII}*$/u;

/** The bytes of a text that is all ASCII, else undefined. For short texts several times as fast as TextEncoder. */
function encodeAscii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return undefined;
    bytes[i] = unit;
  }
  return bytes;
}

/**
 * NFKC, trim white space, lower-case without a locale, NFC. Total and idempotent.
 * White space is ECMAScript's set (what `String.prototype.trim` removes), listed in PROTOCOL.md §2.
 * @returns UTF-8 bytes; an unpaired surrogate becomes U+FFFD
 */
export function normalizeUsername(username: string): NormalizedUsername {
  // ASCII is its own NFKC and NFC: most usernames take this way.
  if (plainAscii.test(username)) return utf8.encode(username.trim().toLowerCase()) as NormalizedUsername;
  let text = username.toWellFormed();
  // The tables do not promise that lower-casing NFKC gives NFKC again, so the rule is the fixed point itself. In
  // Unicode 17 the first round reaches it for every text that the tests try.
  for (;;) {
    const next = text.normalize('NFKC').trim().toLowerCase().normalize('NFC');
    if (next === text) return utf8.encode(text) as NormalizedUsername;
    text = next;
  }
}

/**
 * NFC and nothing else: no trimming and no case folding, since both change what a user must type.
 * @returns UTF-8 bytes; an unpaired surrogate becomes U+FFFD
 */
export function normalizePassword(password: string): NormalizedPassword {
  const ascii = encodeAscii(password);
  return (ascii ?? utf8.encode(password.toWellFormed().normalize('NFC'))) as NormalizedPassword;
}
