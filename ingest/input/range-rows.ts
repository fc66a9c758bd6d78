// The rows of one of Have I Been Pwned's range files, made to rows of whole hashes:
// `HASH:COUNT` LF, where a file has `SUFFIX:COUNT`.

import { formatRangePrefix, type RangeName } from '../../protocol/bucket-id.ts';

const [CR, LF, COLON, ZERO, SPACE] = [0x0d, 0x0a, 0x3a, 0x30, 0x20];
const PREFIX_DIGITS = 5;
const MAX_COUNT_DIGITS = 15;
/** Digits of a row, with or without the prefix, by kind. */
const KINDS: ReadonlyMap<number, RangeName> = new Map([
  [35, 'sha1'],
  [40, 'sha1'],
  [27, 'ntlm'],
  [32, 'ntlm'],
]);
const SUFFIX_DIGITS: ReadonlySet<number> = new Set([35, 27]);
/** Bytes that the start of a row is recognised from, after a byte order mark. */
export const ROW_HEAD_BYTES = 64;

export interface RangeRows {
  /** Undefined without a row. */
  readonly kind: RangeName | undefined;
  /** All good rows. */
  readonly text: Buffer;
  readonly rows: number;
  /** Rows with a count of 0, which hide the size of an answer. */
  readonly padding: number;
  /** Rows that are none, or not of this range or kind. */
  readonly bad: number;
}

/** The kind of range that a text starts as; undefined for any other text, and for none. */
export function kindOfRange(head: Uint8Array, range: number): RangeName | undefined {
  let from = startOf(head);
  while (head[from] === CR || head[from] === LF) from++;
  const end = lineEnd(head, from);
  const digits = countDigits(head, from, end);
  const kind = KINDS.get(digits);
  const after = head[from + digits];
  const ends = after === undefined || after === COLON || after === CR || after === LF || after === SPACE;
  if (kind === undefined || !ends) return undefined;
  return SUFFIX_DIGITS.has(digits) || hasPrefix(head, from, range) ? kind : undefined;
}

/** @param bytes a whole range file, in UTF-8 */
export function readRangeRows(bytes: Uint8Array, range: number): RangeRows {
  const prefix = Buffer.from(formatRangePrefix(range), 'latin1');
  // Each row grows by its prefix, and at most by a line end; a row has at least 27 digits.
  const text = Buffer.allocUnsafe(
    bytes.length + Math.ceil(bytes.length / 27) * (PREFIX_DIGITS + 1) + PREFIX_DIGITS + 1,
  );
  let kind: RangeName | undefined;
  let [at, rows, padding, bad] = [0, 0, 0, 0];
  for (let from = startOf(bytes); from < bytes.length; ) {
    const next = lineEnd(bytes, from);
    let end = next;
    while (end > from && ((bytes[end - 1] as number) === CR || (bytes[end - 1] as number) === SPACE)) end--;
    if (end > from) {
      const digits = countDigits(bytes, from, end);
      const found = KINDS.get(digits);
      const count = countOf(bytes, from + digits, end);
      const isWhole = !SUFFIX_DIGITS.has(digits);
      const fits = found !== undefined && (kind ?? found) === found && (!isWhole || hasPrefix(bytes, from, range));
      if (!fits || count === undefined) bad++;
      else if (count === 0) padding++;
      else {
        kind = found;
        rows++;
        if (!isWhole) at += prefix.copy(text, at);
        text.set(bytes.subarray(from, end), at);
        at += end - from;
        text[at++] = LF;
      }
    }
    from = next + 1;
  }
  return { kind, text: text.subarray(0, at), rows, padding, bad };
}

const startOf = (bytes: Uint8Array): number => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);

function lineEnd(bytes: Uint8Array, from: number): number {
  const end = bytes.indexOf(LF, from);
  return end === -1 ? bytes.length : end;
}

const HEX = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[0-9a-fA-F]/.test(String.fromCharCode(byte))));

function countDigits(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && HEX[bytes[at] as number] === 1) at++;
  return at - from;
}

/** What follows the digits: a colon and a count, or nothing, which counts once. */
function countOf(bytes: Uint8Array, from: number, end: number): number | undefined {
  if (from === end) return 1;
  if (bytes[from] !== COLON || from + 1 === end || end - from - 1 > MAX_COUNT_DIGITS) return undefined;
  let count = 0;
  for (let at = from + 1; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    count = count * 10 + digit;
  }
  return count;
}

/** Whether a whole hash begins with the prefix of the range. */
function hasPrefix(bytes: Uint8Array, from: number, range: number): boolean {
  for (let digit = 0; digit < PREFIX_DIGITS; digit++) {
    const byte = bytes[from + digit] as number;
    const value = byte <= 0x39 ? byte - ZERO : (byte | 0x20) - 0x57;
    if (value !== ((range >>> (4 * (PREFIX_DIGITS - 1 - digit))) & 0xf)) return false;
  }
  return true;
}
