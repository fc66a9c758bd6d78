// Reads the sample by a layout and judges what comes out: whether it looks like usernames and
// passwords, and how surely.

import type { Credential } from '../../../store/run/credential-records.ts';
import type { CorpusFormat } from '../format.ts';
import { isPair, type LineLayout } from '../layout.ts';
import { isAddress, isHash, isUsername, startsWithScheme } from '../line-parser.ts';
import { columnOf } from './column-kinds.ts';
import { formatOfLayout } from './layout-format.ts';
import { separatorsIn } from './separators.ts';
import { hasUrl } from './url-lines.ts';

/** What a layout makes of the sample. */
export interface Reading {
  readonly layout: LineLayout;
  readonly format: CorpusFormat;
  readonly score: number;
  /** False if the lines may be texts of two words instead. */
  readonly isSure: boolean;
  /** Shares: of the lines that are credentials, and of usernames that are addresses. */
  readonly read: number;
  readonly addresses: number;
  /** Share of lines with a URL. */
  readonly urls: number;
  /** What each line gives: equal for equal credentials. */
  readonly found: readonly (string | undefined)[];
}

/** Without e-mail addresses as usernames, and what they add. */
const PAIRS_SCORE = 0.55;
const ADDRESSES_SCORE = 0.3;
const URLS_SCORE = 0.95;
/** A layout with fewer columns explains as much by less. */
const COLUMN_COST = 0.005;
/** More columns beside logins are those of a log or a table. */
const MAX_BESIDE_LOGINS = 4;
const HALF = 0.5;
/** Shares of passwords with a mark between blanks, and with blanks alone, that phrases explain. */
const MIN_LEFT = 0.05;
const MANY_WORDS = 0.4;
/** Fewer are chance. */
const MIN_WORDS = 5;
const MOST = 0.9;
const FEW = 0.2;
/** Fewer URLs than this make a list of pairs with some URLs. */
const MIN_URLS = 0.2;
/** Fewer usernames than this, again and again, are labels. */
const MIN_USERNAMES = 5;
const MIN_DISTINCT = 0.1;
const USUAL = new Set([':', ';', ',', '|', '\t']);
/** They stand in words, paths, settings and passwords too. */
const AMBIGUOUS = /^ ?[=/\\#&:,-]? ?$/;
const MIN_LOGINS = 10;
const LOGIN = /^[\p{L}\p{N}+][\p{L}\p{M}\p{N}._@+-]*$/u;

/** @returns undefined if these are no usernames and passwords */
export function readBy(layout: LineLayout, lines: readonly string[]): Reading | undefined {
  const format = formatOfLayout(layout);
  const parsed = lines.map((line) => format.lines?.parseLine(line));
  const pairs = parsed.filter((found): found is Credential => typeof found === 'object');
  if (pairs.length === 0) return undefined;
  const leaf = leafOf(layout);
  const urls = leaf.hasUrls ? lines.filter((line) => hasUrl(line, leaf.separator)).length / lines.length : 0;
  if (leaf.hasUrls && urls < MIN_URLS) return undefined;
  const addresses = addressShare(pairs);
  const judged = judgedOf(layout, parsed, lines);
  if (!arePairs(judged, leaf.quote !== undefined) || (addresses <= HALF && widthOf(layout) > MAX_BESIDE_LOGINS))
    return undefined;
  const read = pairs.length / lines.length;
  const likely = leaf.hasUrls ? URLS_SCORE : PAIRS_SCORE + ADDRESSES_SCORE * addresses;
  return {
    layout,
    format,
    score: read * likely - COLUMN_COST * widthOf(layout),
    isSure: addresses > HALF || leaf.hasUrls === true || areLogins(leaf.separator, judged),
    read,
    addresses,
    urls,
    found: parsed.map((found) =>
      typeof found === 'object' ? `${found.username?.trim()}\n${found.password}` : undefined,
    ),
  };
}

/** Pairs that show what they are: a decoded password may contain anything. */
function judgedOf(layout: LineLayout, parsed: readonly unknown[], lines: readonly string[]): readonly Credential[] {
  // In a list of pairs, a URL is told by its scheme.
  const mayHaveUrls = layout.separator === ':' && isPair(layout);
  const isJudged = (found: unknown, i: number): found is Credential =>
    typeof found === 'object' && !(mayHaveUrls && startsWithScheme(lines[i] as string));
  const judged = parsed.filter(isJudged);
  const plain = parsed.filter((found, i): found is Credential => isJudged(found, i) && !lines[i]?.includes('$HEX['));
  return plain.length > 0 ? plain : judged;
}

/** The layout that cuts the pair. */
const leafOf = (layout: LineLayout): LineLayout => (layout.within ? leafOf(layout.within) : layout);

/** Columns beyond those of a pair. */
const widthOf = ({ columns, within }: LineLayout): number =>
  Math.max(0, columns.length - (within ? 1 : 2)) + (within ? widthOf(within) : 0);

const addressShare = (pairs: readonly Credential[]): number =>
  pairs.filter(({ username = '' }) => isAddress(username.trim())).length / Math.max(1, pairs.length);

function arePairs(pairs: readonly Credential[], areQuoted: boolean): boolean {
  if (pairs.length === 0) return false;
  const usernames = usernamesIn(pairs);
  if (usernames.filter(isUsername).length < MOST * pairs.length) return false;
  if (usernames.filter(isHash).length > FEW * pairs.length) return false;
  const distinct = new Set(usernames).size;
  if (distinct < FEW * pairs.length && (distinct < MIN_USERNAMES || distinct < MIN_DISTINCT * pairs.length))
    return false;
  if (pairs.filter(isStrange).length > HALF * pairs.length) return false;
  return !haveColumns(
    pairs.map(({ password }) => password),
    areQuoted,
  );
}

/**
 * Whether a mark stands in more passwords than chance explains: columns are left in them. Quotes
 * enclose any mark.
 */
function haveColumns(passwords: readonly string[], areQuoted: boolean): boolean {
  return separatorsIn(passwords, MIN_LEFT).some((mark) => {
    const count = passwords.filter((password) => password.includes(mark)).length;
    if (count > HALF * passwords.length && mark !== ' ') return mark.length > 1 || USUAL.has(mark);
    if (areQuoted) return false;
    if (mark === ' ') return count >= MIN_WORDS && count > MANY_WORDS * passwords.length;
    if (mark.length === 1 && !USUAL.has(mark)) return false;
    const limit = mark.includes(' ') ? MIN_LEFT : FEW;
    return count >= MIN_WORDS && count > limit * passwords.length;
  });
}

const usernamesIn = (pairs: readonly Credential[]): string[] => pairs.map(({ username = '' }) => username.trim());

/** Whether pairs without addresses have a usual separator, or one that nothing else explains. */
function areLogins(separator: string, pairs: readonly Credential[]): boolean {
  if (USUAL.has(separator)) return true;
  if (AMBIGUOUS.test(separator) || pairs.length < MIN_LOGINS) return false;
  const usernames = usernamesIn(pairs);
  if (columnOf(pairs.map(({ password }) => password)).kind !== 'free') return false;
  return new Set(usernames).size > MOST * pairs.length && usernames.filter(isLogin).length > MOST * pairs.length;
}

const isLogin = (name: string): boolean => LOGIN.test(name);

const isStrange = ({ password }: Credential): boolean =>
  password !== password.trim() || /^["'`].*\W$/.test(password) || isAddress(password.split(/[:;,|\t ]/, 1)[0] ?? '');
