// Base64, SHA-256, and signed links with an expiry.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { urlDecode } from './text.ts';

const MAC_BYTES = 32;
/** The fewest characters of a MAC in base64. */
const MIN_MAC_LENGTH = 43;

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The digest itself, 32 bytes. */
export const sha256 = (bytes: string): string =>
  createHash('sha256').update(bytesOf(bytes)).digest().toString('latin1');

/** @param options `u` for the alphabet of URLs, `p` for padding */
export function encodeBase64(bytes: string, options = ''): string {
  const encoded = bytesOf(bytes)
    .toString(options.includes('u') ? 'base64url' : 'base64')
    .replace(/=+$/, '');
  return options.includes('p') ? encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=') : encoded;
}

/** RFC 4648 §4, with or without padding. Anything else is missing. */
export function decodeBase64(text: string): string | null {
  const digits = text.replace(/={1,2}$/, '');
  const isPadded = digits.length < text.length;
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1 || (isPadded && text.length % 4 !== 0)) return null;
  return Buffer.from(digits, 'base64').toString('latin1');
}

/**
 * Whether a text of the form `message separator timestamp-mac` has the HMAC-SHA256 of its message
 * and timestamp, and is at most `ttl` seconds old. The timestamp has ten digits; the MAC is base64
 * with escapes of URLs or, with the flag `s`, the base64 of URLs without padding.
 */
export function isTimedHmacValid(
  key: string,
  messageMac: string,
  ttl: number,
  now: number,
  separatorLength = 0,
  flags = '',
): boolean {
  const dash = dashOf(messageMac);
  const timestamp = messageMac.slice(dash - 10, dash);
  const messageEnd = dash - 10 - separatorLength;
  if (dash === -1 || messageEnd < 1) return false;
  const given = decodeMac(messageMac.slice(dash + 1), flags.includes('s'));
  const message = messageMac.slice(0, messageEnd) + timestamp;
  const expected = createHmac('sha256', bytesOf(key)).update(bytesOf(message)).digest();
  return given !== undefined && timingSafeEqual(given, expected) && now <= Number(timestamp) + ttl;
}

/** The last dash behind ten digits that leaves enough for a MAC, or -1. */
function dashOf(text: string): number {
  let dash = text.lastIndexOf('-', text.length - 1 - MIN_MAC_LENGTH);
  while (dash !== -1 && !/^\d{10}$/.test(text.slice(Math.max(0, dash - 10), dash)))
    dash = dash === 0 ? -1 : text.lastIndexOf('-', dash - 1);
  return dash;
}

function decodeMac(text: string, isUrlSafe: boolean): Buffer | undefined {
  // A plus stands for itself here: in base64 it is no blank.
  const encoded = isUrlSafe ? text : urlDecode(text.replaceAll('+', '%2b'));
  if (!(isUrlSafe ? /^[\w-]{43}$/ : /^[A-Za-z0-9+/]{43}=$/).test(encoded)) return undefined;
  const mac = Buffer.from(encoded, 'base64');
  return mac.length === MAC_BYTES ? mac : undefined;
}
