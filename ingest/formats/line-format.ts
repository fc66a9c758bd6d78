// Formats with a credential a line.

import type { IndexName } from '../../protocol/bucket-id.ts';
import { LineSplitter } from '../lines.ts';
import { decodeHexNotation, decodeText } from '../text.ts';
import type { AsciiFields, CorpusFormat, LineRules } from './format.ts';

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;

/** What `String.prototype.trim` removes, as far as it is ASCII. */
const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || (byte !== undefined && byte >= TAB && byte <= 0x0d);

function lineFormat(name: string, feeds: readonly IndexName[], lines: LineRules): CorpusFormat {
  return {
    name,
    feeds,
    lines,
    createParser: (sink) =>
      new LineSplitter({
        line(bytes) {
          const parsed = bytes.length === 0 ? 'blank' : lines.parseLine(decodeText(bytes));
          if (typeof parsed === 'string') sink.reject(parsed);
          else sink.credential(parsed);
        },
        tooLong: () => sink.reject('too-long'),
      }),
  };
}

function passwordAlone(fields: AsciiFields, from: number, to: number, times: number): void {
  fields.usernameFrom = -1;
  fields.usernameTo = -1;
  fields.passwordFrom = from;
  fields.passwordTo = to;
  fields.times = times;
}

/** `user:pass`. The first colon separates; a password may contain more. */
export const comboFormat = lineFormat('combo', ['account', 'password'], {
  parseLine(line) {
    const separator = line.indexOf(':');
    if (separator === -1) return line.trim() === '' ? 'blank' : 'no-separator';
    const username = line.slice(0, separator);
    if (username.trim() === '') return 'empty-username';
    const password = decodeHexNotation(line.slice(separator + 1));
    if (password === '') return 'empty-password';
    return { username, password, times: 1 };
  },
  parseAscii(bytes, from, to, fields) {
    let separator = from;
    while (separator < to && bytes[separator] !== COLON) separator++;
    let start = from;
    while (start < separator && isSpace(bytes[start])) start++;
    if (separator === to) return start === to ? 'blank' : 'no-separator';
    let end = separator;
    while (end > start && isSpace(bytes[end - 1])) end--;
    if (start === end) return 'empty-username';
    if (separator + 1 === to) return 'empty-password';
    fields.usernameFrom = start;
    fields.usernameTo = end;
    fields.passwordFrom = separator + 1;
    fields.passwordTo = to;
    fields.times = 1;
    return undefined;
  },
});

/** A password a line. */
export const passwordsFormat = lineFormat('passwords', ['password'], {
  parseLine(line) {
    const password = decodeHexNotation(line);
    return password === '' ? 'empty-password' : { password, times: 1 };
  },
  parseAscii(_bytes, from, to, fields) {
    passwordAlone(fields, from, to, 1);
    return undefined;
  },
});

const MAX_COUNT_DIGITS = 15;
const COUNTED = /^\s*(\d{1,15})[ \t](.*)$/s;

/** `count password`, as `sort | uniq -c` writes it: white space, digits, one blank or tab, the password. */
export const countedPasswordsFormat = lineFormat('counted-passwords', ['password'], {
  parseLine(line) {
    const match = COUNTED.exec(line);
    if (!match) return line.trim() === '' ? 'blank' : 'bad-count';
    const times = Number(match[1]);
    if (times === 0) return 'bad-count';
    const password = decodeHexNotation(match[2] as string);
    return password === '' ? 'empty-password' : { password, times };
  },
  parseAscii(bytes, from, to, fields) {
    let at = from;
    while (at < to && isSpace(bytes[at])) at++;
    if (at === to) return 'blank';
    const digits = at;
    let times = 0;
    for (; at < to && at - digits < MAX_COUNT_DIGITS; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      times = times * 10 + digit;
    }
    if (at === to || (bytes[at] !== SPACE && bytes[at] !== TAB) || times === 0) return 'bad-count';
    if (at + 1 === to) return 'empty-password';
    passwordAlone(fields, at + 1, to, times);
    return undefined;
  },
});

const LINE_FORMATS = [comboFormat, passwordsFormat, countedPasswordsFormat];

/** By name; undefined for a format that is not of lines. */
export function findLineFormat(name: string): CorpusFormat | undefined {
  return LINE_FORMATS.find((format) => format.name === name);
}
