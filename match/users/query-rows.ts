// The rows of a database's query as those of a user table: its columns are found by name.

import type { MatchError } from '../errors.ts';
import { assertUnambiguous } from './table-columns.ts';
import { columnNames, rowOf, type UserColumns, type UserSink } from './user-rows.ts';

/** One of the two. */
export interface UserQuery {
  /** A query that returns rows. */
  readonly query?: string;
  /** The name of a table, for some databases with its schema in front. */
  readonly table?: string;
}

const ALIAS = 'Name the columns that are meant in the query, and give one of them another name: u.id AS user_id.';

export class QueryRows {
  readonly #columns: UserColumns;
  readonly #sink: UserSink;
  readonly #places: readonly number[];

  /**
   * @param header names of the columns of a row
   * @throws what `unreadable` makes, if a column is missing
   */
  constructor(
    header: readonly string[],
    columns: UserColumns,
    sink: UserSink,
    unreadable: (why: string) => MatchError,
  ) {
    const wanted = columnNames(columns);
    this.#columns = columns;
    this.#sink = sink;
    // Names that differ in case alone are two columns to PostgreSQL.
    const inexact = wanted.filter((name) => !header.includes(name));
    assertUnambiguous(header, inexact, ALIAS);
    assertUnambiguous(header, wanted, ALIAS, (column, name) => column === name);
    this.#places = wanted.map((name) => {
      const exact = header.indexOf(name);
      return exact === -1 ? header.findIndex((other) => other.toLowerCase() === name.toLowerCase()) : exact;
    });
    const missing = wanted.find((_, i) => this.#places[i] === -1);
    if (missing !== undefined)
      throw unreadable(`the rows have no column ${JSON.stringify(missing)}, but ${header.join(', ')}`);
  }

  add(row: readonly unknown[]): void {
    const cells = this.#places.map((place) => textOf(row[place]));
    this.#sink.row(rowOf(this.#columns, cells.slice(0, -1), cells.at(-1)));
  }
}

/** Bytes become text if they are some, and hex otherwise. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Date) return value.toISOString();
  if (!Buffer.isBuffer(value)) return String(value);
  const text = value.toString('utf8');
  return Buffer.from(text).equals(value) && !text.includes('\0') ? text : value.toString('hex');
}

/** Encloses a name in an SQL text. */
export const quotingWith =
  (mark: '"' | '`') =>
  (name: string): string =>
    mark + name.replaceAll(mark, mark + mark) + mark;

/**
 * Reads what is needed of a table, in the order of its ids: a match that was killed goes on only
 * with the same rows in the same order.
 * @param quote for one name
 */
export function queryOf({ query, table = '' }: UserQuery, columns: UserColumns, quote: (name: string) => string) {
  if (query !== undefined) return query;
  const names = [...new Set(columnNames(columns))].map(quote).join(', ');
  return `SELECT ${names} FROM ${table.split('.').map(quote).join('.')} ORDER BY ${quote(columns.id)}`;
}
