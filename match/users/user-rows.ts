// The rows of a user table, and which of its columns hold what, as an operator names them.

import type { Columns } from '../../ingest/formats/columns.ts';
import type { RejectReason } from '../../ingest/rejects.ts';

export interface UserColumns {
  /** Names an account in results. */
  readonly id: string;
  /** All that the account's person logs in with, here or elsewhere. */
  readonly names: readonly string[];
  readonly hash: string;
  readonly salt?: string;
  /** When the password was last changed. */
  readonly changed?: string;
}

const COLUMN = /^(id|username|email|hash|salt|changed)=(.+)$/;

/**
 * @param text such as `id=ID,username=user_login,email=user_email,hash=user_pass`
 * @param needsHash otherwise the column of the id stands for one that is not named
 * @returns undefined if it is no such list, or lacks the id, the hash or all names
 */
export function parseUserColumns(text: string, needsHash = true): UserColumns | undefined {
  const single = new Map<string, string>();
  const names: string[] = [];
  for (const part of text.split(',')) {
    const [, role, name] = COLUMN.exec(part) ?? [];
    if (role === undefined || name === undefined || single.has(role)) return undefined;
    if (role === 'username' || role === 'email') names.push(name);
    else single.set(role, name);
  }
  const [id, named, salt, changed] = ['id', 'hash', 'salt', 'changed'].map((role) => single.get(role));
  const hash = needsHash ? named : (named ?? id);
  if (id === undefined || hash === undefined || names.length === 0) return undefined;
  return { id, names, hash, ...(salt !== undefined && { salt }), ...(changed !== undefined && { changed }) };
}

/** The columns that are read, in the order of the cells that `rowOf` takes; the hash is last. */
export const columnNames = ({ id, names, hash, salt, changed }: UserColumns): string[] => [
  id,
  ...names,
  ...(salt === undefined ? [] : [salt]),
  ...(changed === undefined ? [] : [changed]),
  hash,
];

/** The columns as the parsers of tables find them: all but the hash are usernames, in order. */
export const asTableColumns = (columns: UserColumns): Columns => ({
  username: columnNames(columns).slice(0, -1),
  password: columns.hash,
});

/** A row before it is checked. Cells that it lacks are undefined. */
export interface UserRow {
  readonly id: string | undefined;
  readonly names: readonly (string | undefined)[];
  readonly hash: string | undefined;
  readonly salt: string | undefined;
  readonly changed?: string | undefined;
}

/** What exports write for NULL. */
const NULLS = ['NULL', 'null', '\\N'];

/** Whether a cell of text stands for none: in databases and JSON it would be a text. */
export const isNull = (cell: string): boolean => NULLS.includes(cell.trim());

export interface UserSink {
  row(row: UserRow): void;
  reject(reason: RejectReason): void;
}

/** @param cells in the order of `columnNames` */
export function rowOf(
  { names, salt, changed }: UserColumns,
  cells: readonly (string | undefined)[],
  hash?: string,
): UserRow {
  const end = 1 + names.length;
  const changedAt = salt === undefined ? end : end + 1;
  return {
    id: cells[0],
    names: cells.slice(1, end),
    hash,
    salt: salt === undefined ? undefined : cells[end],
    changed: changed === undefined ? undefined : cells[changedAt],
  };
}
