// Parses the rows of user tables: CSV, SQL dumps, JSON. The grammars, and how a text's dialect is
// found, are those of corpora; TSV is read as the programs of databases write it.

import type { CorpusParser, FormatOptions } from '../../ingest/formats/format.ts';
import { MatchError } from '../errors.ts';
import { createCsvParser } from './user-csv.ts';
import { createJsonLinesParser, createJsonParser } from './user-json.ts';
import type { UserColumns, UserSink } from './user-rows.ts';
import { createSqlParser, type DumpTables } from './user-sql.ts';

/** @param format of a table, as formats of corpora are named */
export function createTableParser(
  format: string,
  options: FormatOptions,
  columns: UserColumns,
  sink: UserSink,
  tables: DumpTables,
): CorpusParser {
  if (tables.chosen !== undefined && format !== 'sql')
    throw new MatchError(
      'USERS_TABLE_AMBIGUOUS',
      `--table names a table of a database or a dump of SQL, and the user table is ${format}`,
      'Leave --table out.',
    );
  switch (format) {
    case 'csv':
      return createCsvParser(sink, columns, { separator: options.separator, isQuoted: true });
    case 'tsv':
      return createCsvParser(sink, columns, { separator: '\t', isQuoted: false });
    case 'sql':
      return createSqlParser(sink, columns, tables);
    case 'json':
      return createJsonParser(sink, columns);
    case 'json-lines':
      return createJsonLinesParser(sink, columns);
    default:
      throw new Error(`${format} is no format of tables`);
  }
}
