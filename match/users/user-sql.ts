// User tables in dumps of SQL.

import { afterStart } from '../../ingest/formats/after-start.ts';
import { findColumns, isMissing } from '../../ingest/formats/columns.ts';
import type { CorpusParser } from '../../ingest/formats/format.ts';
import { escapesOf, SQL_DIALECT_BYTES } from '../../ingest/formats/tables/sql.ts';
import { SqlStatements } from '../../ingest/syntax/sql-statements.ts';
import { columnMissing } from './table-columns.ts';
import { asTableColumns, rowOf, type UserColumns, type UserSink } from './user-rows.ts';

const NONE: ReadonlySet<number> = new Set();

export function createSqlParser(sink: UserSink, columns: UserColumns): CorpusParser {
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
