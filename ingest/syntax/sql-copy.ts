// The rows of COPY in dumps of PostgreSQL: a line each, with tabs between the cells.

import { LineSplitter } from '../input/lines.ts';
import { decodeText } from '../input/text.ts';
import { unescapeText } from './sql-text.ts';

const LF = 0x0a;
const TAB = 0x09;
const BACKSLASH = 0x5c;
const END = Buffer.from('\\.');
const NULL = Buffer.from('\\N');

export interface SqlRowHandler {
  /**
   * The rows of a table follow.
   * @param columns undefined if the dump does not name them
   * @returns the places of the cells that are wanted
   */
  table(columns: readonly string[] | undefined): ReadonlySet<number>;
  /**
   * The wanted cells by place: an empty text for NULL, undefined for an expression or a text that
   * is too long.
   */
  row(cells: ReadonlyMap<number, string | undefined>): void;
  malformed(): void;
}

/** Takes what follows the semicolon of COPY. */
export class CopyRows {
  readonly #handler: SqlRowHandler;
  readonly #wanted: ReadonlySet<number>;
  readonly #lines: LineSplitter;
  #hasBegun = false;
  hasEnded = false;

  constructor(handler: SqlRowHandler, wanted: ReadonlySet<number>) {
    this.#handler = handler;
    this.#wanted = wanted;
    this.#lines = new LineSplitter({ line: (line) => this.#line(line), tooLong: () => handler.malformed() });
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
  }

  #line(line: Buffer): void {
    if (line.equals(END)) {
      this.hasEnded = true;
      return;
    }
    const cells = new Map<number, string | undefined>();
    let place = 0;
    for (let start = 0; start <= line.length; place++) {
      const tab = line.indexOf(TAB, start);
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
