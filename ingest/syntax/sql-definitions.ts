// The columns of the tables that a dump defines by CREATE TABLE.

import { CONSTRAINTS } from './sql-lines.ts';

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
export const MAX_COLUMNS = 4096;
const MAX_TABLES = 10_000;

export class SqlDefinitions {
  readonly #tables = new Map<string, readonly string[]>();
  #table = '';
  #columns: string[] = [];
  #depth = 0;
  /** Whether the next name is that of a column. */
  #isNext = false;

  columnsOf(table: string): readonly string[] | undefined {
    return this.#tables.get(table);
  }

  /** The bracket of a definition is open. */
  begin(table: string): void {
    this.#table = table;
    this.#columns = [];
    this.#depth = 1;
    this.#isNext = true;
  }

  word(text: string): void {
    if (CONSTRAINTS.has(text.toLowerCase())) this.#isNext = false;
    else this.name(text);
  }

  name(text: string): void {
    if (this.#isNext && this.#depth === 1 && this.#columns.length < MAX_COLUMNS) this.#columns.push(text);
    this.#isNext = false;
  }

  /** @returns whether it closes the definition */
  symbol(byte: number): boolean {
    if (byte === OPEN) this.#depth++;
    else if (byte === CLOSE) this.#depth--;
    else if (byte === COMMA && this.#depth === 1) this.#isNext = true;
    if (this.#depth > 0) return false;
    if (this.#tables.size < MAX_TABLES) this.#tables.set(this.#table, this.#columns);
    return true;
  }
}
