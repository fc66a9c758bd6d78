// The formats with one credential per line, by name. Workers parse these independently.

import { IngestError } from '../../errors.ts';
import { decodeHexNotation } from '../../input/text.ts';
import type { CorpusFormat, FormatModule, FormatOptions, Recognised } from '../format.ts';
import {
  areNumbered,
  isAddress,
  isComment,
  isHash,
  isSpace,
  lineFormat,
  takeSecret,
  withoutHead,
} from '../line-parser.ts';
import { percent } from '../sample.ts';
import { comboRules } from './pairs.ts';
import { separatorsIn } from './separators.ts';

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
});

const COUNTED_LINE = /^\s*\d{1,15}[ \t]./;
const MOST = 0.8;
const COUNTED_SCORE = 0.85;

export const countedPasswordsModule: FormatModule = {
  names: [countedPasswordsFormat.name],
  takes: [],
  create: () => countedPasswordsFormat,
  recognise({ lines, share }) {
    const counted = share((line) => COUNTED_LINE.test(line));
    const single = share((line) => !/\s/.test(line.trim().replace(/^\d+\s/, '')));
    if (counted <= MOST || single <= MOST || areNumbered(lines)) return undefined;
    const reasons = [`${percent(counted)} of the lines start with a count`];
    return { format: countedPasswordsFormat, score: COUNTED_SCORE * counted, reasons };
  },
};

/** Below any format that shows more than single words. */
const PASSWORDS_SCORE = 0.5;
const MAX_PASSWORD = 64;
/** Separators in more lines than this are a structure. */
const MANY = 0.3;
const SEPARATOR = /[:;,|\t]/;
const MARKED_SHARE = 0.8;
/** Brackets and markup, and labels. */
const MARKED = /^\s*[[\]{}<>(]|^[\p{L} ]{1,24}:\s|:\s*$/u;

/** An IP address, a network or a domain. */
const HOST = /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|\/\d{1,2})?|(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,24})$/i;

function refuseHosts(): Recognised {
  const what = 'most lines are IP addresses or domains';
  const refusal = new IngestError(
    'FORMAT_UNRECOGNISED',
    what,
    'Leave the text out, or pass --format passwords if they are passwords.',
  );
  return { format: passwordsFormat, score: PASSWORDS_SCORE, reasons: [what], refusal };
}

function isPassword(line: string): boolean {
  const words = line.trim().split(' ').length;
  return (
    words <= 2 && line.length <= MAX_PASSWORD && !line.includes('://') && !MARKED.test(line) && !isAddress(line.trim())
  );
}

export const passwordsModule: FormatModule = {
  names: [passwordsFormat.name],
  takes: [],
  create: () => passwordsFormat,
  recognise(sample) {
    const lines = withoutHead(sample.lines);
    const share = (is: (line: string) => boolean): number => lines.filter(is).length / Math.max(1, lines.length);
    const structured = share((line) => SEPARATOR.test(line));
    const spaced = share((line) => line.trim().includes(' '));
    if (structured > MANY || spaced > MANY || share((line) => isHash(line.trim())) > MANY) return undefined;
    // A mark in most lines is none of the passwords.
    if (separatorsIn(lines, MARKED_SHARE).length > 0) return undefined;
    if (share((line) => HOST.test(line.trim())) > MOST) return refuseHosts();
    const likely = share(isPassword);
    const reasons = [`${percent(likely)} of the lines are single words without a common separator`];
    return { format: passwordsFormat, score: PASSWORDS_SCORE * likely, reasons };
  },
};
