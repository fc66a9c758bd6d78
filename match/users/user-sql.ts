// User tables in dumps of SQL: the one table that has the named columns.

import { type ColumnPlaces, findColumns, isMissing } from '../../ingest/formats/columns.ts';
import type { CorpusParser } from '../../ingest/formats/format.ts';
import { readDump } from '../../ingest/formats/tables/sql.ts';
import type { SqlRowHandler } from '../../ingest/syntax/sql-copy.ts';
import { lastPart } from '../../ingest/syntax/sql-text.ts';
import { MatchError } from '../errors.ts';
import { assertUnambiguous, columnMissing } from './table-columns.ts';
import { asTableColumns, columnNames, rowOf, type UserColumns, type UserSink } from './user-rows.ts';

const NONE: ReadonlySet<number> = new Set();
const MAX_SHOWN_TABLES = 10;

/** As `--table` may name it. */
const qualified = (name: string, schema: string): string => (schema === '' ? name : `${schema}.${name}`);

/** Which tables of dumps are meant, and were read. */
export interface DumpTables {
  /** Default: the only one that has the columns. */
  readonly chosen: string | undefined;
  /** By all dumps of an archive. */
  readonly used: Set<string>;
}

class SqlUsers implements SqlRowHandler {
  readonly #sink: UserSink;
  readonly #columns: UserColumns;
  readonly #tables: DumpTables;
  readonly #chosen: string | undefined;
  /** Tables with the named columns, with their schemas: only the rows of the first are accounts. */
  readonly #fitting = new Set<string>();
  /** Rows that are not in the dump, or whose columns it does not name, by table. */
  readonly #unread = new Map<string, number>();
  #table = '';
  #isMeant = false;
  /** The table whose rows are accounts: the first one that is meant. */
  #used: string | undefined;
  #places: ColumnPlaces | undefined;
  #header: readonly string[] = [];
  #missing: string | undefined;

  constructor(sink: UserSink, columns: UserColumns, tables: DumpTables) {
    this.#sink = sink;
    this.#columns = columns;
    this.#tables = tables;
    this.#chosen = tables.chosen?.toLowerCase();
  }

  table(names: readonly string[] | undefined, name: string, schema: string): ReadonlySet<number> {
    this.#table = qualified(name, schema);
    this.#isMeant = this.#isChosen(this.#table);
    const found = findColumns(names ?? [], asTableColumns(this.#columns));
    this.#places = isMissing(found) ? undefined : found;
    if (isMissing(found)) {
      if (names && this.#header.length === 0) this.#header = names;
      this.#missing ??= found.name;
      return NONE;
    }
    if (this.#isMeant) assertUnambiguous(names ?? [], columnNames(this.#columns));
    return new Set([...found.usernames, found.secret]);
  }

  #isChosen(table: string): boolean {
    return this.#chosen === undefined || this.#chosen === table || this.#chosen === lastPart(table);
  }

  unread(name: string, schema: string): void {
    this.#countUnread(qualified(name, schema));
  }

  #countUnread(table: string): void {
    this.#unread.set(table, (this.#unread.get(table) ?? 0) + 1);
  }

  row(cells: ReadonlyMap<number, string | undefined>): void {
    if (!this.#places) {
      this.#countUnread(this.#table);
      return;
    }
    this.#fitting.add(this.#table);
    if (this.#isMeant) this.#used ??= this.#table;
    if (this.#table !== this.#used) return;
    const { usernames, secret } = this.#places;
    const all = [...usernames, secret];
    // An expression in place of a value, or a text that is too long.
    if (all.some((place) => cells.has(place) && cells.get(place) === undefined)) this.#sink.reject('malformed-row');
    else if (all.some((place) => !cells.has(place))) this.#sink.reject('missing-column');
    else
      this.#sink.row(
        rowOf(
          this.#columns,
          usernames.map((place) => cells.get(place)),
          cells.get(secret),
        ),
      );
  }

  malformed(): void {
    this.#sink.reject('malformed-row');
  }

  /** @throws MatchError `USERS_TABLE_AMBIGUOUS`, `USERS_COLUMN_MISSING` */
  end(): void {
    if (this.#fitting.size === 0) throw columnMissing(this.#missing, this.#header);
    const used = this.#used;
    if (used === undefined) throw notOneTable(`no table ${JSON.stringify(this.#chosen)} with`, this.#fitting);
    const meant = new Set([...this.#tables.used, ...[...this.#fitting].filter((table) => this.#isChosen(table))]);
    if (meant.size > 1) throw notOneTable(`${meant.size} tables with`, meant);
    this.#tables.used.add(used);
    for (let left = this.#unread.get(used) ?? 0; left > 0; left--) this.#sink.reject('malformed-row');
  }
}

function notOneTable(what: string, tables: Iterable<string>): MatchError {
  const shown = [...tables].slice(0, MAX_SHOWN_TABLES).map((table) => JSON.stringify(table));
  return new MatchError(
    'USERS_TABLE_AMBIGUOUS',
    `the dump has ${what} the named columns; with them it has ${shown.join(', ')}`,
    'Pass the one that is meant with --table; two of one name need their schema or database: --table NAME.TABLE.',
  );
}

export function createSqlParser(sink: UserSink, columns: UserColumns, tables: DumpTables): CorpusParser {
  const users = new SqlUsers(sink, columns, tables);
  return readDump(users, () => users.end());
}
