// One row of a statement: its wanted cells by place.

import { SqlCell } from './sql-cell.ts';

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;

export class SqlRow {
  readonly cell = new SqlCell();
  #wanted: ReadonlySet<number> = new Set();
  #place = 0;
  /** Of brackets within a cell. */
  #depth = 0;
  /** An empty text for NULL, undefined for an expression or a text that is too long. */
  cells = new Map<number, string | undefined>();

  /** @param wanted places of the cells that are read */
  open(wanted: ReadonlySet<number>): void {
    this.#wanted = wanted;
    this.#place = 0;
    this.#depth = 0;
    this.cells = new Map();
    this.cell.clear();
  }

  isWanted(): boolean {
    return this.#wanted.has(this.#place);
  }

  /** @returns whether it ends the row, or shows that a text of it was torn */
  symbol(byte: number): 'end' | 'torn' | undefined {
    if (byte === OPEN) {
      this.#depth++;
      this.cell.broken();
    } else if (byte === CLOSE && this.#depth > 0) this.#depth--;
    else if (byte === COMMA && this.#depth === 0) this.#closeCell();
    else if (byte === CLOSE) {
      this.#closeCell();
      return 'end';
    } else if (byte === SEMICOLON && this.#depth === 0) return 'torn';
    else this.cell.symbol(byte);
    return undefined;
  }

  #closeCell(): void {
    if (this.isWanted()) this.cells.set(this.#place, this.cell.take());
    this.cell.clear();
    this.#place++;
  }
}
