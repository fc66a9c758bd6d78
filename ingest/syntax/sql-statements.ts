// Finds the rows of tables in the statements of a dump: INSERT and COPY, with the columns of
// CREATE.

import { Excerpt } from './excerpt.ts';
import { CopyRows, CopyStyle, type SqlRowHandler } from './sql-copy.ts';
import { MAX_COLUMNS, SqlDefinitions } from './sql-definitions.ts';
import { isStray } from './sql-lines.ts';
import { SqlRecovery } from './sql-recovery.ts';
import { SqlRow } from './sql-row.ts';
import type { SqlState } from './sql-state.ts';
import { SqlTableName } from './sql-table-name.ts';
import type { SqlEscapes } from './sql-text.ts';
import { type SqlHandler, SqlTokens } from './sql-tokens.ts';

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const LF = 0x0a;
const LESS = 0x3c;
const OPEN_BRACE = 0x7b;
const NOTHING = Buffer.alloc(0);

/** Statements begin after a semicolon, or on a line of their own with one of these words. */
const STARTS = new Set(['insert', 'replace', 'create', 'copy']);

export class SqlStatements implements SqlHandler {
  readonly #handler: SqlRowHandler;
  readonly #escapes: SqlEscapes;
  readonly #tokens: SqlTokens;
  readonly #definitions = new SqlDefinitions();
  #state: SqlState = 'start';
  readonly #table = new SqlTableName();
  #columns: string[] = [];
  #hasColumns = false;
  #isCopy = false;
  #isNext = false;
  #wanted: ReadonlySet<number> = new Set();
  readonly #row = new SqlRow();
  /** The rows of COPY, until the line that ends them. */
  #rows: CopyRows | undefined;
  #copyStyle = new CopyStyle();
  #recovery = new SqlRecovery();
  /** The row that is read. */
  readonly #excerpt = new Excerpt();
  #block: Buffer = NOTHING;

  constructor(handler: SqlRowHandler, escapes: SqlEscapes) {
    this.#handler = handler;
    this.#escapes = escapes;
    this.#tokens = new SqlTokens(this);
  }

  push(block: Buffer): void {
    this.#block = block;
    for (let at = 0; at < block.length; )
      if (this.#state === 'copy') at = this.#copy(block, at);
      else if (this.#state === 'lost') at = this.#recover(block, at);
      else if (this.#state === 'stray') at = this.#skipLine(block, at);
      else at = this.#tokens.push(block, at);
    if (this.#isHeld()) this.#excerpt.keep(block);
    this.#block = NOTHING;
  }

  end(): void {
    this.#tokens.end();
    this.#rows?.end();
    if (this.#isHeld()) this.#handler.malformed(this.#excerpt.take(NOTHING, 0));
  }

  #isHeld(): boolean {
    return this.#state === 'row' || this.#state === 'stray';
  }

  #copy(block: Buffer, from: number): number {
    const rows = this.#rows as CopyRows;
    const at = rows.push(block, from);
    if (!rows.hasEnded) return at;
    this.#rows = undefined;
    this.#state = 'start';
    this.#tokens.reset();
    return at;
  }

  isValue(): boolean {
    return this.#state === 'row';
  }

  isWanted(): boolean {
    if (this.#state === 'row') return this.#row.isWanted();
    return this.#state === 'insert' || (this.#state === 'values' && this.#isCopy);
  }

  escapes(): SqlEscapes {
    return this.#row.cell.prefix === 'e' ? 'postgres' : this.#escapes;
  }

  word(text: string, startsLine: boolean): void {
    const word = text.toLowerCase();
    if (this.#state === 'row') {
      this.#row.cell.word(text);
      if (this.#row.cell.isTorn) this.#lose();
      return;
    }
    const isInside = this.#state === 'definition' || this.#state === 'columns';
    if (startsLine && !isInside && isStray(word, this.#isBetween())) {
      this.#stray();
      return;
    }
    if (this.#state === 'start' || (startsLine && !isInside && STARTS.has(word))) {
      this.#begin(word);
      return;
    }
    switch (this.#state) {
      case 'create':
        if (word === 'table') this.#hasColumns = true;
        else if (this.#hasColumns) this.#table.word(word);
        else if (word !== 'temporary' && word !== 'temp' && word !== 'unlogged' && word !== 'global')
          this.#state = 'skip';
        return;
      case 'definition':
        this.#definitions.word(text);
        return;
      case 'insert':
        if (word === 'values' || word === 'value') this.#isNext = true;
        else if (word === 'from' && this.#isCopy) this.#openTable();
        else if (word === 'select' || word === 'set' || word === 'to') this.#endUnread(word);
        else if (!this.#isNext && !this.#hasColumns) this.#table.word(word);
        return;
      case 'use':
        this.#table.use(word);
        return;
      case 'columns':
        this.#addColumn(text);
        return;
      case 'values':
        if (this.#isCopy) this.#copyStyle.word(word);
        // INSERT ALL has several tables, and a row may be ROW(…).
        else if (word === 'into') this.#begin('insert');
        else if (word !== 'row') this.#state = 'skip';
        return;
      case 'resume':
        this.#loseAgain();
    }
  }

  name(text: string): void {
    if (this.#state === 'row') this.#row.cell.broken();
    else if (this.#state === 'columns') this.#addColumn(text);
    else if (this.#state === 'definition') this.#definitions.name(text);
    else if (this.#state === 'use') this.#table.use(text);
    else if ((this.#state === 'insert' && !this.#hasColumns) || this.#state === 'create') this.#table.part(text);
    else if (this.#isBetween()) this.#stray();
    else if (this.#state === 'resume') this.#loseAgain();
  }

  text(text: string | undefined): void {
    if (this.#state === 'row') {
      this.#row.cell.text(text);
      if (this.#row.cell.isTorn) this.#lose();
    } else if (this.#state === 'insert' && !this.#hasColumns) this.#table.part(text ?? '');
    else if (this.#state === 'values' && this.#isCopy) this.#copyStyle.text(text ?? '');
    else if (this.#isBetween()) this.#stray();
    else if (this.#state === 'resume') this.#loseAgain();
  }

  symbol(byte: number): void {
    if (this.#state === 'row') this.#rowSymbol(byte);
    else if (this.#state === 'resume') byte === OPEN ? this.#openRow() : this.#loseAgain();
    else if (byte === SEMICOLON) this.#endStatement();
    else if (this.#isBetween() && (byte === OPEN_BRACE || byte === LESS)) this.#stray();
    else if (this.#state === 'start' && byte === OPEN) this.#openBareRow();
    else if (this.#state === 'create' && byte === OPEN) this.#define();
    else if (this.#state === 'definition') {
      if (this.#definitions.symbol(byte)) this.#state = 'skip';
    } else if (this.#state === 'insert' && byte === OPEN) this.#openList();
    else if (this.#state === 'columns' && byte === CLOSE) this.#state = 'insert';
    else if (this.#state === 'values' && !this.#isCopy) {
      if (byte === OPEN) this.#openRow();
      else if (byte !== COMMA) this.#state = 'skip';
    }
  }

  /** Whether a statement may begin, or the rows of one may have ended. */
  #isBetween(): boolean {
    return this.#state === 'start' || (this.#state === 'values' && !this.#isCopy);
  }

  #endUnread(word: string): void {
    if (word !== 'to' && !this.#isCopy) this.#handler.unread?.(this.#table.name, this.#table.schema);
    this.#state = 'skip';
  }

  #begin(word: string): void {
    this.#table.clear();
    this.#columns = [];
    this.#hasColumns = false;
    this.#isNext = false;
    this.#isCopy = word === 'copy';
    this.#copyStyle = new CopyStyle();
    this.#state = word === 'create' || word === 'use' ? word : STARTS.has(word) ? 'insert' : 'skip';
  }

  #endStatement(): void {
    // The lines of COPY begin below its semicolon.
    if (this.#isCopy && this.#state === 'values') {
      this.#state = 'copy';
      this.#rows = new CopyRows(this.#handler, this.#wanted, this.#copyStyle);
      this.#tokens.stop();
      return;
    }
    this.#state = 'start';
  }

  #addColumn(name: string): void {
    if (this.#columns.length < MAX_COLUMNS) this.#columns.push(name);
  }

  #define(): void {
    this.#definitions.begin(this.#table.name);
    this.#state = 'definition';
  }

  /** A list after VALUES is a row; before it, the names of the columns. */
  #openList(): void {
    if (this.#isNext) {
      this.#openTable();
      this.#openRow();
    } else {
      this.#hasColumns = true;
      this.#columns = [];
      this.#state = 'columns';
    }
  }

  #openTable(): void {
    const columns = this.#hasColumns ? this.#columns : this.#definitions.columnsOf(this.#table.name);
    this.#wanted = this.#handler.table(columns, this.#table.name, this.#table.schema);
    this.#state = 'values';
  }

  /** A row whose statement was cut off. */
  #openBareRow(): void {
    this.#begin('insert');
    this.#openTable();
    this.#openRow();
  }

  #openRow(at = this.#tokens.at): void {
    this.#state = 'row';
    this.#excerpt.begin(at);
    this.#row.open(this.#wanted);
  }

  #rowSymbol(byte: number): void {
    const found = this.#row.symbol(byte);
    if (found === 'torn') this.#lose();
    if (found !== 'end') return;
    this.#handler.row(this.#row.cells);
    this.#state = 'values';
  }

  /** A text ended before its end, and the rest of the row cannot be told from the next. */
  #lose(): void {
    this.#handler.malformed(this.#excerpt.take(this.#block, this.#tokens.at + 1));
    this.#loseAgain();
  }

  /** The line that a torn row ends in begins neither a row nor a statement. */
  #loseAgain(): void {
    this.#state = 'lost';
    this.#recovery = new SqlRecovery();
    this.#tokens.stop();
  }

  /** A line of something else, as where files were joined. */
  #stray(): void {
    this.#state = 'stray';
    this.#excerpt.begin(this.#tokens.at);
    this.#tokens.stop();
  }

  #skipLine(block: Buffer, from: number): number {
    const end = block.indexOf(LF, from);
    if (end === -1) return block.length;
    this.#handler.malformed(this.#excerpt.take(block, end));
    this.#tokens.reset();
    this.#state = 'start';
    return end + 1;
  }

  #recover(block: Buffer, from: number): number {
    const at = this.#recovery.push(block, from);
    const { found } = this.#recovery;
    if (found) this.#tokens.reset();
    if (found === 'row') this.#openRow(at - 1);
    else if (found) this.#state = 'resume';
    return at;
  }
}
