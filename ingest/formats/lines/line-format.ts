// The formats with one credential per line, by name. Workers parse these independently.

import { decodeHexNotation } from '../../input/text.ts';
import type { CorpusFormat, FormatOptions } from '../format.ts';
import { isComment, isSpace, lineFormat, takeSecret } from '../line-parser.ts';
import { comboRules } from './pairs.ts';

const PAIRS = ['account', 'password'] as const;

/** Pairs of this separator; `options` are those that its module takes. */
export const comboFormatOf = (name: string, separator: string, options: FormatOptions = {}): CorpusFormat =>
  lineFormat(name, PAIRS, comboRules(separator), options);

export const comboFormat = comboFormatOf('combo', ':');

/** Each separator and its format. */
export const COMBO_FORMATS: readonly (readonly [string, CorpusFormat])[] = [
  [':', comboFormat],
  [';', comboFormatOf('combo-semicolon', ';')],
  [',', comboFormatOf('combo-comma', ',')],
  ['|', comboFormatOf('combo-pipe', '|')],
  ['\t', comboFormatOf('combo-tab', '\t')],
];

/** One password per line. */
export const passwordsFormat = lineFormat('passwords', ['password'], {
  parseLine(line) {
    if (isComment(line)) return 'comment';
    const password = decodeHexNotation(line);
    return password === '' ? 'empty-password' : { password, times: 1 };
  },
  parseAscii(bytes, from, to, fields) {
    const isMark = bytes[from] === 0x23 || bytes[from] === 0x2f;
    if (isMark && isComment(Buffer.from(bytes.subarray(from, to)).toString('latin1'))) return 'comment';
    return takeSecret(fields, from, to, 1);
  },
  anyPassword: true,
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
    return takeSecret(fields, at + 1, to, times);
  },
  anyPassword: true,
});
