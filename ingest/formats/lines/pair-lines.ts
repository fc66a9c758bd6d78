// Recognises lists of credentials, one a line: pairs, with or without URLs, numbers and captures.

import { isSql } from '../../syntax/sql-lines.ts';
import { roleOfName } from '../column-names.ts';
import type { CorpusFormat, FormatModule, FormatOptions, Recognised } from '../format.ts';
import { describeLayout, isPair } from '../layout.ts';
import { isAddress, isComment, isUsername } from '../line-parser.ts';
import { refuse } from '../refusal.ts';
import { isNotice, isRemark } from '../remarks.ts';
import { percent, type TextSample } from '../sample.ts';
import { formatOfLayout, plainFormat } from './layout-format.ts';
import { COMBO_FORMATS, comboFormatOf } from './line-format.ts';
import { proposeLayouts, type UnclearColumns } from './propose-layouts.ts';
import { type Reading, readBy } from './readings.ts';
import { COMMON } from './separators.ts';

const MAX_LINES = 1000;
const HALF = 0.5;
/** A reading that is as likely, and gives other credentials, makes both unclear. */
const MARGIN = 0.1;
const ALIKE = 0.9;
const MOST = 0.8;
/** Above formats that only guess, below those that know. */
const UNCLEAR_SCORE = 0.6;
const MARKUP = /^\s*(?:[{<]|\[\s*["{[]|\(\s*(?:\d+\s*,|["']))/i;

function recogniseLines(sample: TextSample, { separator }: FormatOptions): Recognised | undefined {
  const lines = sample.lines.slice(0, MAX_LINES);
  const rows = lines.filter((line) => !isNoise(line));
  if (rows.length === 0 || rows.filter((row) => MARKUP.test(row) || isSql(row)).length > HALF * rows.length)
    return undefined;
  const { layouts, unclear } = proposeLayouts(rows, separator);
  const readings = layouts
    .map((layout) => readBy(layout, lines))
    .filter((reading) => reading !== undefined)
    .sort((a, b) => b.score - a.score);
  const sure = separator === undefined ? readings.filter(({ isSure }) => isSure) : readings;
  const [best] = sure;
  if (best) {
    const rival = sure.find((other) => best.score - other.score < MARGIN && !areAlike(best, other));
    return rival ? refuseBoth(best, rival) : accept(best, rows, sample.whole && rows.length < MAX_LINES);
  }
  if (unclear[0]) return refuseColumns(unclear[0]);
  if (readings[0] && readings[0].read > MOST) return refuseWords(readings[0]);
  return separator === undefined ? refusePhrases(rows) : undefined;
}

/** Words behind nearly all usernames: passwords of several words, or other columns. */
function refusePhrases(rows: readonly string[]): Recognised | undefined {
  const before = (row: string, mark: string): string => row.slice(0, Math.max(0, row.indexOf(mark))).trim();
  const areMost = (is: (row: string) => boolean): boolean => rows.filter(is).length > MOST * rows.length;
  const isPhrase = (row: string, mark: string): boolean => /\S\s+\S/.test(row.slice(row.indexOf(mark) + 1));
  const areLogins = (mark: string): boolean =>
    mark !== ' ' &&
    areMost((row) => isUsername(before(row, mark)) && isPhrase(row, mark)) &&
    new Set(rows.map((row) => before(row, mark))).size > MOST * rows.length;
  const ofAddresses = COMMON.find((mark) => areMost((row) => isAddress(before(row, mark))));
  const found = ofAddresses ?? COMMON.find(areLogins);
  if (found === undefined) return undefined;
  const shown = JSON.stringify(found);
  const what = `behind ${ofAddresses === undefined ? 'single words' : 'e-mail addresses'} and ${shown} stand several words, which may be passwords or other columns`;
  const hint = `Look at the lines. If all behind the first ${shown} is the password, pass --format combo --separator ${shown}; if one column is, --columns username=1,password=N --separator TEXT.`;
  return refuse(comboFormatOf('combo', found, { separator: found }), UNCLEAR_SCORE, what, hint);
}

/** Comments and rulers. */
const isNoise = (line: string): boolean => isComment(line) || line.startsWith('//') || !/[\p{L}\p{N}]/u.test(line);

function areAlike(one: Reading, other: Reading): boolean {
  const alike = one.found.filter((found, i) => found === other.found[i]).length;
  return alike >= ALIKE * one.found.length;
}

function accept(reading: Reading, rows: readonly string[], areAll: boolean): Recognised {
  const { layout, format, score, read, addresses, urls } = reading;
  const remarks = remarksIn(reading, rows, areAll);
  return {
    format: remarks === undefined ? format : formatOfLayout({ ...layout, remarks }),
    score,
    reasons: [
      `${percent(read)} of the lines are pairs`,
      `${percent(addresses)} of the usernames are e-mail addresses`,
      ...(urls > 0 ? [`${percent(urls)} of the lines have a URL`] : []),
      ...(format.options.layout ? [`they are laid out as ${describeLayout(layout)}`] : []),
    ],
  };
}

/** Lines below a list of logins that may be remarks. */
const MAX_BELOW = 2;
/** More of them among addresses are none. */
const MAX_REMARKS = 50;
const NEARLY_ALL = 0.95;

/** Of lists with more of them, blanks before the passwords tell nothing. */
const FEW_NOTICES = 0.1;

/**
 * The names of the columns, and what is unlike the rows of a list of which all are there.
 * @returns undefined if there are none, nor any notices
 */
function remarksIn({ format }: Reading, rows: readonly string[], areAll: boolean): readonly string[] | undefined {
  const pairs = rows.map((row) => {
    const found = format.lines?.parseLine(row);
    return typeof found === 'object' ? { row, username: found.username ?? '', password: found.password } : undefined;
  });
  const isOdd = (pair: (typeof pairs)[number], areAddresses: boolean): boolean =>
    pair !== undefined &&
    isRemark([pair.username], pair.username, pair.password, { rows: rows.length - 1, areAddresses });
  const likely = areAll ? pairs.filter((pair) => pair && !isOdd(pair, true)) : [];
  const addresses = likely.filter((pair) => pair?.username.includes('@')).length;
  const areAddresses = addresses > 1 && addresses > NEARLY_ALL * likely.length;
  const some = areAddresses ? pairs : pairs.slice(1).slice(-MAX_BELOW);
  const odd = areAll ? some.filter((pair) => isOdd(pair, areAddresses)) : [];
  const above = rows.slice(0, 1).filter((row) => isHeader(format.lines?.parseLine(row)));
  const found = [...above, ...odd.slice(0, MAX_REMARKS).map((pair) => pair?.row ?? '')].map((row) => row.trim());
  const notices = pairs.filter((pair) => pair && isNotice(pair.username, pair.password)).length;
  return found.length > 0 || (notices > 0 && notices <= FEW_NOTICES * rows.length) ? found : undefined;
}

/** Whether the first pair is the names of the columns. */
function isHeader(pair: ReturnType<NonNullable<Recognised['format']['lines']>['parseLine']> | undefined): boolean {
  if (typeof pair !== 'object') return false;
  const role = roleOfName(pair.username ?? '');
  return (role === 'login' || role === 'weak-login') && roleOfName(pair.password) === 'password';
}

function refuseColumns(columns: UnclearColumns): Recognised {
  const { separator, width, usernames, passwords } = columns;
  const what = `${JSON.stringify(separator)} cuts the lines into ${width} columns`;
  const which = (places: readonly number[]): string => (places.length === 0 ? 'none' : places.join(', '));
  return refuse(
    comboFormatOf('combo', separator, { separator }),
    UNCLEAR_SCORE,
    `${what}, of which ${which(usernames)} may be the username and ${which(passwords)} the password`,
    hintAtColumns(columns),
  );
}

/** Names places only if they are likely: a wrong one would be followed. */
function hintAtColumns({ separator, usernames, passwords, isLikely, isShort }: UnclearColumns): string {
  const flag = `--separator ${JSON.stringify(separator)}`;
  if (isLikely) return `If these are they, pass --columns username=${usernames[0]},password=${passwords[0]} ${flag}.`;
  const rest =
    isShort && usernames[0] === 1 ? ` If all behind the first one is the password: --format combo ${flag}.` : '';
  return `Look at the lines. If one of them has the passwords, name it by its place, from 1: --columns username=N,password=N ${flag}.${rest} If none has, leave the text out.`;
}

function refuseBoth(best: Reading, rival: Reading): Recognised {
  const both = [best, rival];
  const isPlain = ({ layout }: Reading): boolean => isPair(layout) && !layout.quote;
  const shown = both.map(({ layout }) => describeLayout(layout)).join(' or ');
  const flags = both
    .filter(isPlain)
    .map(
      ({ layout }) => `--format combo --separator ${JSON.stringify(layout.separator)} for ${describeLayout(layout)}`,
    );
  return refuse(
    best.format,
    best.score,
    `the lines may be laid out as ${shown}`,
    `Look at the lines. ${[...flags, 'for one column of more, --columns username=N,password=N --separator TEXT'].join('; ')}.`,
  );
}

function refuseWords({ layout, format }: Reading): Recognised {
  const shown = JSON.stringify(layout.separator);
  const what = `${shown} stands in most lines, between usernames and passwords or within passwords`;
  return refuse(
    format,
    UNCLEAR_SCORE,
    what,
    `Name the format: --format combo --separator ${shown} for pairs, --format passwords for passwords.`,
  );
}

const createPlain = (name: string, options: FormatOptions): CorpusFormat => plainFormat(name, options) as CorpusFormat;
const nothing = (): undefined => undefined;

export const comboModules: readonly FormatModule[] = [
  {
    names: ['combo'],
    takes: ['separator'],
    create: createPlain,
    recognise: recogniseLines,
  },
  // The separators with formats of their own.
  ...COMBO_FORMATS.slice(1).map(([, { name }]) => ({
    names: [name],
    takes: [],
    create: createPlain,
    recognise: nothing,
  })),
];
