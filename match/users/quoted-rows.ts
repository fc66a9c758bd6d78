// User tables in CSV. A table is an export of one's own database, so RFC 4180 holds: what stands
// between the quotes of a cell is that cell, also where a line of it looks like a row. Where quotes
// do not fit, no line that may be a part of a cell is read as a row.

import type { CorpusParser } from '../../ingest/formats/format.ts';
import type { CsvTable } from '../../ingest/formats/tables/csv-dialect.ts';
import { decodeText } from '../../ingest/input/text.ts';
import { type CsvDialect, CsvRows } from '../../ingest/syntax/csv-rows.ts';
import { isNull, rowOf, type UserColumns, type UserRow, type UserSink } from './user-rows.ts';

/** How a table begins. */
export interface TableStart {
  readonly sample: Buffer;
  /** The header as it is written. */
  readonly head: string;
}

export function createQuotedRows(
  sink: UserSink,
  columns: UserColumns,
  table: CsvTable,
  start: TableStart,
): CorpusParser {
  const dialect = dialectOf(start, table);
  // Owners write no names of columns: whoever quotes those quotes the cells that need it.
  const isQuoting = start.head.startsWith(dialect.quote);
  const rows = new QuotedRows(sink, columns, table, dialect, isQuoting);
  return { push: (block) => rows.reader.push(block), end: () => rows.end() };
}

/**
 * Quotes other than those of CSV are the writer's where the header or each row begins with one, and
 * backslashes escape only where the rows are no RFC 4180: owners may write both.
 */
function dialectOf({ sample, head }: TableStart, { dialect, bodyAt, width }: CsvTable): CsvDialect {
  const { quote } = dialect;
  const body = sample.subarray(bodyAt);
  const lines = (): string[] =>
    decodeText(body)
      .split('\n')
      .filter((line) => line.trim() !== '');
  const isOwn = quote === '"' || head.startsWith(quote) || lines().every((line) => line.startsWith(quote));
  const own: CsvDialect = isOwn ? dialect : { ...dialect, quote: '"' };
  const double: CsvDialect = { ...own, escape: 'double' };
  return own.escape === 'backslash' && isValid(body, double, width) ? double : own;
}

/** Whether rows are RFC 4180, but for the last, of which a sample may have a part. */
function isValid(body: Buffer, dialect: CsvDialect, width: number): boolean {
  let faults = 0;
  const fault = (): unknown => faults++;
  const row = ({ length }: readonly Buffer[]): unknown => length > 1 && length !== width && faults++;
  const reader = new CsvRows({ row, malformed: fault, unread: fault, tooLong: fault }, dialect);
  reader.push(body.subarray(0, body.lastIndexOf(0x0a) + 1));
  return faults === 0 && reader.strayQuotes === 0;
}

/** A row of which lines look like rows. */
interface JoinedRow {
  readonly row: UserRow;
  readonly lines: number;
}

class QuotedRows {
  readonly reader: CsvRows;
  readonly #sink: UserSink;
  readonly #columns: UserColumns;
  readonly #table: CsvTable;
  readonly #separator: string;
  readonly #isQuoting: boolean;
  /** Read if all of the table is RFC 4180: no owner can spoil what a program quotes. */
  readonly #held: JoinedRow[] = [];
  #joined = 0;
  #lines = 0;
  #isDoubtful = false;

  constructor(sink: UserSink, columns: UserColumns, table: CsvTable, dialect: CsvDialect, isQuoting: boolean) {
    this.#sink = sink;
    this.#columns = columns;
    this.#table = table;
    this.#separator = dialect.separator;
    this.#isQuoting = isQuoting;
    this.reader = new CsvRows(
      {
        row: (cells) => this.#take(cells),
        isRow: (cells, lines, openAt) => this.#isRow(cells, lines, openAt),
        malformed: () => this.#reject(1),
        unread: (lines) => this.#reject(lines),
        tooLong: () => sink.reject('too-long'),
      },
      dialect,
    );
  }

  end(): void {
    this.reader.end();
    const isDoubtful = this.#isDoubtful || this.reader.strayQuotes > 0;
    for (const { row, lines } of this.#held)
      if (isDoubtful) this.#reject(lines);
      else this.#sink.row(row);
  }

  #reject(lines: number): void {
    this.#isDoubtful = true;
    for (let left = lines; left > 0; left--) this.#sink.reject('doubtful-quotes');
  }

  #take(cells: readonly Buffer[]): void {
    const joined = this.#joined;
    this.#joined = 0;
    if (cells.length === 1 && cells[0]?.length === 0) return;
    // A cell more or less, and another account's hash would be read.
    if (cells.length !== this.#table.width) {
      this.#isDoubtful = true;
      this.#sink.reject('malformed-row');
      return;
    }
    const { usernames, secret } = this.#table.places;
    const text = (place: number): string | undefined => presentCell(decodeText(cells[place] as Buffer));
    const row = rowOf(this.#columns, usernames.map(text), text(secret));
    if (joined === 0 || this.#isQuoting) {
      this.#sink.row(row);
      return;
    }
    for (let left = joined; left > 0; left--) this.#sink.reject('within-quotes');
    this.#held.push({ row, lines: this.#lines });
  }

  /**
   * Where the writer quotes nothing, a name that begins with a quote joins all rows up to a name
   * that ends with one, and the first would have the hash of the last.
   */
  #isRow(cells: readonly Buffer[], lines: readonly Buffer[], openAt: number): boolean {
    const { width, places } = this.#table;
    if (cells.length !== width) return false;
    this.#joined = this.#rowsIn(lines, openAt);
    this.#lines = lines.length;
    if (this.#joined === 0 || this.#isQuoting) return true;
    const isBroken = (place: number): boolean =>
      decodeText(cells[place] as Buffer)
        .trim()
        .includes('\n');
    if (![...places.usernames, places.secret].some(isBroken)) return true;
    this.#joined = 0;
    return false;
  }

  /** @returns how many of the lines that quotes join look like rows */
  #rowsIn(lines: readonly Buffer[], openAt: number): number {
    const { width } = this.#table;
    return lines.filter((line, i) => {
      if (i === 0 && openAt === width - 1) return false;
      return !(i === lines.length - 1 && openAt === 0) && this.#isLikeRow(line);
    }).length;
  }

  /** As many cells as a row has, and no prose where the hash would be. */
  #isLikeRow(line: Buffer): boolean {
    const { width, places } = this.#table;
    const cells = line.toString('latin1').split(this.#separator);
    return cells.length >= width && !/\s/.test(cells[places.secret] ?? '');
  }
}

const presentCell = (text: string): string | undefined => (isNull(text) ? undefined : text);
