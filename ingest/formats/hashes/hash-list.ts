// Lists of hashes: a `HASH`, `HASH:COUNT` or `COUNT HASH` per line, with any separator; and SHA-1
// in base64, as directories and web servers write it.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../../store/run/range-record.ts';
import type { RejectReason } from '../../rejects.ts';
import type { AsciiFields, CorpusFormat, LineRules } from '../format.ts';
import { isSpace, lineFormat, takeSecret } from '../line-parser.ts';

const ZERO = 0x30;
const MAX_COUNT_DIGITS = 15;
/** `: , ; | TAB` and a blank. */
const SEPARATORS: ReadonlySet<number | undefined> = new Set([0x3a, 0x2c, 0x3b, 0x7c, 0x09, 0x20]);

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= 0x39;

export function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

function isHex(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (!isHexDigit(bytes[at] as number)) return false;
  return true;
}

/** Returns the hash, in hex, in place of the password of other formats. */
function hashRules(name: RangeName): LineRules {
  const digits = 2 * HASH_BYTES[name];
  const parseAscii: LineRules['parseAscii'] = (bytes, from, to, fields) => {
    let start = from;
    let end = to;
    while (start < end && isSpace(bytes[start])) start++;
    while (end > start && isSpace(bytes[end - 1])) end--;
    if (end === start) return 'blank';
    if (end - start < digits) return 'bad-hash';
    const hashEnd = start + digits;
    if (isHex(bytes, start, hashEnd)) {
      if (hashEnd === end) return takeSecret(fields, start, end, 1);
      if (SEPARATORS.has(bytes[hashEnd])) return takeCounted(bytes, fields, start, hashEnd, hashEnd, end);
    }
    const hashAt = end - digits;
    if (!SEPARATORS.has(bytes[hashAt - 1]) || !isHex(bytes, hashAt, end)) return 'bad-hash';
    return takeCounted(bytes, fields, hashAt, end, start, hashAt);
  };
  return { parseLine: asAscii(parseAscii), parseAscii };
}

/** @param from where the count and its separator, in either order, begin */
function takeCounted(
  bytes: Uint8Array,
  fields: AsciiFields,
  hashAt: number,
  hashEnd: number,
  from: number,
  to: number,
): RejectReason | undefined {
  let countAt = from;
  let countEnd = to;
  const trim = (): void => {
    while (countAt < countEnd && isSpace(bytes[countAt])) countAt++;
    while (countEnd > countAt && isSpace(bytes[countEnd - 1])) countEnd--;
  };
  // One separator, on the side of the hash, and blanks around it.
  trim();
  if (from === hashEnd && SEPARATORS.has(bytes[countAt])) countAt++;
  else if (to === hashAt && SEPARATORS.has(bytes[countEnd - 1])) countEnd--;
  trim();
  if (countAt === countEnd || countEnd - countAt > MAX_COUNT_DIGITS) return 'bad-count';
  let times = 0;
  for (let at = countAt; at < countEnd; at++) {
    if (!isDigit(bytes[at])) return 'bad-count';
    times = times * 10 + (bytes[at] as number) - ZERO;
  }
  // HIBP's padding rows have a count of 0.
  return times === 0 ? 'padding' : takeSecret(fields, hashAt, hashEnd, times);
}

/** Parses text by the rules for ASCII: no hash has other characters. */
export function asAscii(parseAscii: LineRules['parseAscii']): LineRules['parseLine'] {
  return (line) => {
    const bytes = Buffer.from(line);
    const fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 1 };
    const reason = parseAscii?.(bytes, 0, bytes.length, fields);
    if (reason !== undefined) return reason;
    return { password: bytes.toString('latin1', fields.passwordFrom, fields.passwordTo), times: fields.times };
  };
}

export const sha1ListFormat: CorpusFormat = lineFormat('sha1', ['sha1'], hashRules('sha1'));
export const ntlmListFormat: CorpusFormat = lineFormat('ntlm', ['ntlm'], hashRules('ntlm'));

const BASE64_SHA1 = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/i;

export const isBase64Sha1 = (text: string): boolean => BASE64_SHA1.test(text);

/** @returns undefined for anything but `{SHA}` and a hash */
export function hexOfBase64Sha1(text: string): string | undefined {
  const base64 = BASE64_SHA1.exec(text)?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

/** `{SHA}` and the hash in base64, alone or behind a username. */
export const sha1Base64Format: CorpusFormat = lineFormat('sha1-base64', ['sha1'], {
  parseLine(line) {
    const text = line.trim();
    if (text === '') return 'blank';
    const password = hexOfBase64Sha1(text.slice(text.lastIndexOf(':') + 1));
    return password === undefined ? 'bad-hash' : { password, times: 1 };
  },
});
