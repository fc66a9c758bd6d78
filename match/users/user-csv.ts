// User tables with a row per line. Owners choose their names: what they write into a cell must cost
// no other row, and must not decide how the table is read.

import { afterStart } from '../../ingest/formats/after-start.ts';
import type { CorpusParser } from '../../ingest/formats/format.ts';
import { type CsvTable, DIALECT_BYTES, findTable } from '../../ingest/formats/tables/csv-dialect.ts';
import { decodeText } from '../../ingest/input/text.ts';
import { createQuotedRows } from './quoted-rows.ts';
import { createTabRows, readingsOf, unescapeCell } from './tab-rows.ts';
import { assertUnambiguous, columnMissing } from './table-columns.ts';
import { asTableColumns, columnNames, isNull, rowOf, type UserColumns, type UserSink } from './user-rows.ts';

export interface CsvReading {
  /** Default: that of the header. */
  readonly separator: string | undefined;
  /** Whether quotes may enclose cells although the names of the header have none. */
  readonly isQuoted: boolean;
}

export function createCsvParser(
  sink: UserSink,
  columns: UserColumns,
  { separator, isQuoted }: CsvReading,
): CorpusParser {
  return afterStart(DIALECT_BYTES, (start) => {
    const options = { columns: asTableColumns(columns), ...(separator !== undefined && { separator }) };
    const sample = start.subarray(0, DIALECT_BYTES);
    const table = findTable(sample, options);
    if ('missing' in table) throw columnMissing(table.name, table.header);
    if (table.header) assertUnambiguous(table.header, columnNames(columns));
    const head = headOf(sample, table);
    const rows =
      isQuoted || hasQuotedNames(head)
        ? createQuotedRows(sink, columns, table, { sample, head })
        : createPlainRows(sink, columns, table);
    rows.push(start.subarray(table.bodyAt));
    return rows;
  });
}

/** The header as it is written. */
const headOf = (sample: Buffer, { header, bodyAt }: CsvTable): string =>
  header === undefined ? '' : (decodeText(sample.subarray(0, bodyAt)).trimEnd().split('\n').at(-1) ?? '').trim();

/** Whoever exports the table writes these names; quotes around all of them are the exporter's. */
const hasQuotedNames = (head: string): boolean => /^("[^"]*"|'[^']*')(\t\1|\t"[^"]*"|\t'[^']*')*$/.test(head);

/** Tabs between cells, and no quotes. */
function createPlainRows(sink: UserSink, columns: UserColumns, { places, width }: CsvTable): CorpusParser {
  const nameEnd = 1 + columns.names.length;
  return createTabRows({
    row(cells) {
      if (cells.length !== width) {
        sink.reject('malformed-row');
        return;
      }
      const text = (place: number): string | undefined => {
        const cell = cells[place] as string;
        return isNull(cell) ? undefined : unescapeCell(cell);
      };
      const row = rowOf(columns, places.usernames.map(text), text(places.secret));
      const names = places.usernames.slice(1, nameEnd).map((place) => cells[place] as string);
      sink.row({ ...row, names: names.flatMap((name) => (isNull(name) ? [undefined] : readingsOf(name))) });
    },
    tooLong: () => sink.reject('too-long'),
  });
}
