// User tables in databases of SQLite, which are opened for reading only.

import Database from 'better-sqlite3';
import { MatchError } from '../errors.ts';
import { QueryRows, quotingWith, type UserQuery } from './query-rows.ts';
import type { UserColumns, UserSink } from './user-rows.ts';

export interface SqliteUsers extends UserQuery {
  readonly file: string;
}

/** @throws MatchError `USERS_UNREADABLE` */
export function readSqliteUsers({ file, query, table }: SqliteUsers, columns: UserColumns, sink: UserSink): void {
  const database = opening(file, () => new Database(file, { readonly: true, fileMustExist: true }));
  try {
    const sql = query ?? `SELECT * FROM ${quote(table ?? '')}`;
    const statement = opening(file, () => database.prepare<[], unknown[]>(sql));
    if (!statement.reader || !statement.readonly) throw unreadable(file, 'the query returns no rows');
    const header = statement.columns().map(({ name }) => name);
    const rows = new QueryRows(header, columns, sink, (why) => unreadable(file, why));
    opening(file, () => {
      for (const row of statement.raw().safeIntegers().iterate()) rows.add(row);
    });
  } finally {
    database.close();
  }
}

const quote = quotingWith('"');

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
