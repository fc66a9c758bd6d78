// Reads a user table: an export in a file or stream, or a database of SQLite.

import { TextReader } from '../../ingest/derive/text-reader.ts';
import { IngestError } from '../../ingest/errors.ts';
import { detectFormat } from '../../ingest/format-registry.ts';
import type { CorpusFormat, FormatOptions } from '../../ingest/formats/format.ts';
import type { TextSample } from '../../ingest/formats/sample.ts';
import { csvModule } from '../../ingest/formats/tables/csv.ts';
import { DIALECT_BYTES, findTable } from '../../ingest/formats/tables/csv-dialect.ts';
import { jsonModule } from '../../ingest/formats/tables/json.ts';
import { sqlModule } from '../../ingest/formats/tables/sql.ts';
import type { CorpusInput } from '../../ingest/input/inputs.ts';
import { newStart } from '../../ingest/input/old-line-ends.ts';
import { readInput } from '../../ingest/input/read-input.ts';
import { MatchError } from '../errors.ts';
import { createTableParser } from './table-parser.ts';
import { asTableColumns, type UserColumns, type UserSink } from './user-rows.ts';

export const TABLE_FORMATS = ['csv', 'tsv', 'json', 'json-lines', 'sql'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export interface UsersReading {
  readonly columns: UserColumns;
  /** Default: recognised. */
  readonly format?: TableFormat;
  /** Of a dump with several tables that have the columns. */
  readonly table?: string;
  readonly signal?: AbortSignal;
}

const MODULES = [jsonModule, sqlModule, csvModule];
/** As for corpora. */
const BAR = 0.4;

const isUnrecognised = (refusal: Error | undefined): boolean =>
  refusal instanceof IngestError && refusal.code === 'FORMAT_UNRECOGNISED';

/** A header that names the columns decides: what stands below it is written by owners. */
function namesColumns({ bytes }: TextSample, options: FormatOptions): boolean {
  const table = findTable(newStart(bytes.subarray(0, DIALECT_BYTES)), options);
  return 'places' in table && table.header !== undefined;
}

/** @throws MatchError `USERS_UNRECOGNISED` */
function recogniseTable(sample: TextSample, columns: UserColumns): Pick<CorpusFormat, 'name' | 'options'> {
  const options = { columns: asTableColumns(columns) };
  const asCsv = csvModule.recognise(sample, options);
  if (asCsv && namesColumns(sample, options)) return asCsv.format;
  const candidates = MODULES.map((module) => module.recognise(sample, options))
    .filter((found) => found !== undefined)
    // Arrays without names: no column can be meant.
    .filter(({ format, refusal }) => format.name !== 'json' || !isUnrecognised(refusal))
    // That the column of the secret has hashes is what a user table is for: refusals do not count.
    .sort((a, b) => b.score - a.score);
  const [best] = candidates;
  if (best && best.score >= BAR) return best.format;
  throw new MatchError(
    'USERS_UNRECOGNISED',
    `the user table is neither CSV, JSON nor a dump of SQL${describeOther(sample)}`,
    'Export it as CSV with a header, or name its format with --users-format.',
  );
}

/** What it looks like instead. */
function describeOther(sample: TextSample): string {
  try {
    return `: it looks like ${detectFormat(sample).format.name}`;
  } catch {
    return '';
  }
}

/**
 * @throws MatchError `USERS_UNRECOGNISED`, `USERS_COLUMN_MISSING`, `USERS_COLUMN_AMBIGUOUS`,
 * `USERS_TABLE_AMBIGUOUS`
 * @throws IngestError `INPUT_UNREADABLE`
 * @throws ContainerError
 */
export async function readUsers(input: CorpusInput, reading: UsersReading, sink: UserSink): Promise<void> {
  const { columns, format, table, signal } = reading;
  const tables = { chosen: table, used: new Set<string>() };
  const reader = new TextReader(async (_name, sample) => {
    const { name, options } = format ? { name: format, options: {} } : recogniseTable(sample, columns);
    return createTableParser(name, options, columns, sink, tables);
  });
  const members = { begin: (name: string) => reader.begin(name), end: () => reader.end() };
  await readInput(input, (block) => reader.push(block), signal, members);
}
