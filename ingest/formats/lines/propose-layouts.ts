// Proposes layouts for lines: each separator cuts them into columns, and what the columns hold
// shows which is the username and which the password.

import type { ColumnRole, LineLayout } from '../layout.ts';
import { isAddress, startsWithScheme, trailingUrl } from '../line-parser.ts';
import { cutCells, unquote } from './cells.ts';
import { type Column, type ColumnKind, columnOf } from './column-kinds.ts';
import { COMMON, separatorsIn } from './separators.ts';
import { hasUrl } from './url-lines.ts';

/** Columns that are there, but of which none or several may be the password. */
export interface UnclearColumns {
  readonly separator: string;
  /** How many columns there are. */
  readonly width: number;
  /** Places, from 1, of what may be the username and the password. */
  readonly usernames: readonly number[];
  readonly passwords: readonly number[];
  /** Whether only what stands between them is not clear. */
  readonly isLikely?: boolean;
  /** Whether the lines are so few that the columns may be one password. */
  readonly isShort?: boolean;
}

export interface Proposals {
  readonly layouts: readonly LineLayout[];
  readonly unclear: readonly UnclearColumns[];
}

/** Lines that are cut, and characters of each. */
const MAX_ROWS = 300;
const MAX_LENGTH = 1024;
const MAX_WIDTH = 24;
/** A number, what a checker captured, and the pair. */
const MAX_DEPTH = 2;
/** Separators of a column that is cut further, in all for one separator, and layouts of a list. */
const MAX_INNER = 6;
const MAX_INNER_TRIALS = 10;
const MAX_LAYOUTS = 60;
const MIN_URLS = 0.15;
const QUARTER = 0.25;
const HALF = 0.5;
const MOST = 0.7;
/** Of so few lines, chance decides how many passwords contain a separator. */
const FEW_ROWS = 12;
/** The others may be advertisements. */
const QUOTED = 0.7;
const QUOTES = ['"', "'", '`'];
/** A second separator is in this part of the lines. */
const MIN_OTHER = 0.02;

/** Counts down the trials within columns, of which no text may cause any number. */
interface Trials {
  left: number;
}

/** @param stated the separator, if the operator stated it */
export const proposeLayouts = (rows: readonly string[], stated?: string): Proposals => proposeAll(rows, stated, 0);

function proposeAll(rows: readonly string[], stated: string | undefined, depth: number, trials?: Trials): Proposals {
  const layouts: LineLayout[] = [];
  const unclear: UnclearColumns[] = [];
  const cut = rows.slice(0, MAX_ROWS).map((row) => row.slice(0, MAX_LENGTH));
  const separators = stated === undefined ? foundIn(cut).slice(0, depth === 0 ? undefined : MAX_INNER) : [stated];
  for (const separator of separators) {
    if (trials && trials.left-- <= 0) break;
    const proposed = propose(cut, separator, depth, trials ?? { left: MAX_INNER_TRIALS });
    layouts.push(...proposed.layouts, ...mixedLayouts(cut, separator));
    unclear.push(...proposed.unclear);
  }
  // A slash separates the parts of a URL.
  const around = [...COMMON, ...separators].filter((separator) => !separator.includes('/'));
  for (const separator of stated === undefined ? new Set(around) : [stated])
    if (haveUrls(cut, separator, depth)) layouts.push({ separator, columns: [], hasUrls: true });
  return { layouts: layouts.slice(0, MAX_LAYOUTS), unclear };
}

/** Between a domain and a login, slashes separate no columns: another mark follows. */
function foundIn(rows: readonly string[]): string[] {
  const found = separatorsIn(rows);
  const hasOther = found.some((separator) => separator !== ' ' && COMMON.includes(separator));
  return hasOther ? found.filter((separator) => separator !== '\\' && separator !== '/') : found;
}

/** Within other columns, a URL is one by its scheme alone. */
function haveUrls(rows: readonly string[], separator: string, depth: number): boolean {
  const isUrl = (row: string): boolean =>
    depth === 0 ? hasUrl(row, separator) : startsWithScheme(row) || trailingUrl(row, separator) !== -1;
  return rows.filter(isUrl).length > MIN_URLS * rows.length;
}

const NONE: Proposals = { layouts: [], unclear: [] };

function propose(rows: readonly string[], separator: string, depth: number, trials: Trials): Proposals {
  const quote = quoteOf(rows, separator);
  const table = tableOf(rows, separator, quote);
  if (!table) return NONE;
  const columns = table.map(columnOf);
  const common = { separator, ...(quote !== undefined && { quote }) };
  const roles = rolesOf(columns);
  if ('usernames' in roles)
    return { layouts: [], unclear: [{ separator, width: columns.length, isShort: rows.length < FEW_ROWS, ...roles }] };
  const layouts = roles.flatMap((columns): LineLayout[] => {
    const cut = columns.indexOf('lines');
    if (cut === -1) return [{ ...common, columns }];
    const inner = depth < MAX_DEPTH ? proposeAll(table[cut] as string[], undefined, depth + 1, trials).layouts : [];
    return inner.map((within) => ({ ...common, columns, within }));
  });
  return { layouts, unclear: [] };
}

/** The quotes that enclose cells beside the separator in nearly all lines. */
const quoteOf = (rows: readonly string[], separator: string): string | undefined =>
  QUOTES.find(
    (quote) =>
      rows.filter((row) => row.includes(`${quote}${separator}`) || row.includes(`${separator}${quote}`)).length >
      QUOTED * rows.length,
  );

/**
 * The cells of each column, of the lines that have as many as most have.
 * @returns undefined if the separator cuts lines into no, or ever other, columns
 */
function tableOf(rows: readonly string[], separator: string, quote: string | undefined): string[][] | undefined {
  const cut = rows.map((row) => evenCells(row, separator, quote));
  const widths = cut.map(({ length }) => length).sort((a, b) => a - b);
  const width = widths[Math.floor(QUARTER * widths.length)] ?? 1;
  if (width < 2 || width > MAX_WIDTH) return undefined;
  const exact = cut.filter(({ length }) => length === width);
  const share = rows.length < FEW_ROWS ? HALF : MOST;
  if (exact.length < share * cut.filter(({ length }) => length >= width).length) return undefined;
  return Array.from({ length: width }, (_, place) => exact.map((cells) => cells[place] as string));
}

function evenCells(row: string, separator: string, quote: string | undefined): string[] {
  const offsets = cutCells(row, separator, quote);
  return Array.from({ length: offsets.length / 2 }, (_, place) =>
    unquote(row.slice(offsets[2 * place], offsets[2 * place + 1]), quote),
  );
}

/** What the columns may be, or why that is not clear. */
type Roles = readonly (readonly ColumnRole[])[] | Pick<UnclearColumns, 'usernames' | 'passwords' | 'isLikely'>;

/** Kinds that are no part of a pair, wherever they stand. */
const ASIDE: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  ...(['counter', 'ascending', 'url', 'hash', 'date', 'ip', 'keyed', 'constant', 'few', 'empty'] as const),
]);

function rolesOf(columns: readonly Column[]): Roles {
  const placesOf = (is: (column: Column) => boolean): number[] =>
    columns.flatMap((column, place) => (is(column) ? [place] : []));
  const named = placesOf(({ addresses }) => addresses > HALF);
  const free = placesOf(({ kind, addresses }) => (kind === 'free' || kind === 'words') && addresses <= HALF);
  if (named.length > 1) return { usernames: named.map(from1), passwords: free.map(from1) };
  const [username] = named;
  if (username === undefined) return withoutAddresses(columns, free);
  const passwords = free.length > 0 ? free : columns.length === 2 ? [1 - username] : [];
  const [password] = passwords;
  const unclear = { usernames: [from1(username)], passwords: passwords.map(from1) };
  // A name may stand before an address, in lists without any password.
  if (password === undefined || passwords.length > 1 || password < username) return unclear;
  if (columns[password]?.kind === 'words') return unclear;
  if (columns[username + 1]?.kind === 'hash') return [];
  const isAlone = !free.includes(password);
  if (isAlone && !['number', 'ascending', 'counter', 'constant'].includes((columns[password] as Column).kind))
    return unclear;
  // A salt beside a hash has one length, and a value between may be the password itself.
  const hasHash = columns.some(({ kind }) => kind === 'hash');
  if (hasHash && (columns[password] as Column).hasOneLength) return unclear;
  const between = columns.slice(username + 1, password);
  if (between.some(({ kind }) => kind === 'number' || kind === 'few' || kind === 'constant'))
    return { ...unclear, isLikely: between.every(({ kind }) => kind === 'constant') };
  return [pairAt(columns, username, password)];
}

const from1 = (place: number): number => place + 1;

const pairAt = (columns: readonly Column[], username: number, password: number): ColumnRole[] =>
  columns.map((_, place) => (place === username ? 'username' : place === password ? 'password' : 'other'));

/** Beside a pair without addresses, only what is certainly none of it may stand. */
function withoutAddresses(columns: readonly Column[], free: readonly number[]): Roles {
  const aside = columns.map(({ kind }) => ASIDE.has(kind) && kind !== 'few' && kind !== 'url' && kind !== 'hash');
  const rest = columns.flatMap((_, place) => (aside[place] && columns.length > 2 ? [] : [place]));
  const [username = -1, password = -1] = rest;
  const isPair =
    rest.length === 2 &&
    password === username + 1 &&
    mayBePair(columns[username] as Column, columns[password] as Column);
  const [only] = free;
  const others = columns.filter((_, place) => place !== only);
  const isCut = only !== undefined && others.every(({ kind }) => ASIDE.has(kind) || kind === 'number');
  return [
    ...(isPair ? [pairAt(columns, username, password)] : []),
    ...(isCut ? [columns.map((_, place): ColumnRole => (place === only ? 'lines' : 'other'))] : []),
  ];
}

const mayBePair = (username: Column, password: Column): boolean =>
  ['free', 'words', 'number', 'ascending'].includes(username.kind) &&
  ['free', 'number', 'ascending', 'constant'].includes(password.kind);

/** Addresses that another separator follows in some lines. */
function mixedLayouts(rows: readonly string[], separator: string): LineLayout[] {
  const isCutBy = (row: string, by: string): boolean => {
    const at = row.indexOf(by);
    return at > 0 && at + by.length < row.length && isAddress(row.slice(0, at).trim());
  };
  const left = rows.filter((row) => !isCutBy(row, separator));
  if (rows.length - left.length < HALF * rows.length) return [];
  const others = [...COMMON, ...separatorsIn(left)].filter(
    (other) =>
      other !== separator && left.filter((row) => isCutBy(row, other)).length >= Math.max(1, MIN_OTHER * rows.length),
  );
  return others.length === 0 ? [] : [{ separator, columns: ['username', 'password'], others: [...new Set(others)] }];
}
