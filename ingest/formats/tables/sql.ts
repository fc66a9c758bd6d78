// Dumps of databases: the rows of INSERT and COPY, by the names of their columns.

import { IngestError } from '../../errors.ts';
import type { SqlRowHandler } from '../../syntax/sql-copy.ts';
import { isSql, isStatement, isTuple } from '../../syntax/sql-lines.ts';
import { SqlStatements } from '../../syntax/sql-statements.ts';
import type { SqlEscapes } from '../../syntax/sql-text.ts';
import { afterStart } from '../after-start.ts';
import {
  areByPlace,
  type ColumnPlaces,
  type ColumnUse,
  columnMissing,
  describeUse,
  feedsOf,
  findColumns,
  isMissing,
  type NamedColumn,
  namedColumns,
  placeNames,
  type SecretKind,
  secretKindOf,
} from '../columns.ts';
import type { CorpusFormat, CorpusParser, CredentialSink, FormatModule, FormatOptions, Recognised } from '../format.ts';
import { refuse } from '../refusal.ts';
import { percent, type TextSample } from '../sample.ts';
import { SQL_NAMES } from '../table-names.ts';
import { exampleOf, type RowRules, takeRow } from './credential-rows.ts';
import { refuseHashes } from './hashed-column.ts';
import { parseSample } from './parsed-sample.ts';

/** Bytes of text that the dialect is found from. */
const DIALECT_BYTES = 1 << 16;
const NONE: ReadonlySet<number> = new Set();
/** Tables of a dump whose columns a report names. */
const MAX_TABLES = 100;
/** Columns of a row without names. */
const MAX_WIDTH = 4096;

/** A table of a dump. */
interface DumpTable {
  /** Undefined if its columns are given by place. */
  readonly header: readonly string[] | undefined;
  /** Undefined if it is not read. */
  readonly places: ColumnPlaces | undefined;
}

/** Of rows without names, only what is read has a place that is known. */
const placedColumns = (places: ColumnPlaces, kind: SecretKind): NamedColumn[] =>
  namedColumns(placeNames(MAX_WIDTH), places, kind)
    .filter(({ role }) => role !== undefined)
    .map((column) => ({ ...column, is: 'name' }));

class SqlRows implements SqlRowHandler {
  readonly #sink: CredentialSink;
  readonly #options: FormatOptions;
  readonly #rules: RowRules;
  #places: ColumnPlaces | undefined;
  #lacksLogin = false;
  /** The columns of the first table that was left out. */
  leftOut: readonly string[] | undefined;
  rows = 0;
  /** Rows of tables that are not read. */
  others = 0;
  readonly #tables = new Map<string, DumpTable>();

  constructor(sink: CredentialSink, options: FormatOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#rules = { kind: secretKindOf(options.columns), blank: options.blank };
  }

  table(columns: readonly string[] | undefined, name: string): ReadonlySet<number> {
    const { columns: given } = this.#options;
    const isPlaced = columns === undefined && given !== undefined && areByPlace(given);
    const header = columns ?? (isPlaced ? placeNames(MAX_WIDTH) : []);
    const places = findColumns(header, given);
    this.#places = isMissing(places) ? undefined : places;
    if (!this.#tables.has(name) && this.#tables.size < MAX_TABLES)
      this.#tables.set(name, { header: isPlaced ? undefined : header, places: this.#places });
    this.#lacksLogin = isMissing(places) && places.missing === 'username' && !given;
    if (!this.#places) {
      if (this.leftOut === undefined || this.#lacksLogin) this.leftOut = header;
      return NONE;
    }
    const { usernames, secret, count } = this.#places;
    return new Set([...usernames, secret, ...(count === undefined ? [] : [count])]);
  }

  /** The columns of each table that were read, and what was not. */
  get columns(): ColumnUse {
    const { kind } = this.#rules;
    return describeUse(
      [...this.#tables].flatMap(([table, { header, places }]): NamedColumn[] => {
        const of = this.#tables.size > 1 ? `${table}.` : '';
        if (!places) return [{ name: `${of}*`, role: undefined, is: 'name' }];
        const columns = header ? namedColumns(header, places, kind) : placedColumns(places, kind);
        return columns.map((column) => ({ ...column, name: of + column.name }));
      }),
    );
  }

  row(cells: ReadonlyMap<number, string | undefined>): void {
    if (this.#lacksLogin) this.#sink.reject('missing-column');
    if (!this.#places) {
      this.others++;
      return;
    }
    this.rows++;
    const { secret } = this.#places;
    const cell = (place: number): string | undefined => cells.get(place);
    if (cells.has(secret) && cells.get(secret) === undefined)
      this.#sink.reject('malformed-row', exampleOf(this.#places, cell));
    else takeRow(this.#sink, this.#places, cell, this.#rules);
  }

  malformed(row: Uint8Array): void {
    this.#sink.reject('malformed-row', row);
  }
}

/** @param end is called after the last row */
export function readDump(handler: SqlRowHandler, end: () => void): CorpusParser {
  return afterStart(DIALECT_BYTES, (start) => {
    const statements = new SqlStatements(handler, escapesOf(start.subarray(0, DIALECT_BYTES)));
    statements.push(start);
    return {
      push: (block) => statements.push(block),
      end() {
        statements.end();
        end();
      },
    };
  });
}

function createParser(sink: CredentialSink, options: FormatOptions): CorpusParser {
  const rows = new SqlRows(sink, options);
  return readDump(rows, () => {
    assertColumns(rows, options);
    sink.columns?.(rows.columns);
  });
}

/**
 * A given name that no table has is a mistake, and rows whose columns nothing names may be
 * credentials: neither is a dump without any.
 */
function assertColumns({ rows, others, leftOut }: SqlRows, { columns }: FormatOptions): void {
  if (rows > 0 || leftOut === undefined) return;
  const found = findColumns(leftOut, columns);
  if (!columns && leftOut.length === 0 && others > 0) throw unnamedColumns();
  if (columns && isMissing(found)) throw columnMissing(found, leftOut);
}

const unnamedColumns = (): IngestError =>
  new IngestError(
    'COLUMN_MISSING',
    'its statements of SQL name no columns, and no CREATE TABLE does',
    'Look at a row, and name the columns by place: --format sql --columns username=2,password=3.',
  );

const STANDARD = /PostgreSQL|standard_conforming_strings|PRAGMA foreign_keys|sqlite_sequence|\[dbo\]|SET ANSI_NULLS/i;
const MYSQL = /MySQL|MariaDB|ENGINE ?=|phpMyAdmin|`\w+`/i;
const HEAD_BYTES = 4096;

/** MySQL reads backslashes in texts, and the standard does not. */
function escapesOf(start: Buffer): SqlEscapes {
  const text = start.toString('latin1');
  if (!text.includes('\\')) return MYSQL.test(text) ? 'mysql' : 'none';
  const torn = tornRows(start, 'mysql') - tornRows(start, 'none');
  if (torn !== 0) return torn < 0 ? 'mysql' : 'none';
  return MYSQL.test(text) && !STANDARD.test(text.slice(0, HEAD_BYTES)) ? 'mysql' : 'none';
}

function tornRows(start: Buffer, escapes: SqlEscapes): number {
  let torn = 0;
  const statements = new SqlStatements({ table: () => NONE, row() {}, malformed: () => torn++ }, escapes);
  statements.push(start.subarray(0, start.lastIndexOf(0x0a) + 1 || start.length));
  statements.end();
  return torn;
}

const sqlFormat = (options: FormatOptions): CorpusFormat => ({
  name: 'sql',
  options,
  feeds: feedsOf(options.columns),
  createParser: (sink) => createParser(sink, options),
});

const COMMENT = /^-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin|Adminer|HeidiSQL|Dump|Host|Server)/i;

const HALF = 0.5;

/** SQL without any statement that holds rows: rows alone, or other statements. */
function recogniseOthers(sample: TextSample, options: FormatOptions): Recognised | undefined {
  const format = sqlFormat(options);
  const rows = sample.share(isTuple);
  if (rows > HALF) {
    const reasons = [`${percent(rows)} of the lines are rows of SQL without a statement`];
    if (options.columns && areByPlace(options.columns)) return { format, score: 1, reasons };
    return refuse(
      format,
      1,
      'the lines are rows of SQL, and no statement names their columns',
      'Name them by place, as --format sql --columns username=2,password=3.',
    );
  }
  if (sample.share(isSql) <= HALF) return undefined;
  const hint = 'Export the table as CSV, or as INSERT, REPLACE or COPY.';
  return refuse(format, 1, 'the lines are statements of SQL that hold no rows', hint);
}

export const sqlModule: FormatModule = {
  ...SQL_NAMES,
  create: (_name, options) => sqlFormat(options),
  recognise(sample, options) {
    const statements = sample.lines.filter(isStatement);
    const isDump = sample.lines.slice(0, 20).some((line) => COMMENT.test(line));
    if (statements.length === 0) return recogniseOthers(sample, options);
    const share = statements.length / sample.lines.length;
    // A few statements begin a dump whose rows are lines of their own.
    const [first] = sample.lines;
    const isFirst = first !== undefined && (isStatement(first) || /^\s*(?:--|\/\*|SET |USE |DROP )/i.test(first));
    if (!isDump && !isFirst && share < HALF) return undefined;
    const format = sqlFormat(options);
    const hashed =
      secretKindOf(options.columns) === 'password' ? refuseHashes(format, parseSample(format, sample)) : undefined;
    if (hashed) return hashed;
    return {
      format,
      score: 1,
      reasons: [`${percent(share)} of the lines begin a statement of SQL`],
    };
  },
};
