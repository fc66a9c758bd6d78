// One-time passwords by time: RFC 6238, with the parameters that all authenticator apps know.

import { createHmac, timingSafeEqual } from 'node:crypto';

export const TOTP_DIGITS = 6;
export const TOTP_STEP_MS = 30_000;
export const TOTP_SECRET_BYTES = 20;
/** Steps before and after that of now: RFC 6238 §5.2. */
export const TOTP_WINDOW = 1;
/** RFC 4648 §6. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The number of a step: RFC 6238 §4.2. */
export const stepAt = (ms: number): number => Math.floor(ms / TOTP_STEP_MS);

/** RFC 4226 §5.3, with SHA-1. @param digits 6 to 8 */
export function totpOf(secret: Uint8Array, step: number, digits = TOTP_DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = (digest[digest.length - 1] as number) & 0xf;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * @param lastStep that counted last: neither it nor one before counts again
 * @returns the step of the code; undefined for a wrong one, and for one that was used
 */
export function findStep(secret: Uint8Array, code: string, now: number, lastStep: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const given = Buffer.from(code);
  let found: number | undefined;
  for (let step = stepAt(now) - TOTP_WINDOW; step <= stepAt(now) + TOTP_WINDOW; step++) {
    const isEqual = timingSafeEqual(given, Buffer.from(totpOf(secret, step)));
    if (isEqual && step > lastStep) found = step;
  }
  return found;
}

/** As apps take it by hand. */
export function toBase32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >>> (bits - 5)) & 31];
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

/** What apps read from a picture: the Key URI Format of Google Authenticator. */
export function totpUri(
  secret: Uint8Array,
  { issuer, user }: { readonly issuer: string; readonly user: string },
): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(user)}`;
  const query = new URLSearchParams({
    secret: toBase32(secret),
    issuer,
    algorithm: 'SHA1',
    digits: String(TOTP_DIGITS),
    period: String(TOTP_STEP_MS / 1_000),
  });
  return `otpauth://totp/${label}?${query}`;
}
