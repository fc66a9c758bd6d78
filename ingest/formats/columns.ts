// The columns of a table, or members of an object, that hold the credential.

import type { RangeName } from '../../protocol/bucket-id.ts';
import { IngestError } from '../errors.ts';
import { foldName, type NameRole, passwordRank, roleOfName } from './column-names.ts';

/**
 * Columns by name, or by place from 1. Exactly one of `password`, `sha1` and `ntlm` is there: a
 * table of hashes has the hex digits of one.
 */
export interface Columns {
  /** All that a row's person logs in with. */
  readonly username?: string | readonly string[];
  readonly password?: string;
  readonly sha1?: string;
  readonly ntlm?: string;
  readonly count?: string;
}

/** What the column of the secret holds. */
export type SecretKind = 'password' | RangeName;

/** Where the columns of a table are in each row. */
export interface ColumnPlaces {
  /** Empty for a table of secrets alone. */
  readonly usernames: readonly number[];
  readonly secret: number;
  readonly count: number | undefined;
  /** Whether the table has no other columns. */
  readonly complete: boolean;
}

export const usernamesOf = ({ username }: Columns): readonly string[] =>
  username === undefined ? [] : typeof username === 'string' ? [username] : username;

export const secretKindOf = (columns: Columns | undefined): SecretKind =>
  columns?.sha1 !== undefined ? 'sha1' : columns?.ntlm !== undefined ? 'ntlm' : 'password';

/** The indexes that a table with these columns feeds. */
export function feedsOf(columns: Columns | undefined): readonly ('account' | 'password' | RangeName)[] {
  const kind = secretKindOf(columns);
  if (kind !== 'password') return [kind];
  return columns && usernamesOf(columns).length === 0 ? ['password'] : ['account', 'password'];
}

/** Whether every column is given by its place. */
export const areByPlace = (columns: Columns): boolean =>
  [...usernamesOf(columns), columns[secretKindOf(columns)], columns.count].every(
    (name) => name === undefined || /^[1-9]\d{0,3}$/.test(name),
  );

/**
 * Finds the columns of a header: the given ones, or those with usual names. A table with a
 * password and other columns, none of which is a username, has none: its usernames would be lost.
 * @returns the role that no column has, if there is no such place
 */
export function findColumns(header: readonly string[], columns?: Columns): ColumnPlaces | MissingColumn {
  return columns ? findGiven(header, columns) : guess(header);
}

export interface MissingColumn {
  readonly missing: 'username' | 'count' | SecretKind;
  /** The given name that the header lacks. */
  readonly name?: string;
}

export const isMissing = (found: ColumnPlaces | MissingColumn): found is MissingColumn => 'missing' in found;

function findGiven(header: readonly string[], columns: Columns): ColumnPlaces | MissingColumn {
  const lower = header.map((name) => name.trim().toLowerCase());
  const find = (name: string): number => {
    const exact = lower.indexOf(name.trim().toLowerCase());
    if (exact !== -1) return exact;
    const fold = foldName(name);
    const alike = fold === '' ? -1 : header.findIndex((other) => foldName(other) === fold);
    if (alike !== -1 || !/^[1-9]\d{0,3}$/.test(name)) return alike;
    return Number(name) - 1;
  };
  const kind = secretKindOf(columns);
  const usernames: number[] = [];
  for (const name of usernamesOf(columns)) {
    const place = find(name);
    if (place === -1) return { missing: 'username', name };
    usernames.push(place);
  }
  const name = columns[kind] ?? kind;
  const secret = find(name);
  if (secret === -1) return { missing: kind, name };
  const count = columns.count === undefined ? undefined : find(columns.count);
  if (count === -1) return { missing: 'count', ...(columns.count !== undefined && { name: columns.count }) };
  const used = new Set([...usernames, secret, ...(count === undefined ? [] : [count])]);
  return { usernames, secret, count, complete: used.size >= header.length };
}

function guess(header: readonly string[]): ColumnPlaces | MissingColumn {
  const roles = header.map(roleOfName);
  const withRole = (role: NameRole): number[] => roles.flatMap((found, place) => (found === role ? [place] : []));
  const [secret] = withRole('password').sort(
    (a, b) => passwordRank(header[a] as string) - passwordRank(header[b] as string),
  );
  if (secret === undefined) return { missing: 'password' };
  const strong = withRole('login');
  const usernames = strong.length > 0 ? strong : withRole('weak-login').slice(0, 1);
  const [count] = withRole('count');
  const used = usernames.length + 1 + (count === undefined ? 0 : 1);
  if (usernames.length === 0 && header.length > used) return { missing: 'username' };
  return { usernames, secret, count, complete: used >= header.length };
}

const MAX_SHOWN_LENGTH = 40;
const MAX_HEADER_LENGTH = 800;

/**
 * A header for people. A first row that is not one may hold a credential: unless two names are
 * usual ones, letters of the others become x and digits 9.
 * @param maxLength after which names are left out
 */
export function showHeader(header: readonly string[], maxLength = MAX_HEADER_LENGTH): string {
  const isHeader = header.filter((name) => roleOfName(name) !== undefined).length >= 2;
  const shown: string[] = [];
  let length = 0;
  for (const name of header) {
    if (length > maxLength - MAX_SHOWN_LENGTH) return [...shown, '…'].join(', ');
    const text = showName(name, isHeader);
    shown.push(text);
    length += text.length + 2;
  }
  return shown.join(', ');
}

function showName(name: string, isHeader: boolean): string {
  const text = name
    .trim()
    .replace(/[\p{C}\p{Z}]/gu, ' ')
    .slice(0, MAX_SHOWN_LENGTH);
  if (text === '') return '(unnamed)';
  return isHeader || roleOfName(name) !== undefined ? text : text.replace(/\p{L}/gu, 'x').replace(/\p{N}/gu, '9');
}

/** Columns that a report names one by one. */
const MAX_COLUMNS = 100;

/** Of a table or objects: the columns that are read, as `role=name`, and the others. */
export interface ColumnUse {
  readonly used: readonly string[];
  readonly unused: readonly string[];
}

/** A column as a report shows it. */
export interface NamedColumn {
  readonly name: string;
  /** Undefined if it is not read. */
  readonly role: string | undefined;
  /** Whether the name is certainly one, such as a place, or perhaps a credential. */
  readonly is?: 'name' | 'unsure';
}

/** What of the columns is read. Names that may be credentials are masked. */
export function describeUse(columns: readonly NamedColumn[]): ColumnUse {
  const isHeader = columns.filter(({ name }) => roleOfName(name) !== undefined).length >= 2;
  const shown = ({ name, is }: NamedColumn): string => showName(name, is === undefined ? isHeader : is === 'name');
  const used = columns.filter(({ role }) => role !== undefined);
  const unused = columns.filter(({ role }) => role === undefined);
  return {
    used: used.slice(0, MAX_COLUMNS).map((column) => `${column.role}=${shown(column)}`),
    unused: unused.slice(0, MAX_COLUMNS).map(shown),
  };
}

/** The columns of a header, those that are read first. */
export function namedColumns(
  header: readonly string[],
  { usernames, secret, count }: ColumnPlaces,
  kind: SecretKind,
): NamedColumn[] {
  const roles = new Map<number, string>(usernames.map((place) => [place, 'username']));
  roles.set(secret, kind);
  if (count !== undefined) roles.set(count, 'count');
  const used = [...roles].map(([place, role]) => ({ name: header[place] ?? '', role }));
  const unused = header.flatMap((name, place) => (roles.has(place) ? [] : [{ name, role: undefined }]));
  return [...used, ...unused];
}

/** Names of columns by place. */
export const placeNames = (width: number): string[] => Array.from({ length: width }, (_, place) => `${place + 1}`);

export function columnMissing({ missing, name }: MissingColumn, header: readonly string[]): IngestError {
  const what = name === undefined ? `no ${missing} column` : `no column ${JSON.stringify(name)} for ${missing}`;
  return new IngestError(
    'COLUMN_MISSING',
    header.length === 0
      ? `there is no header with a ${missing} column`
      : `the header has ${what}: ${showHeader(header)}`,
    'Pass --columns username=NAME,password=NAME[,count=NAME], with names of the header or places from 1; omit username to ingest passwords only.',
  );
}
