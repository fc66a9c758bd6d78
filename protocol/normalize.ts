// Normalization of usernames and passwords: PROTOCOL.md §2.

import type { NormalizedPassword, NormalizedUsername } from './brands.ts';
import { ProtocolError } from './errors.ts';

/**
 * Version of the two rules below. A dataset records it; a client rejects a dataset with another
 * version.
 */
export const NORMALIZATION_VERSION = 1;

/**
 * Rules that a dataset may add for usernames, in the order in which username-rules.ts applies them.
 */
export const USERNAME_RULES = ['punycode', 'plus-tags', 'gmail-dots'] as const;
export type UsernameRule = (typeof USERNAME_RULES)[number];

/** Whether these are some of the rules, each once and in their order. */
export function areUsernameRules(value: unknown): value is readonly UsernameRule[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const places = value.map((rule) => USERNAME_RULES.indexOf(rule));
  return places.every((place, i) => place > (places[i - 1] ?? -1));
}

const utf8 = new TextEncoder();
const plainAscii = /^\p{ASCII}*$/u;

/**
 * Code points of a text that is not ASCII: putting a run of marks in order takes any normalization
 * quadratic time.
 */
const MAX_CODE_POINTS = 1_024;

/** Whether a text is never normalized, and so has no entry. It takes linear time. */
export function isTooLong(text: string): boolean {
  if (text.length <= MAX_CODE_POINTS || plainAscii.test(text)) return false;
  return text.length > 2 * MAX_CODE_POINTS || Array.from(text).length > MAX_CODE_POINTS;
}

/** @throws ProtocolError `FIELD_TOO_LONG` */
function assertShort(text: string): void {
  if (isTooLong(text))
    throw new ProtocolError(
      'FIELD_TOO_LONG',
      'a username or password is too long to be normalized',
      'Reject longer fields.',
    );
}

/**
 * Encodes ASCII text, several times as fast as TextEncoder for short texts.
 * @returns undefined for any other text
 */
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
 * Applies NFKC, trims white space, lower-cases without a locale, applies NFC. Idempotent. White
 * space is the set that `String.prototype.trim` removes, listed in PROTOCOL.md §2.
 * @returns UTF-8 bytes; an unpaired surrogate becomes U+FFFD
 * @throws ProtocolError `FIELD_TOO_LONG` if `isTooLong`
 */
export function normalizeUsername(username: string): NormalizedUsername {
  // ASCII is its own NFKC and NFC. Most usernames take this path.
  if (plainAscii.test(username)) return utf8.encode(username.trim().toLowerCase()) as NormalizedUsername;
  assertShort(username);
  let text = username.toWellFormed();
  // Unicode does not guarantee that lower-cased NFKC is NFKC, so the rule is the fixed point
  // itself. In Unicode 17 one round reaches it for every text that the tests try.
  for (;;) {
    const next = text.normalize('NFKC').trim().toLowerCase().normalize('NFC');
    if (next === text) return utf8.encode(text) as NormalizedUsername;
    text = next;
  }
}

/**
 * Applies NFC and nothing else: trimming or case folding would change the password that the user
 * has to type.
 * @returns UTF-8 bytes; an unpaired surrogate becomes U+FFFD
 * @throws ProtocolError `FIELD_TOO_LONG` if `isTooLong`
 */
export function normalizePassword(password: string): NormalizedPassword {
  const ascii = encodeAscii(password);
  if (ascii) return ascii as NormalizedPassword;
  assertShort(password);
  return utf8.encode(password.toWellFormed().normalize('NFC')) as NormalizedPassword;
}
