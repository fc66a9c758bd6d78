// The formats with one credential per line, by name. Workers parse these independently.

import { decodeHexNotation } from '../input/text.ts';
import type { AsciiFields, CorpusFormat } from './format.ts';
import { ntlmListFormat, sha1ListFormat } from './hash-list.ts';
import { isSpace, lineFormat } from './line-parser.ts';
import { comboRules, urlRules } from './pairs.ts';

const PAIRS = ['account', 'password'] as const;

export const comboFormat = lineFormat('combo', PAIRS, comboRules(':'));

/** Each separator and its format. */
export const COMBO_FORMATS: readonly (readonly [string, CorpusFormat])[] = [
  [':', comboFormat],
  [';', lineFormat('combo-semicolon', PAIRS, comboRules(';'))],
  [',', lineFormat('combo-comma', PAIRS, comboRules(','))],
  ['|', lineFormat('combo-pipe', PAIRS, comboRules('|'))],
  ['\t', lineFormat('combo-tab', PAIRS, comboRules('\t'))],
];

/** `url:user:pass` of stealer logs. */
export const urlFormat = lineFormat('url-user-pass', PAIRS, urlRules);

function passwordAlone(fields: AsciiFields, from: number, to: number, times: number): void {
  fields.usernameFrom = -1;
  fields.usernameTo = -1;
  fields.passwordFrom = from;
  fields.passwordTo = to;
  fields.times = times;
}

/** One password per line. */
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

const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
const MAX_COUNT_DIGITS = 15;
const COUNTED = /^\s*(\d{1,15})[ \t](.*)$/s;

/**
 * `count password` as `sort | uniq -c` writes it: white space, digits, one space or tab, the
 * password.
 */
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

/** Every line format, for `--format` and the workers. */
export const LINE_FORMATS: readonly CorpusFormat[] = [
  ...COMBO_FORMATS.map(([, format]) => format),
  urlFormat,
  passwordsFormat,
  countedPasswordsFormat,
  sha1ListFormat,
  ntlmListFormat,
];

/** @returns undefined for the name of any other format */
export function findLineFormat(name: string): CorpusFormat | undefined {
  return LINE_FORMATS.find((format) => format.name === name);
}
