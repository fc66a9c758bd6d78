// User tables in databases of SQLite, which are opened for reading only.

import Database from 'better-sqlite3';
import { MatchError } from '../errors.ts';
import { columnNames, rowOf, type UserColumns, type UserSink } from './user-rows.ts';

export interface SqliteUsers {
  readonly file: string;
  /** A query that returns rows, or the name of a table. */
  readonly query?: string;
  readonly table?: string;
}

/** @throws MatchError `USERS_UNREADABLE` */
export function readSqliteUsers({ file, query, table }: SqliteUsers, columns: UserColumns, sink: UserSink): void {
  const database = opening(file, () => new Database(file, { readonly: true, fileMustExist: true }));
  try {
    const sql = query ?? `SELECT * FROM ${quoted(table ?? '')}`;
    const statement = opening(file, () => database.prepare<[], unknown[]>(sql));
    if (!statement.reader || !statement.readonly) throw unreadable(file, 'the query returns no rows');
    const header = statement.columns().map(({ name }) => name);
    const wanted = columnNames(columns);
    const places = wanted.map((name) => header.findIndex((other) => other.toLowerCase() === name.toLowerCase()));
    const missing = wanted.find((_, i) => places[i] === -1);
    if (missing !== undefined)
      throw unreadable(file, `the rows have no column ${JSON.stringify(missing)}, but ${header.join(', ')}`);
    opening(file, () => {
      for (const row of statement.raw().safeIntegers().iterate()) {
        const cells = places.map((place) => textOf(row[place]));
        sink.row(rowOf(columns, cells.slice(0, -1), cells.at(-1)));
      }
    });
  } finally {
    database.close();
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Bytes become text if they are some, and hex otherwise. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (!Buffer.isBuffer(value)) return String(value);
  const text = value.toString('utf8');
  return Buffer.from(text).equals(value) && !text.includes('\0') ? text : value.toString('hex');
}

function opening<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof MatchError || (!code?.startsWith('SQLITE_') && !(error instanceof TypeError))) throw error;
    throw unreadable(file, message);
  }
}

const unreadable = (file: string, why: string): MatchError =>
  new MatchError(
    'USERS_UNREADABLE',
    `${file}: ${why}`,
    'Pass a database of SQLite as sqlite:FILE, and --table NAME or --query "SELECT …".',
  );
