// Encodings of salts and digests, decoded strictly: Node's own decoders skip what they do not know.

import { timingSafeEqual } from 'node:crypto';

/** @returns undefined for text that is no hex */
export function decodeHex(text: string): Buffer | undefined {
  return text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/**
 * Base64 of either alphabet, with or without padding, and passlib's, which writes `.` for `+`.
 * @returns undefined for other text
 */
export function decodeBase64(text: string): Buffer | undefined {
  const digits = text.replace(/={1,2}$/, '');
  if (digits.length % 4 === 1 || (digits.length !== text.length && text.length % 4 !== 0)) return undefined;
  if (!/^[\w+/.-]*$/.test(digits)) return undefined;
  const standard = digits.replaceAll('.', '+').replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Buffer.from(standard, 'base64');
  // No writer sets the bits of the last digit that no byte fills: it is amid a longer text.
  return bytes.toString('base64').replace(/=+$/, '') === standard ? bytes : undefined;
}

/** The digits of crypt(3). */
export const CRYPT_DIGITS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Writes `count` crypt digits of a number, the lowest bits first. */
export function cryptDigits(value: number, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += CRYPT_DIGITS[(value >>> (6 * i)) & 0x3f];
  return text;
}

/** Crypt digits of bytes: four of each three, the lowest bits first. */
export function cryptText(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const part = bytes.subarray(at, at + 3);
    text += cryptDigits(part.readUIntLE(0, part.length), part.length + 1);
  }
  return text;
}

/** Compares in a time that depends on the lengths only. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

export const equalText = (a: string, b: string): boolean => equalBytes(Buffer.from(a), Buffer.from(b));

/** A positive decimal number without leading zeros. @returns undefined for other text */
export const parseCost = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;

/** Of the longest password that crypt(3) takes; the work of its schemes grows with the length. */
export const MAX_CRYPT_BYTES = 512;
