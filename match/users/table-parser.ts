// Parses the rows of user tables: CSV, SQL dumps, JSON. The grammars, and how a text's dialect is
// found, are those of corpora.

import { afterStart } from '../../ingest/formats/after-start.ts';
import { findColumns, isMissing, showHeader } from '../../ingest/formats/columns.ts';
import type { CorpusParser, FormatOptions } from '../../ingest/formats/format.ts';
import { DIALECT_BYTES, findTable } from '../../ingest/formats/tables/csv-dialect.ts';
import { escapesOf, SQL_DIALECT_BYTES } from '../../ingest/formats/tables/sql.ts';
import { decodeText } from '../../ingest/input/text.ts';
import { CsvRows } from '../../ingest/syntax/csv-rows.ts';
import { SqlStatements } from '../../ingest/syntax/sql-statements.ts';
import { MatchError } from '../errors.ts';
import { createJsonLinesParser, createJsonParser } from './user-json.ts';
import { asTableColumns, rowOf, type UserColumns, type UserSink } from './user-rows.ts';

function createCsvParser(sink: UserSink, columns: UserColumns, separator: string | undefined): CorpusParser {
  return afterStart(DIALECT_BYTES, (start) => {
    const options = { columns: asTableColumns(columns), ...(separator !== undefined && { separator }) };
    const table = findTable(start.subarray(0, DIALECT_BYTES), options);
    if ('missing' in table) throw columnMissing(table.name, table.header);
    const { places, width, dialect, bodyAt } = table;
    const rows = new CsvRows(
      {
        row(cells) {
          if (cells.length === 1 && cells[0]?.length === 0) return;
          // A cell more or less, and another account's hash would be read.
          if (cells.length !== width) {
            sink.reject('malformed-row');
            return;
          }
          const text = (place: number): string => decodeText(cells[place] as Buffer);
          sink.row(rowOf(columns, places.usernames.map(text), text(places.secret)));
        },
        malformed: () => sink.reject('malformed-row'),
        tooLong: () => sink.reject('too-long'),
      },
      dialect,
    );
    rows.push(start.subarray(bodyAt));
    return rows;
  });
}

function columnMissing(name: string | undefined, header: readonly string[]): MatchError {
  const what = name === undefined ? 'not the named columns' : `no column ${JSON.stringify(name)}`;
  return new MatchError(
    'USERS_COLUMN_MISSING',
    header.length === 0 ? 'the user table has no header' : `the user table has ${what}: ${showHeader(header)}`,
    'Pass --columns id=NAME,username=NAME,email=NAME,hash=NAME, with names of the header or places from 1.',
  );
}

const NONE: ReadonlySet<number> = new Set();

function createSqlParser(sink: UserSink, columns: UserColumns): CorpusParser {
  const wanted = asTableColumns(columns);
  let places: { readonly usernames: readonly number[]; readonly secret: number } | undefined;
  let isFound = false;
  let header: readonly string[] = [];
  let missing: string | undefined;
  const handler = {
    table(names: readonly string[] | undefined): ReadonlySet<number> {
      const found = findColumns(names ?? [], wanted);
      places = isMissing(found) ? undefined : found;
      if (!places) {
        if (names && header.length === 0) header = names;
        if (isMissing(found)) missing ??= found.name;
        return NONE;
      }
      isFound = true;
      return new Set([...places.usernames, places.secret]);
    },
    row(cells: ReadonlyMap<number, string | undefined>): void {
      if (!places) return;
      const all = [...places.usernames, places.secret];
      // An expression in place of a value, or a text that is too long.
      if (all.some((place) => cells.has(place) && cells.get(place) === undefined)) sink.reject('malformed-row');
      else if (all.some((place) => !cells.has(place))) sink.reject('missing-column');
      else {
        const usernames = places.usernames.map((place) => cells.get(place));
        sink.row(rowOf(columns, usernames, cells.get(places.secret)));
      }
    },
    malformed: () => sink.reject('malformed-row'),
  };
  return afterStart(SQL_DIALECT_BYTES, (start) => {
    const statements = new SqlStatements(handler, escapesOf(start.subarray(0, SQL_DIALECT_BYTES)));
    statements.push(start);
    return {
      push: (block) => statements.push(block),
      end() {
        statements.end();
        if (!isFound) throw columnMissing(missing, header);
      },
    };
  });
}

/** @param format of a table, as formats of corpora are named */
export function createTableParser(
  format: string,
  options: FormatOptions,
  columns: UserColumns,
  sink: UserSink,
): CorpusParser {
  switch (format) {
    case 'csv':
    case 'tsv':
      return createCsvParser(sink, columns, format === 'tsv' ? '\t' : options.separator);
    case 'sql':
      return createSqlParser(sink, columns);
    case 'json':
      return createJsonParser(sink, columns);
    case 'json-lines':
      return createJsonLinesParser(sink, columns);
    default:
      throw new Error(`${format} is no format of tables`);
  }
}
