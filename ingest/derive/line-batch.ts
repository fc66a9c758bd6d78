// Passes the lines of a segment to a deriver: as bytes, where these show what they are, otherwise
// as strings.

import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { isTooLong, normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { MAX_FIELD_BYTES } from '../../protocol/private-input.ts';
import type { Credential } from '../../store/run/credential-records.ts';
import type { AsciiFields, CredentialSink, LineRules } from '../formats/format.ts';
import { parseText } from '../formats/line-parser.ts';
import { mayBeAbsent, reasonNoPassword } from '../formats/no-password.ts';
import { MAX_LINE_BYTES } from '../input/lines.ts';
import { encodeWindows1252, IS_NORMAL, looksNormal, MAX_UTF8_BYTES, MAY_CHANGE } from '../input/normal-text.ts';
import type { RejectCounter, RejectReason } from '../rejects.ts';
import type { SignCounter } from '../report/signs.ts';
import type { Deriver } from './deriver.ts';

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;
const DOLLAR_SIGN = 0x24;
const NOTATION = Buffer.from('$HEX[');
/** Of a byte order mark at the start of a line, which is none of it. */
const BOM_LEAD = 0xef;

/** Kinds of bytes. PLAIN is ASCII without controls and without `$`, and so without `$HEX[`. */
const PLAIN = 0;
const RETURN = 1;
const DOLLAR = 2;
const HIGH = 4;
const CONTROL = 8;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === CR) return RETURN;
  if (byte === DOLLAR_SIGN) return DOLLAR;
  if (byte >= 0x80) return HIGH;
  return byte === TAB || (byte >= SPACE && byte < DELETE) ? PLAIN : CONTROL;
});

/**
 * @param segment whole lines, each ended by LF
 * @param signs observes some of the credentials
 * @param seeLine takes lines that are rejected, but for those whose password is none
 * @returns the credentials found
 */
export function deriveLines(
  segment: Uint8Array,
  rules: LineRules,
  deriver: Deriver,
  rejects: RejectCounter,
  signs?: SignCounter,
  seeLine?: (line: Uint8Array) => void,
): number {
  const fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 1 };
  const texts = new TextLines(segment, rules, deriver, rejects, signs, seeLine);
  const others = new OtherLines(segment, rules, deriver, signs);
  let credentials = 0;
  for (let from = 0; from < segment.length; ) {
    let kinds = PLAIN;
    let lineEnd = from;
    for (; lineEnd < segment.length && segment[lineEnd] !== LF; lineEnd++)
      kinds |= KINDS[segment[lineEnd] as number] as number;
    let to = lineEnd;
    while (to > from && segment[to - 1] === CR) to--;
    if (kinds & RETURN && !hasReturn(segment, from, to)) kinds &= ~RETURN;
    if (to === from) rejects.add('blank');
    else if (to - from > MAX_LINE_BYTES) rejects.add('too-long');
    else if (rules.parseAscii && kinds === PLAIN) {
      const unread = rules.parseAscii(segment, from, to, fields);
      if (unread !== undefined) seeLine?.(segment.subarray(from, to));
      const reason = unread ?? reasonAbsent(segment, fields, deriver);
      if (reason !== undefined) rejects.addLine(reason, segment.subarray(from, to));
      else if (addBytes(segment, fields, deriver, signs)) credentials++;
      else rejects.add('too-long');
    } else if ((kinds & ~(DOLLAR | HIGH)) === PLAIN && others.derive(from, to)) credentials++;
    else texts.derive(from, to);
    from = lineEnd + 1;
  }
  return credentials + texts.credentials;
}

/** @returns the reason if what stands for the password of an account is none */
function reasonAbsent(segment: Uint8Array, fields: AsciiFields, deriver: Deriver): RejectReason | undefined {
  const { usernameFrom, usernameTo, passwordFrom, passwordTo } = fields;
  if (usernameFrom < 0 || !mayBeAbsent(segment[passwordFrom], passwordTo - passwordFrom)) return undefined;
  const text = (at: number, to: number): string => Buffer.from(segment.subarray(at, to)).toString('latin1');
  const reason = reasonNoPassword(text(passwordFrom, passwordTo));
  if (reason !== undefined) deriver.seeName?.(normalizeUsername(text(usernameFrom, usernameTo)));
  return reason;
}

/** @returns false if a field is too long for an entry */
function addBytes(segment: Uint8Array, fields: AsciiFields, deriver: Deriver, signs: SignCounter | undefined): boolean {
  const { usernameFrom, usernameTo, passwordFrom, passwordTo, times } = fields;
  if (usernameTo - usernameFrom > MAX_FIELD_BYTES || passwordTo - passwordFrom > MAX_FIELD_BYTES) return false;
  if (signs?.isDue) signs.observeAscii(segment, usernameFrom, usernameTo, passwordFrom, passwordTo);
  deriver.addBytes(segment, usernameFrom, usernameTo, passwordFrom, passwordTo, Math.min(MAX_TIMES_SEEN, times));
  return true;
}

/** Fields of other lines up to this length are read as bytes. */
const MAX_OTHER_BYTES = 128;
/** A password with `$` and this many bytes may be a hash: no-password.ts. */
const MIN_HASH_BYTES = 30;

/** Derives what lines contain that are ASCII but for their passwords, where their bytes show it. */
class OtherLines {
  readonly #segment: Uint8Array;
  readonly #rules: LineRules;
  readonly #deriver: Deriver;
  readonly #signs: SignCounter | undefined;
  readonly #fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 1 };
  /** A username, and behind it a password of windows-1252 in UTF-8. */
  readonly #encoded = new Uint8Array((1 + MAX_UTF8_BYTES) * MAX_OTHER_BYTES);

  constructor(segment: Uint8Array, rules: LineRules, deriver: Deriver, signs: SignCounter | undefined) {
    this.#segment = segment;
    this.#rules = rules;
    this.#deriver = deriver;
    this.#signs = signs;
  }

  /**
   * Takes a line without controls and with `$` or bytes above 0x7f.
   * @returns false for a line that must be read as text
   */
  derive(from: number, to: number): boolean {
    const segment = this.#segment;
    const { parseAscii, anyPassword } = this.#rules;
    const fields = this.#fields;
    if (!parseAscii || !anyPassword || parseAscii(segment, from, to, fields) !== undefined) return false;
    const { usernameFrom, usernameTo, passwordFrom, passwordTo } = fields;
    const isLong = passwordTo - passwordFrom > MAX_OTHER_BYTES || usernameTo - usernameFrom > MAX_OTHER_BYTES;
    if (isLong || passwordTo !== to || !isAscii(segment, from, passwordFrom)) return false;
    const isAccount = usernameFrom >= 0;
    if (isAccount && mayBeAbsent(segment[passwordFrom], passwordTo - passwordFrom)) return false;
    if (mayBeNotation(segment, from, to, to - passwordFrom >= MIN_HASH_BYTES)) return false;
    const form = looksNormal(segment, passwordFrom, passwordTo);
    if (form === MAY_CHANGE || (segment[from] === BOM_LEAD && passwordFrom === from)) return false;
    if (form === IS_NORMAL) this.#add(segment, fields);
    else this.#addWindows1252(fields);
    return true;
  }

  #add(bytes: Uint8Array, { usernameFrom, usernameTo, passwordFrom, passwordTo, times }: AsciiFields): void {
    if (this.#signs?.isDue) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const username = usernameFrom < 0 ? undefined : text.toString('latin1', usernameFrom, usernameTo);
      this.#signs.observe(username, text.toString('utf8', passwordFrom, passwordTo));
    }
    const seen = Math.min(MAX_TIMES_SEEN, times);
    this.#deriver.addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, seen);
  }

  #addWindows1252(fields: AsciiFields): void {
    const encoded = this.#encoded;
    const { usernameFrom, usernameTo, passwordFrom, passwordTo } = fields;
    const isAccount = usernameFrom >= 0;
    const length = isAccount ? usernameTo - usernameFrom : 0;
    for (let i = 0; i < length; i++) encoded[i] = this.#segment[usernameFrom + i] as number;
    fields.usernameFrom = isAccount ? 0 : -1;
    fields.usernameTo = isAccount ? length : -1;
    fields.passwordFrom = length;
    fields.passwordTo = encodeWindows1252(this.#segment, passwordFrom, passwordTo, encoded, length);
    this.#add(encoded, fields);
  }
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

/** Whether there is `$HEX[`, or any `$` where the password may be a hash. */
function mayBeNotation(bytes: Uint8Array, from: number, to: number, mayBeHash: boolean): boolean {
  for (let i = from; i < to; i++)
    if (bytes[i] === DOLLAR_SIGN && (mayBeHash || NOTATION.every((byte, at) => bytes[i + at] === byte))) return true;
  return false;
}

/** Derives what lines of any bytes contain. */
class TextLines implements CredentialSink {
  readonly #segment: Buffer;
  readonly #rules: LineRules;
  readonly #deriver: Deriver;
  readonly #rejects: RejectCounter;
  readonly #signs: SignCounter | undefined;
  readonly #seeLine: ((line: Uint8Array) => void) | undefined;
  #line: Uint8Array = new Uint8Array();
  credentials = 0;

  constructor(
    segment: Uint8Array,
    rules: LineRules,
    deriver: Deriver,
    rejects: RejectCounter,
    signs: SignCounter | undefined,
    seeLine: ((line: Uint8Array) => void) | undefined,
  ) {
    this.#segment = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
    this.#rules = rules;
    this.#deriver = deriver;
    this.#rejects = rejects;
    this.#signs = signs;
    this.#seeLine = seeLine;
  }

  derive(from: number, to: number): void {
    const line = this.#segment.subarray(from, to);
    this.#line = line;
    parseText(line, this.#rules, this);
  }

  credential({ username, password, times }: Credential): void {
    if (isTooLong(password) || (username !== undefined && isTooLong(username))) {
      this.#rejects.add('too-long');
      return;
    }
    const reason = username === undefined ? undefined : reasonNoPassword(password);
    if (reason !== undefined) {
      if (username !== undefined) this.#deriver.seeName?.(normalizeUsername(username));
      this.#rejects.addLine(reason, this.#line);
      return;
    }
    if (this.#signs?.isDue) this.#signs.observe(username, password);
    const name = username === undefined ? undefined : normalizeUsername(username);
    if (this.#deriver.add(name, normalizePassword(password), Math.min(MAX_TIMES_SEEN, times))) this.credentials++;
    else this.#rejects.add('too-long');
  }

  reject(reason: RejectReason, line: Uint8Array = this.#line): void {
    this.#seeLine?.(line);
    this.#rejects.addLine(reason, line);
  }
}

function hasReturn(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === CR) return true;
  return false;
}
