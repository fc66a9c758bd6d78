// The shared part of formats with one credential per line.

import { LineSplitter } from '../input/lines.ts';
import { decodeHexNotation, decodeText } from '../input/text.ts';
import type { RejectReason } from '../rejects.ts';
import type { AsciiFields, CorpusFormat, CredentialSink, FormatOptions, LineRules } from './format.ts';

const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;

/** The ASCII characters that `String.prototype.trim` removes. */
export const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || (byte !== undefined && byte >= TAB && byte <= CR);

export function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && isSpace(bytes[at])) at++;
  return at === to;
}

/** Where a password, or a hash in its place, stands alone. */
export function takeSecret(fields: AsciiFields, from: number, to: number, times: number): undefined {
  fields.usernameFrom = -1;
  fields.usernameTo = -1;
  fields.passwordFrom = from;
  fields.passwordTo = to;
  fields.times = times;
}

/**
 * Parses a line without its line end. A CR within it is a line end too, and a byte order mark at
 * its start is none of it.
 */
export function parseText(line: Buffer, rules: LineRules, sink: CredentialSink): void {
  const text = decodeText(line);
  if (!text.includes('\r')) {
    parseOne(line, text, rules, sink);
    return;
  }
  for (let from = 0; from <= line.length; ) {
    const end = line.indexOf(CR, from);
    const part = line.subarray(from, end === -1 ? line.length : end);
    parseOne(part, decodeText(part), rules, sink);
    from = end === -1 ? line.length + 1 : end + 1;
  }
}

function parseOne(line: Buffer, text: string, rules: LineRules, sink: CredentialSink): void {
  const parsed = parseLine(text, rules);
  if (typeof parsed === 'string') sink.reject(parsed, line);
  else sink.credential(parsed);
}

function parseLine(text: string, { parseLine }: LineRules): ReturnType<LineRules['parseLine']> {
  if (text === '') return 'blank';
  if (text.includes('\0')) return 'nul-byte';
  return parseLine(text.startsWith('\ufeff') ? text.slice(1) : text);
}

/** Where the fields of a line are, as offsets. */
export interface FieldCut {
  /** Default: 0. */
  readonly usernameAt?: number;
  /** Undefined if the line has no username. */
  readonly usernameEnd?: number;
  readonly passwordAt: number;
  /** Default: the end of the line. */
  readonly passwordEnd?: number;
  /** Default: 1. */
  readonly times?: number;
}

/** The rules of a format that follow from where its lines are cut. */
export function cutRules(cut: (line: string) => FieldCut | RejectReason): LineRules {
  return {
    parseLine(line) {
      const found = cut(line);
      if (typeof found === 'string') return found;
      const { usernameAt = 0, usernameEnd, passwordAt, passwordEnd, times = 1 } = found;
      const password = decodeHexNotation(line.slice(passwordAt, passwordEnd));
      if (password === '') return 'empty-password';
      return { ...(usernameEnd !== undefined && { username: line.slice(usernameAt, usernameEnd) }), password, times };
    },
    parseAscii(bytes, from, to, fields) {
      const line = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
      const found = cut(line);
      if (typeof found === 'string') return found;
      const { usernameAt = 0, usernameEnd, passwordAt, passwordEnd = line.length, times = 1 } = found;
      const username = usernameEnd === undefined ? undefined : line.slice(usernameAt, usernameEnd);
      fields.usernameFrom =
        username === undefined ? -1 : from + usernameAt + username.length - username.trimStart().length;
      fields.usernameTo = username === undefined ? -1 : fields.usernameFrom + username.trim().length;
      fields.passwordFrom = from + passwordAt;
      fields.passwordTo = from + passwordEnd;
      fields.times = times;
      return undefined;
    },
  };
}

export function lineFormat(
  name: string,
  feeds: CorpusFormat['feeds'],
  lines: LineRules,
  options: FormatOptions = {},
): CorpusFormat {
  return {
    name,
    options,
    feeds,
    lines,
    createParser: (sink) =>
      new LineSplitter({
        line: (bytes) => parseText(bytes, lines, sink),
        tooLong: () => sink.reject('too-long'),
      }),
  };
}

/** `local@host.tld`, without separators. */
export function isAddress(text: string): boolean {
  const at = text.indexOf('@');
  const dot = text.lastIndexOf('.');
  return at > 0 && dot > at + 1 && dot < text.length - 2 && text.indexOf('@', at + 1) === -1 && isUsername(text);
}

const NO_USERNAME = /[\s:;,|"<>{}[\]]/;

/** A username hardly ever contains a separator, a bracket or white space. */
export const isUsername = (text: string): boolean =>
  text.length > 0 && text.length <= 128 && !NO_USERNAME.test(text) && !text.startsWith('//');

/** Comments and rulers, as they stand at the head of a list. */
export const isComment = (line: string): boolean =>
  line.startsWith('# ') || line.startsWith('#!') || line.startsWith('##') || line === '#' || line.startsWith('// ');

/** Without the comments at the head of the text. */
export function withoutHead(lines: readonly string[]): readonly string[] {
  let from = 0;
  while (from < lines.length && /^(?:#|\/\/)/.test(lines[from] as string)) from++;
  return lines.slice(from);
}

const SCHEME_CHARACTERS = /^[a-z][a-z0-9+.-]*$/i;
const MAX_SCHEME = 24;

/** Whether `text` begins with `scheme://`. */
export function startsWithScheme(text: string): boolean {
  const colon = text.indexOf(':');
  return (
    colon > 0 && colon <= MAX_SCHEME && text.startsWith('//', colon + 1) && SCHEME_CHARACTERS.test(text.slice(0, colon))
  );
}

/** The start of a URL that follows `separator`; -1 if there is none. */
export function trailingUrl(text: string, separator: string): number {
  const slashes = text.lastIndexOf('://');
  if (slashes <= 0) return -1;
  const start = text.lastIndexOf(separator, slashes - 1);
  return start > 0 && startsWithScheme(text.slice(start + separator.length)) ? start + separator.length : -1;
}

/** The number that a line starts with. */
const NUMBER = /^\s{0,8}(\d{1,9})[.)]?[ \t]+/;

/** Whether lines are numbered. */
export const areNumbered = (lines: readonly string[]): boolean => countUp(lines, NUMBER);

/** Whether nearly each text has, as the group of `pattern`, one more than the text before. */
export function countUp(texts: readonly string[], pattern: RegExp): boolean {
  const numbers = texts.map((text) => Number(pattern.exec(text)?.[1] ?? Number.NaN));
  const successors = numbers.filter((number, i) => i > 0 && number === (numbers[i - 1] as number) + 1).length;
  return texts.length > 1 && successors >= 0.9 * (texts.length - 1);
}

/** Hex digits of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512; MySQL's has 40 after a star. */
const HEX_LENGTHS = new Set([32, 40, 56, 64, 96, 128]);
const HASH = /^(?:\*?[0-9a-fA-F]+|\$(?:2[abxy]?|1|5|6|y|P|H|S|argon2(?:i|d|id))\$\S+)$/;

/** Whether a field is a hash: hex digits of a usual length, or one of crypt. */
export const isHash = (text: string): boolean =>
  HASH.test(text) && (text.startsWith('$') || HEX_LENGTHS.has(text.replace('*', '').length));
