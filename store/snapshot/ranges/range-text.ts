// Rows of a range as text, as Have I Been Pwned's API writes them: `SUFFIX:COUNT`, CRLF between
// rows, none at the end. PROTOCOL.md §13.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../run/range-record.ts';
import { type RangeEntries, SHARED_BYTES } from './range-body.ts';

const [ZERO, COLON, CR, LF] = [0x30, 0x3a, 0x0d, 0x0a];
const DIGITS = Buffer.from('0123456789ABCDEF', 'latin1');
/** The two upper-case hex digits of each byte. */
const DIGIT_PAIRS = Uint16Array.from(
  { length: 256 },
  (_, byte) => ((DIGITS[byte >>> 4] as number) << 8) | (DIGITS[byte & 0xf] as number),
);
/** The smallest number of two decimal digits, of three, and so on. */
const MORE_DIGITS = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, Number.POSITIVE_INFINITY];

/** Number of hex digits after the five of the prefix. */
const suffixDigits = (name: RangeName): number => 2 * (HASH_BYTES[name] - SHARED_BYTES) - 1;

/** Length of a row with a count of one digit and its line end. */
export const rowBytes = (name: RangeName): number => suffixDigits(name) + ':0\r\n'.length;

/** Maximum length of this number of rows. */
export const mostTextBytes = (name: RangeName, rows: number): number =>
  rows * (rowBytes(name) + MORE_DIGITS.length - 1);

/** Length of the text of entries with these counts. */
export function textBytes(name: RangeName, times: Float64Array): number {
  if (times.length === 0) return 0;
  let bytes = times.length * rowBytes(name) - '\r\n'.length;
  for (const value of times) bytes += decimalDigits(value) - 1;
  return bytes;
}

/**
 * @param zeros extra digits, spread over the entries with times 0, which give the text an exact
 * length
 */
export function formatRows(name: RangeName, { count, suffixes, times }: RangeEntries, zeros = 0): Buffer {
  const text = Buffer.allocUnsafe(textBytes(name, times) + zeros);
  const view = new DataView(text.buffer, text.byteOffset, text.length);
  let unseen = zeros === 0 ? 0 : times.reduce((rows, value) => (value === 0 ? rows + 1 : rows), 0);
  let zerosLeft = zeros;
  const pairedDigits = suffixDigits(name) - 1;
  let from = 0;
  let at = 0;
  for (let entry = 0; entry < count; entry++) {
    if (entry > 0) {
      text[at++] = CR;
      text[at++] = LF;
    }
    // The first digit is the last one of the prefix.
    text[at++] = DIGITS[(suffixes[from++] as number) & 0xf] as number;
    for (const end = at + pairedDigits; at < end; at += 2)
      view.setUint16(at, DIGIT_PAIRS[suffixes[from++] as number] as number);
    text[at++] = COLON;
    const value = times[entry] as number;
    if (value === 0 && zerosLeft > 0) {
      const further = Math.ceil(zerosLeft / unseen--);
      zerosLeft -= further;
      text.fill(ZERO, at, at + further);
      at += further;
    }
    at = writeDecimal(text, at, value);
  }
  return text;
}

function decimalDigits(value: number): number {
  let digits = 1;
  while (value >= (MORE_DIGITS[digits - 1] as number)) digits++;
  return digits;
}

/** @returns where the number ends */
function writeDecimal(text: Buffer, at: number, value: number): number {
  const end = at + decimalDigits(value);
  let rest = value;
  for (let digit = end - 1; digit >= at; digit--) {
    const tenth = Math.floor(rest / 10);
    text[digit] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}
