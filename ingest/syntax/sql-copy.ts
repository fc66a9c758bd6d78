// The rows of COPY in dumps of PostgreSQL: a line each, with tabs between the cells, or CSV.

import { LineSplitter } from '../input/lines.ts';
import { decodeText } from '../input/text.ts';
import { CsvRows } from './csv-rows.ts';
import { unescapeText } from './sql-text.ts';

const LF = 0x0a;
const TAB = 0x09;
const BACKSLASH = 0x5c;
const END = Buffer.from('\\.');
const LINE_END = Buffer.from('\n');
const NULL = Buffer.from('\\N');
/** Of a row that is too long, nothing is held. */
const TOO_LONG = Buffer.alloc(0);

export interface SqlRowHandler {
  /**
   * The rows of a table follow.
   * @param columns undefined if the dump does not name them
   * @param name of the table, in lower case; empty for rows without a statement
   * @param schema of the table or its database, in lower case; empty if the dump names none
   * @returns the places of the cells that are wanted
   */
  table(columns: readonly string[] | undefined, name: string, schema: string): ReadonlySet<number>;
  /** A statement adds rows to a table that are not in the dump: INSERT with SELECT or SET. */
  unread?(name: string, schema: string): void;
  /**
   * The wanted cells by place: an empty text for NULL, undefined for an expression or a text that
   * is too long.
   */
  row(cells: ReadonlyMap<number, string | undefined>): void;
  /** @param row the start of a row */
  malformed(row: Uint8Array): void;
}

/** What follows `FROM stdin`, as `WITH (FORMAT csv, HEADER, DELIMITER ';')`. */
export class CopyStyle {
  #last = '';
  isCsv = false;
  hasHeader = false;
  delimiter: string | undefined;

  word(word: string): void {
    this.#last = word;
    if (word === 'csv') this.isCsv = true;
    else if (word === 'header') this.hasHeader = true;
    else if (word === 'false') this.hasHeader = false;
  }

  text(text: string): void {
    if (this.#last === 'delimiter' && text.length === 1) this.delimiter = text;
    else if (this.#last === 'format' && text === 'csv') this.isCsv = true;
    this.#last = '';
  }
}

/** Takes what follows the semicolon of COPY. */
export class CopyRows {
  readonly #handler: SqlRowHandler;
  readonly #wanted: ReadonlySet<number>;
  readonly #lines: LineSplitter;
  readonly #delimiter: number;
  readonly #csv: CsvRows | undefined;
  #isHeader: boolean;
  #hasBegun = false;
  hasEnded = false;

  constructor(handler: SqlRowHandler, wanted: ReadonlySet<number>, style: CopyStyle) {
    this.#handler = handler;
    this.#wanted = wanted;
    this.#delimiter = style.delimiter?.charCodeAt(0) ?? TAB;
    this.#isHeader = style.hasHeader;
    this.#csv = style.isCsv ? this.#csvRows(style.delimiter ?? ',') : undefined;
    this.#lines = new LineSplitter({ line: (line) => this.#line(line), tooLong: () => handler.malformed(TOO_LONG) });
  }

  /** Takes one line at most. @returns the offset of the next byte */
  push(block: Buffer, from: number): number {
    const lf = block.indexOf(LF, from);
    const end = lf === -1 ? block.length : lf + 1;
    if (this.#hasBegun) this.#lines.push(block.subarray(from, end));
    this.#hasBegun ||= lf !== -1;
    return end;
  }

  end(): void {
    this.#lines.end();
    this.#csv?.end();
  }

  #csvRows(separator: string): CsvRows {
    const row = (row: readonly Buffer[]): void => {
      const cells = new Map<number, string | undefined>();
      for (const [place, cell] of row.entries()) if (this.#wanted.has(place)) cells.set(place, decodeText(cell));
      this.#handler.row(cells);
    };
    const malformed = (line: Uint8Array = TOO_LONG): void => this.#handler.malformed(line);
    return new CsvRows({ row, malformed, tooLong: () => malformed() }, { separator, quote: '"', escape: 'double' });
  }

  #line(line: Buffer): void {
    if (line.equals(END)) {
      this.hasEnded = true;
      this.#csv?.end();
      return;
    }
    if (this.#isHeader) {
      this.#isHeader = false;
      return;
    }
    if (this.#csv) {
      this.#csv.push(Buffer.concat([line, LINE_END]));
      return;
    }
    const cells = new Map<number, string | undefined>();
    let place = 0;
    for (let start = 0; start <= line.length; place++) {
      const tab = line.indexOf(this.#delimiter, start);
      const end = tab === -1 ? line.length : tab;
      if (this.#wanted.has(place)) cells.set(place, cellText(line.subarray(start, end)));
      start = end + 1;
    }
    this.#handler.row(cells);
  }
}

function cellText(cell: Buffer): string {
  if (cell.equals(NULL)) return '';
  return cell.includes(BACKSLASH) ? unescapeText(cell, 'postgres') : decodeText(cell);
}
