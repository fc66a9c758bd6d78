// Passes the lines of a segment to a deriver: plain ASCII as bytes, everything else as strings.

import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { MAX_FIELD_BYTES } from '../../protocol/private-input.ts';
import type { Credential } from '../../store/run/credential-records.ts';
import type { AsciiFields, CredentialSink, LineRules } from '../formats/format.ts';
import { parseText } from '../formats/line-parser.ts';
import { mayBeAbsent, reasonNoPassword } from '../formats/no-password.ts';
import { MAX_LINE_BYTES } from '../input/lines.ts';
import type { RejectCounter, RejectReason } from '../rejects.ts';
import type { SignCounter } from '../report/signs.ts';
import type { Deriver } from './deriver.ts';

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;
const DOLLAR = 0x24;

/** A byte of a plain line: ASCII without controls and without `$`, and so without `$HEX[`. */
const PLAIN = 0;
const RETURN = 1;
const OTHER = 2;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === CR) return RETURN;
  return byte === TAB || (byte >= SPACE && byte < DELETE && byte !== DOLLAR) ? PLAIN : OTHER;
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
  let credentials = 0;
  for (let from = 0; from < segment.length; ) {
    let kinds = PLAIN;
    let lineEnd = from;
    for (; lineEnd < segment.length && segment[lineEnd] !== LF; lineEnd++)
      kinds |= KINDS[segment[lineEnd] as number] as number;
    let to = lineEnd;
    while (to > from && segment[to - 1] === CR) to--;
    if (to === from) rejects.add('blank');
    else if (to - from > MAX_LINE_BYTES) rejects.add('too-long');
    else if (rules.parseAscii && (kinds === PLAIN || (kinds === RETURN && !hasReturn(segment, from, to)))) {
      const unread = rules.parseAscii(segment, from, to, fields);
      if (unread !== undefined) seeLine?.(segment.subarray(from, to));
      const reason = unread ?? reasonAbsent(segment, fields, deriver);
      if (reason !== undefined) rejects.addLine(reason, segment.subarray(from, to));
      else if (addAscii(segment, fields, deriver, signs)) credentials++;
      else rejects.add('too-long');
    } else texts.derive(from, to);
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
function addAscii(segment: Uint8Array, fields: AsciiFields, deriver: Deriver, signs: SignCounter | undefined): boolean {
  const { usernameFrom, usernameTo, passwordFrom, passwordTo, times } = fields;
  if (usernameTo - usernameFrom > MAX_FIELD_BYTES || passwordTo - passwordFrom > MAX_FIELD_BYTES) return false;
  if (signs?.isDue) signs.observeAscii(segment, usernameFrom, usernameTo, passwordFrom, passwordTo);
  deriver.addAscii(segment, usernameFrom, usernameTo, passwordFrom, passwordTo, Math.min(MAX_TIMES_SEEN, times));
  return true;
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
