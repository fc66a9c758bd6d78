// Parses the rows of a CSV stream: RFC 4180 with any separator, LF or CRLF, and lenient with
// handwritten files.
//
// An unclosed quote would swallow the rest of the file. Here it only costs its own line: a row may
// span a limited number of lines, and the lines after a broken one are parsed again.

import { LineSplitter, MAX_LINE_BYTES } from '../input/lines.ts';

const QUOTE = 0x22;
const LF = Buffer.from('\n');
/** More lines than a row of credentials has, and few enough to parse again cheaply. */
const MAX_ROW_LINES = 64;

export interface CsvRowSink {
  /** The cells of a row without their quotes, valid until the call returns. */
  row(cells: readonly Buffer[]): void;
  /** Reports a line with unclosed quotes. */
  malformed(): void;
  tooLong(): void;
}

export class CsvRows {
  readonly #sink: CsvRowSink;
  readonly #lines: LineSplitter;
  readonly #separator: number;
  /** The lines of an incomplete row. */
  #open: Buffer[] = [];
  #openBytes = 0;
  /** The cells of the row so far, and the parts of its open quoted cell. */
  #cells: Buffer[] = [];
  #cell: Buffer[] = [];

  /** @param separator one ASCII character */
  constructor(sink: CsvRowSink, separator = ',') {
    this.#sink = sink;
    this.#separator = separator.charCodeAt(0);
    this.#lines = new LineSplitter({
      line: (line) => this.#line(line),
      tooLong: () => {
        this.#giveUpAll();
        sink.tooLong();
      },
    });
  }

  push(block: Buffer): void {
    this.#lines.push(block);
  }

  end(): void {
    this.#lines.end();
    this.#giveUpAll();
  }

  #line(bytes: Buffer): void {
    const continues = this.#open.length > 0;
    // Copied, because a row with quotes may continue after the splitter reuses its buffer.
    const line = continues || bytes.includes(QUOTE) ? Buffer.from(bytes) : bytes;
    const state = continues ? this.#readQuoted(line, 0) : this.#readCells(line, 0);
    if (state === 'whole') {
      const cells = this.#cells;
      this.#forget();
      this.#sink.row(cells);
      return;
    }
    this.#open.push(line);
    this.#openBytes += line.length + 1;
    if (state === 'broken' || this.#open.length > MAX_ROW_LINES || this.#openBytes > MAX_LINE_BYTES) this.#giveUp();
  }

  /** Reads cells from `at`, the start of one, to the end of the line. */
  #readCells(line: Buffer, at: number): 'whole' | 'open' | 'broken' {
    for (let start = at; ; ) {
      if (line[start] === QUOTE) return this.#readQuoted(line, start + 1, start);
      const cut = line.indexOf(this.#separator, start);
      this.#cells.push(line.subarray(start, cut === -1 ? line.length : cut));
      if (cut === -1) return 'whole';
      start = cut + 1;
    }
  }

  /**
   * Continues inside quotes.
   * @param start of the cell, if it is on this line: then quotes that do not enclose it are text
   */
  #readQuoted(line: Buffer, at: number, start?: number): 'whole' | 'open' | 'broken' {
    let from = at;
    for (let quote = line.indexOf(QUOTE, from); quote !== -1; quote = line.indexOf(QUOTE, from)) {
      const after = line[quote + 1];
      if (after === QUOTE) {
        this.#cell.push(line.subarray(from, quote + 1));
        from = quote + 2;
        continue;
      }
      if (after === undefined || after === this.#separator) {
        this.#cell.push(line.subarray(from, quote));
        this.#cells.push(Buffer.concat(this.#cell));
        this.#cell = [];
        return after === undefined ? 'whole' : this.#readCells(line, quote + 2);
      }
      if (start === undefined) return 'broken';
      this.#cell = [];
      const cut = line.indexOf(this.#separator, quote + 1);
      this.#cells.push(line.subarray(start, cut === -1 ? line.length : cut));
      return cut === -1 ? 'whole' : this.#readCells(line, cut + 1);
    }
    this.#cell.push(line.subarray(from), LF);
    return 'open';
  }

  /** Rejects the first line of the open row and parses the others again, which may reopen a row. */
  #giveUp(): void {
    const [, ...rest] = this.#open;
    this.#forget();
    this.#sink.malformed();
    for (const line of rest) this.#line(line);
  }

  #giveUpAll(): void {
    while (this.#open.length > 0) this.#giveUp();
  }

  #forget(): void {
    this.#open = [];
    this.#openBytes = 0;
    this.#cells = [];
    this.#cell = [];
  }
}
