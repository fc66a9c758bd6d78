// Parses the rows of a CSV stream: RFC 4180 with any separator and quote, LF or CRLF, and lenient
// with handwritten files.
//
// An unclosed quote would swallow the rest of the file. In a corpus it only costs its own line: a
// row may span a limited number of lines, and the lines after a broken one are parsed again. But
// such a line may be a part of a cell, which a person wrote. A sink that must not take it for a row
// has `unread`: then all lines that quotes join are one row, or none is.

import { LineSplitter, MAX_LINE_BYTES } from '../input/lines.ts';

const BACKSLASH = 0x5c;
const LF = Buffer.from('\n');
/** More lines than a row of credentials has, and few enough to parse again cheaply. */
const MAX_ROW_LINES = 64;
/** Of a row whose lines are not parsed again. Texts in databases have 16 MiB at the most. */
const MAX_ROW_BYTES = 1 << 25;

/** How a file writes its cells. */
export interface CsvDialect {
  /** One character or more. */
  readonly separator: string;
  /** One ASCII character, which a cell may be enclosed in. */
  readonly quote: string;
  /**
   * What makes a quote inside of quotes text: a second one, or also a backslash, itself doubled.
   */
  readonly escape: 'double' | 'backslash';
}

export interface CsvRowSink {
  /**
   * The cells of a row without their quotes, valid until the call returns.
   * @param quoted whether any of them was enclosed
   */
  row(cells: readonly Buffer[], quoted: boolean): void;
  /**
   * Whether the lines that quotes join are one row. Otherwise the first one is malformed, and the
   * others are read again. Default: they are.
   * @param openAt the place of the cell that the first line leaves open
   */
  isRow?(cells: readonly Buffer[], lines: readonly Buffer[], openAt: number): boolean;
  /** Reports a line with unclosed quotes. */
  malformed(line: Buffer): void;
  /** Takes the number of lines that are no row together, in place of `malformed` for the first. */
  unread?(lines: number): void;
  tooLong(): void;
}

type State = 'whole' | 'open' | 'broken';

export class CsvRows {
  readonly #sink: CsvRowSink;
  readonly #lines: LineSplitter;
  readonly #separator: Buffer;
  /** A byte if there is only one, which is found faster. */
  readonly #needle: Buffer | number;
  readonly #quote: number;
  readonly #isBackslash: boolean;
  readonly #maxBytes: number;
  /** The lines of an incomplete row. */
  #open: Buffer[] = [];
  #openBytes = 0;
  #openAt = 0;
  /** The cells of the row so far, and the parts of its open quoted cell. */
  #cells: Buffer[] = [];
  #cell: Buffer[] = [];
  #quoted = false;
  /** Fewer after each row that was given up: rows that all fail must not all be parsed 64 times. */
  #maxLines = MAX_ROW_LINES;
  /** Whether a row was too long to be read to its end, so that any line may be a part of it. */
  #isLost = false;
  /** Cells so far that begin with a quote which does not enclose them. */
  strayQuotes = 0;

  constructor(sink: CsvRowSink, dialect: CsvDialect) {
    const { separator, quote } = dialect;
    this.#sink = sink;
    this.#separator = Buffer.from(separator);
    this.#needle = this.#separator.length === 1 ? (this.#separator[0] as number) : this.#separator;
    this.#quote = quote.charCodeAt(0);
    this.#isBackslash = dialect.escape === 'backslash';
    this.#maxBytes = sink.unread ? MAX_ROW_BYTES : MAX_LINE_BYTES;
    this.#lines = new LineSplitter(
      {
        line: (line) => this.#line(line),
        tooLong: () => {
          this.#giveUpAll();
          this.#isLost = true;
          sink.tooLong();
        },
      },
      this.#maxBytes,
    );
  }

  push(block: Buffer): void {
    this.#lines.push(block);
  }

  end(): void {
    this.#lines.end();
    this.#giveUpAll();
  }

  #line(bytes: Buffer): void {
    if (this.#isLost && this.#sink.unread) {
      this.#sink.unread(1);
      return;
    }
    const continues = this.#open.length > 0;
    // Copied, because a row with quotes may continue after the splitter reuses its buffer.
    const line = continues || bytes.includes(this.#quote) ? Buffer.from(bytes) : bytes;
    const state = this.#readCells(line, continues ? this.#readQuoted(line, 0) : 0);
    const isTorn = continues && state === 'whole' && !this.#isRow(line);
    if (state === 'whole' && !isTorn) {
      const cells = this.#cells;
      const quoted = this.#quoted;
      this.#forget();
      this.#maxLines = MAX_ROW_LINES;
      this.#sink.row(cells, quoted);
      return;
    }
    if (!continues) this.#openAt = this.#cells.length;
    this.#open.push(line);
    this.#openBytes += line.length + 1;
    if (isTorn || state === 'broken' || this.#isTooLong()) this.#giveUp();
  }

  #isTooLong(): boolean {
    if (!this.#sink.unread) return this.#open.length > this.#maxLines || this.#openBytes > this.#maxBytes;
    this.#isLost = this.#openBytes > this.#maxBytes;
    return this.#isLost;
  }

  #isRow(last: Buffer): boolean {
    return this.#sink.isRow?.(this.#cells, [...this.#open, last], this.#openAt) ?? true;
  }

  /**
   * Reads cells up to the end of the line.
   * @param next the start of a cell, unless the line has ended
   */
  #readCells(line: Buffer, next: number | State): State {
    let at = next;
    while (typeof at === 'number')
      at = line[at] === this.#quote ? this.#readQuoted(line, at + 1, at) : this.#readPlain(line, at, at);
    return at;
  }

  /** Reads a cell without quotes, whose first separator is at `from` or after it. */
  #readPlain(line: Buffer, start: number, from: number): number | State {
    const cut = line.indexOf(this.#needle, from);
    this.#cells.push(line.subarray(start, cut === -1 ? line.length : cut));
    return cut === -1 ? 'whole' : cut + this.#separator.length;
  }

  /**
   * Continues inside quotes.
   * @param start of the cell, if it is on this line: then quotes that do not enclose it are text
   * @returns the start of the next cell, unless the line has ended
   */
  #readQuoted(line: Buffer, at: number, start?: number): number | State {
    let from = at;
    let searchAt = at;
    for (let quote = line.indexOf(this.#quote, searchAt); quote !== -1; quote = line.indexOf(this.#quote, searchAt)) {
      const escapes = this.#backslashesBefore(line, from, quote);
      if (this.#isBackslash && escapes % 2 === 1) {
        searchAt = quote + 1;
        continue;
      }
      if (line[quote + 1] === this.#quote) {
        this.#cell.push(line.subarray(from, quote + 1));
        from = quote + 2;
        searchAt = from;
        continue;
      }
      const isLast = quote + 1 === line.length;
      if (isLast || this.#isSeparator(line, quote + 1)) {
        this.#cell.push(line.subarray(from, quote));
        this.#closeCell();
        return isLast ? 'whole' : quote + 1 + this.#separator.length;
      }
      // A quote after a backslash is written by another dialect, and its cell ends elsewhere.
      if (start === undefined || escapes > 0) return 'broken';
      this.#cell = [];
      this.strayQuotes++;
      return this.#readPlain(line, start, quote + 1);
    }
    this.#cell.push(line.subarray(from), LF);
    return 'open';
  }

  #backslashesBefore(line: Buffer, from: number, at: number): number {
    let start = at;
    while (start > from && line[start - 1] === BACKSLASH) start--;
    return at - start;
  }

  #isSeparator(line: Buffer, at: number): boolean {
    const separator = this.#separator;
    if (line[at] !== separator[0]) return false;
    return separator.length === 1 || line.subarray(at, at + separator.length).equals(separator);
  }

  #closeCell(): void {
    const cell = this.#cell.length === 1 ? (this.#cell[0] as Buffer) : Buffer.concat(this.#cell);
    this.#cells.push(this.#isBackslash && cell.includes(BACKSLASH) ? unescapeCell(cell, this.#quote) : cell);
    this.#cell = [];
    this.#quoted = true;
  }

  /**
   * Rejects the first line of the open row and parses the others again, which may reopen a row. Or
   * rejects all of them.
   */
  #giveUp(): void {
    const [first, ...rest] = this.#open;
    this.#forget();
    if (this.#sink.unread) {
      this.#sink.unread(1 + rest.length);
      return;
    }
    this.#maxLines = Math.max(1, this.#maxLines >> 1);
    this.#sink.malformed(first as Buffer);
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
    this.#quoted = false;
  }
}

/** Drops the backslash before a quote or a backslash, and keeps others. */
function unescapeCell(cell: Buffer, quote: number): Buffer {
  const text = Buffer.allocUnsafe(cell.length);
  let end = 0;
  for (let at = 0; at < cell.length; at++) {
    const next = cell[at + 1];
    if (cell[at] === BACKSLASH && (next === quote || next === BACKSLASH)) at++;
    text[end++] = cell[at] as number;
  }
  return text.subarray(0, end);
}
