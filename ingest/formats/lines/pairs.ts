// Parses lines with a username and a password: combo lists, and `url:user:pass` of stealer logs.

import type { Credential } from '../../../store/run/credential-records.ts';
import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { AsciiFields, LineRules } from '../format.ts';
import { isBlank, isComment, isSpace } from '../line-parser.ts';

/**
 * `user:pass` with any separator. The first one separates; a password may contain more. A line
 * `scheme://…:user:pass` is read as what it is, where colons separate.
 */
export function comboRules(separator: string): LineRules {
  const isColon = separator === ':';
  const parseLine = (line: string): Credential | RejectReason =>
    isColon && hasScheme(line) ? urlRules.parseLine(line) : splitPair(line, 0, separator);
  if (separator.length > 1 || separator === ' ' || separator.charCodeAt(0) > 0x7f) return { parseLine };
  const byte = separator.charCodeAt(0);
  return {
    parseLine,
    parseAscii: (bytes, from, to, fields) => splitAsciiPair(bytes, from, from, to, byte, fields),
    anyPassword: true,
  };
}

/**
 * Whether two slashes follow the first colon, and something that is no comment stands before it.
 */
function hasScheme(line: string): boolean {
  const colon = line.indexOf(':');
  if (colon <= 0 || !line.startsWith('//', colon + 1)) return false;
  const scheme = line.slice(0, colon);
  return scheme.trim() !== '' && !isComment(scheme);
}

/** @param at start of the username; anything before it is ignored */
export function splitPair(line: string, at: number, separator: string): Credential | RejectReason {
  const end = line.indexOf(separator, at);
  if (end === -1) return line.trim() === '' ? 'blank' : /^(?:#|\/\/)/.test(line) ? 'comment' : 'no-separator';
  const username = line.slice(at, end);
  if (username.trim() === '') return 'empty-username';
  if (isComment(username)) return 'comment';
  // Blanks separate however many there are.
  const rest = line.slice(end + separator.length);
  const password = decodeHexNotation(separator === ' ' ? rest.trimStart() : rest);
  return password === '' ? 'empty-password' : { username, password, times: 1 };
}

function splitAsciiPair(
  bytes: Uint8Array,
  from: number,
  at: number,
  to: number,
  separator: number,
  fields: AsciiFields,
): RejectReason | undefined {
  let split = at;
  while (split < to && bytes[split] !== separator) split++;
  if (split === to) return isBlank(bytes, from, to) ? 'blank' : reasonAlone(bytes, from, to);
  let start = at;
  while (start < split && isSpace(bytes[start])) start++;
  let end = split;
  while (end > start && isSpace(bytes[end - 1])) end--;
  if (start === end) return 'empty-username';
  const isMark = bytes[at] === HASH_SIGN || bytes[at] === SLASH;
  if (isMark && isComment(Buffer.from(bytes.subarray(at, split)).toString('latin1'))) return 'comment';
  if (separator === COLON && at === from && bytes[split + 1] === SLASH && bytes[split + 2] === SLASH)
    return splitAsciiUrl(bytes, from, to, fields);
  if (split + 1 === to) return 'empty-password';
  fields.usernameFrom = start;
  fields.usernameTo = end;
  fields.passwordFrom = split + 1;
  fields.passwordTo = to;
  fields.times = 1;
  return undefined;
}

/** A line without a separator is a comment if it starts as one. */
function reasonAlone(bytes: Uint8Array, from: number, to: number): RejectReason {
  const isSlashes = bytes[from] === SLASH && bytes[from + 1] === SLASH && from + 1 < to;
  return bytes[from] === HASH_SIGN || isSlashes ? 'comment' : 'no-separator';
}

const COLON = 0x3a;
const SLASH = 0x2f;
const HASH_SIGN = 0x23;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const MAX_PORT_DIGITS = 5;

/**
 * `url:user:pass`. The colons of a scheme, an IPv6 host and a port belong to the URL, and so does
 * anything up to the next colon. A number after the host is a port if a path or two more fields
 * follow it.
 */
const urlRules: LineRules = {
  parseLine(line) {
    const end = urlEnd(line.length, (at) => line.charCodeAt(at));
    if (end === -1) return line.trim() === '' ? 'blank' : 'no-separator';
    return splitPair(line, end + 1, ':');
  },
  parseAscii: splitAsciiUrl,
};

function splitAsciiUrl(bytes: Uint8Array, from: number, to: number, fields: AsciiFields): RejectReason | undefined {
  const end = urlEnd(to - from, (at) => (at < to - from ? (bytes[from + at] as number) : -1));
  if (end === -1) return isBlank(bytes, from, to) ? 'blank' : 'no-separator';
  return splitAsciiPair(bytes, from, from + end + 1, to, COLON, fields);
}

const isHostByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || byte === 0x2d || byte === 0x2e;

/** Skips `user:pass@`, which only a host and a path can follow. @returns the start of the host */
function hostAfterUserInfo(length: number, at: (place: number) => number, from: number): number {
  for (let place = from; place < length && at(place) !== SLASH; place++) {
    if (at(place) !== 0x40) continue;
    let end = place + 1;
    while (end < length && isHostByte(at(end))) end++;
    if (at(end) === COLON) for (end++; end < length && at(end) >= 0x30 && at(end) <= 0x39; ) end++;
    return at(end) === SLASH ? place + 1 : from;
  }
  return from;
}

/** @returns the index of the colon that ends the URL, or -1 */
export function urlEnd(length: number, at: (place: number) => number): number {
  const find = (byte: number, from: number): number => {
    for (let place = from; place < length; place++) if (at(place) === byte) return place;
    return -1;
  };
  let host = 0;
  let colon = find(COLON, 0);
  if (colon > 0 && at(colon + 1) === SLASH && at(colon + 2) === SLASH) {
    host = colon + 3;
    host = hostAfterUserInfo(length, at, host);
    const bracket = at(host) === OPENING_BRACKET ? find(CLOSING_BRACKET, host) : -1;
    colon = find(COLON, bracket === -1 ? host : bracket);
  }
  if (colon === -1) return -1;
  const slash = find(SLASH, host);
  if (slash !== -1 && slash < colon) return colon;
  let digits = colon + 1;
  while (digits < length && at(digits) >= 0x30 && at(digits) <= 0x39) digits++;
  const count = digits - colon - 1;
  if (count === 0 || count > MAX_PORT_DIGITS) return colon;
  const after = at(digits);
  if (after === COLON) return find(COLON, digits + 1) === -1 ? colon : digits;
  return after === SLASH || after === 0x3f || after === 0x23 ? find(COLON, digits) : colon;
}
