// The formats with one credential per line, by name. Workers parse these independently.

import { decodeHexNotation } from '../input/text.ts';
import type { AsciiFields, CorpusFormat, FormatModule } from './format.ts';
import { isSpace, lineFormat } from './line-parser.ts';
import { comboRules, urlRules } from './pairs.ts';
import { percent } from './sample.ts';

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

/** Shares of the lines that must match a format: corpora are dirty. */
const MOST = 0.8;
const HALF = 0.5;

/** A username hardly ever contains a separator or white space. */
const USERNAME = /^[^\s:;,|]+$/;
const EMAIL = /^\s*[^\s@:;,|]+@[^\s@:;,|]+\.[^\s@:;,|]+$/;

/** Many a text has two columns: what else it shows weighs more. */
const PAIRS_SCORE = 0.9;

/** Recognises the pairs of one separator, the better the more usernames are e-mail addresses. */
function comboModule(separator: string, format: CorpusFormat): FormatModule {
  return {
    names: [format.name],
    takes: [],
    create: () => format,
    recognise({ lines }) {
      let pairs = 0;
      let emails = 0;
      for (const line of lines) {
        const at = line.indexOf(separator);
        const username = line.slice(0, Math.max(0, at));
        if (at === line.length - 1 || !USERNAME.test(username)) continue;
        pairs++;
        if (EMAIL.test(username)) emails++;
      }
      if (pairs <= HALF * lines.length) return undefined;
      const reasons = [
        `${percent(pairs / lines.length)} of the lines are pairs`,
        `${percent(emails / pairs)} of the usernames are e-mail addresses`,
      ];
      return { format, score: (PAIRS_SCORE * (pairs + emails)) / (2 * lines.length), reasons };
    },
  };
}

export const comboModules: readonly FormatModule[] = COMBO_FORMATS.map(([separator, format]) =>
  comboModule(separator, format),
);

const URL_LINE = /^[a-z][a-z0-9+.-]*:\/\/[^\s:]+(:\d{1,5})?[^\s:]*:[^:]+:./i;
const BARE_URL_LINE = /^([a-z0-9-]+\.)+[a-z]{2,}(:\d{1,5})?(\/[^\s:]*)?:[^\s:]+:./i;

export const urlModule: FormatModule = {
  names: [urlFormat.name],
  takes: [],
  create: () => urlFormat,
  recognise(sample) {
    const share = sample.share((line) => URL_LINE.test(line) || BARE_URL_LINE.test(line));
    if (share <= HALF) return undefined;
    return {
      format: urlFormat,
      score: (1 + share) / 2,
      reasons: [`${percent(share)} of the lines start with a URL`],
    };
  },
};

const COUNTED_LINE = /^\s*\d{1,15}[ \t]./;

export const countedPasswordsModule: FormatModule = {
  names: [countedPasswordsFormat.name],
  takes: [],
  create: () => countedPasswordsFormat,
  recognise(sample) {
    const score = sample.share((line) => COUNTED_LINE.test(line));
    if (score <= MOST) return undefined;
    return {
      format: countedPasswordsFormat,
      score: PAIRS_SCORE * score,
      reasons: [`${percent(score)} of the lines start with a count`],
    };
  },
};

/** Below any other format that explains half of the lines. */
const PASSWORDS_SCORE = 0.2;

export const passwordsModule: FormatModule = {
  names: [passwordsFormat.name],
  takes: [],
  create: () => passwordsFormat,
  recognise: () => ({ format: passwordsFormat, score: PASSWORDS_SCORE, reasons: ['the lines have no common parts'] }),
};
