// Turns the rows of a CSV table into credentials: what is a row of it, and what its cells hold.

import { decodeText } from '../../input/text.ts';
import { CsvRows } from '../../syntax/csv-rows.ts';
import { foldName, roleOfName } from '../column-names.ts';
import { areByPlace, type ColumnPlaces, findColumns, isMissing, secretKindOf } from '../columns.ts';
import type { CorpusParser, CredentialSink, FormatOptions } from '../format.ts';
import { isRemark, mayBeginRemark } from '../remarks.ts';
import { hasMarks, withoutMarks } from './cell-marks.ts';
import { type CellOf, type RowRules, takeRow } from './credential-rows.ts';
import type { CsvTable } from './csv-dialect.ts';
import { hasOtherField, headerKind, includes, isNull, isRuler, mayBeName, NO_CELL, type Row } from './row-shapes.ts';

const CR = 0x0d;
/** More cells of a row are no example. */
const MAX_EXAMPLE_CELLS = 20;

/** RoboForm adds a cell for each further field of a form. */
export const isRoboForm = (header: readonly string[] | undefined): boolean =>
  /^rffields/.test(foldName(header?.at(-1) ?? ''));

/** A reader for the rows below the header. */
export function rowsOf(table: CsvTable, sink: CredentialSink, options: FormatOptions): CorpusParser {
  const rows = new TableRows(table, sink, options);
  const reader = new CsvRows(
    {
      row: (row, quoted) => rows.take(row, quoted),
      malformed: (line) => sink.reject('malformed-row', line),
      tooLong: () => sink.reject('too-long'),
    },
    table.dialect,
  );
  return {
    push: (block) => reader.push(block),
    end() {
      reader.end();
      rows.end();
    },
  };
}

interface HeldRow {
  readonly row: Row;
  readonly quoted: boolean;
}

/**
 * The columns that a header names; `unread` if it names no password, so that its rows are left out;
 * `perhaps` if it has another width, until the next row shows that a table begins there.
 */
type Header = ColumnPlaces | 'unread' | 'perhaps';

/** More rows that look like remarks are none. */
const MAX_HELD = 5;
const NEARLY_ALL = 0.95;
/** Rows of a writer that leaves out empty cells at the end are more than the rest. */
const ALL_ALIKE = 0.99;
/** Rows that show whether logins are addresses. */
const COUNTED_ROWS = 50;
const AT = 0x40;

class TableRows {
  readonly #sink: CredentialSink;
  readonly #options: FormatOptions;
  readonly #rules: RowRules;
  readonly #separator: Buffer;
  readonly #mayBeLonger: boolean;
  readonly #textOf: (cell: Buffer | undefined) => string | undefined;
  #names: Row;
  #places: ColumnPlaces;
  #width: number;
  /** Whether all rows have as many cells: one with fewer is of something else. */
  readonly #areAlike: boolean;
  /** A header of another width, until the next row shows that a table begins there. */
  #joined: Row | undefined;
  /** Whether the last header names no password. */
  #isUnread = false;
  /** Rows that are remarks if the table ends behind them. */
  #held: HeldRow[] = [];
  #rows = 0;
  #addresses = 0;

  constructor(table: CsvTable, sink: CredentialSink, options: FormatOptions) {
    const { marks, header } = table;
    this.#sink = sink;
    this.#options = options;
    this.#rules = { kind: secretKindOf(options.columns), blank: options.blank };
    this.#separator = Buffer.from(table.dialect.separator);
    this.#mayBeLonger = table.quotesSeparators || isRoboForm(header);
    const textOf = (cell: Buffer | undefined): string | undefined => {
      if (cell === undefined) return undefined;
      return isNull(cell) ? '' : decodeText(cell);
    };
    this.#textOf = hasMarks(marks)
      ? (cell) => {
          const text = textOf(cell);
          return text === undefined ? undefined : withoutMarks(text, marks);
        }
      : textOf;
    this.#names = (header ?? []).map((name) => Buffer.from(name));
    this.#places = table.places;
    this.#width = table.width;
    this.#areAlike = table.alike > ALL_ALIKE;
  }

  take(row: Row, quoted: boolean): void {
    if (row.length === 1 && row[0]?.length === 0) {
      this.#sink.reject('blank');
      return;
    }
    this.#settle(row.length);
    const header = this.#headerOf(row);
    if (header !== undefined) this.#takeHeader(row, header);
    else if (this.#isRuler(row)) this.#sink.reject('comment');
    else if (this.#isUnread) this.#sink.reject('missing-column', this.#join(row));
    else if (this.#isRemark(row)) this.#hold(row, quoted);
    else {
      if (this.#held.length > 0) this.#release();
      this.#takeRow(row, quoted);
    }
  }

  end(): void {
    this.#endTable();
    this.#settle(0);
  }

  /** What is still held ends the table. */
  #endTable(): void {
    for (const { row } of this.#held) this.#sink.reject('remark', this.#join(row));
    this.#held = [];
  }

  /** Whether the logins are addresses, as far as rows were read. */
  get #areAddresses(): boolean {
    return this.#addresses > NEARLY_ALL * Math.min(this.#rows, COUNTED_ROWS);
  }

  #takeRow(row: Row, quoted: boolean): void {
    this.#rows++;
    if (this.#areAlike && row.length < this.#width) this.#sink.reject('missing-column', this.#join(row));
    else if (row.length <= this.#width || quoted || this.#mayBeLonger) this.#takeCells(row);
    else if (row.some((cell) => cell.includes(CR))) this.#takeOldLines(row);
    // An unquoted separator belongs to the password if no other column may contain it.
    else if (this.#places.complete && !hasOtherField(row, this.#places.secret, this.#width))
      this.#takeCells(this.#joinSecret(row));
    else this.#sink.reject('malformed-row', this.#join(row.slice(0, MAX_EXAMPLE_CELLS)));
  }

  #takeCells(row: Row): void {
    const cell: CellOf = (place) => this.#textOf(row[place]);
    takeRow(this.#sink, this.#places, cell, this.#rules);
  }

  /** Among addresses, a remark is one anywhere; elsewhere if the table ends behind it. */
  #hold(row: Row, quoted: boolean): void {
    if (this.#areAddresses) {
      this.#sink.reject('remark', this.#join(row));
      return;
    }
    // Copied, because the reader may use its cells again.
    this.#held.push({ row: row.map((cell) => Buffer.from(cell)), quoted });
    if (this.#held.length > MAX_HELD) this.#release();
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { row, quoted } of held) this.#takeRow(row, quoted);
  }

  #isRemark(row: Row): boolean {
    const { usernames, secret } = this.#places;
    const login = row[usernames[0] ?? 0] ?? NO_CELL;
    if (this.#rows < COUNTED_ROWS && login.includes(AT)) this.#addresses++;
    const first = login.length === 0 ? (row[0] ?? NO_CELL) : login;
    if (!mayBeginRemark(first)) return false;
    const textAt = (place: number): string => this.#textOf(row[place]) ?? '';
    const above = { rows: this.#rows, areAddresses: this.#areAddresses };
    return isRemark(usernames.map(textAt), textAt(0), textAt(secret), above);
  }

  #isRuler(row: Row): boolean {
    return isRuler(row[this.#places.secret] ?? row[0], row);
  }

  /** What a row is that names columns, as where files or tables were joined. Changes nothing. */
  #headerOf(row: Row): Header | undefined {
    if (this.#isSameHeader(row)) return this.#placesOfSame(row);
    if (this.#options.columns || !row.every(mayBeName) || this.#isRuler(row)) return undefined;
    const header = row.map(decodeText);
    const kind = headerKind(header);
    if (kind === undefined)
      return this.#areAddresses && this.#namesLogin(header) && this.#isOtherTable(row) ? 'unread' : undefined;
    if (kind === 'no-password') return this.#isOtherTable(row) ? 'unread' : undefined;
    const places = findColumns(header);
    if (isMissing(places)) return undefined;
    if (row.length !== this.#width) return 'perhaps';
    // A person may be called `user`, and have the password `password`.
    const isAlike = places.secret === this.#places.secret && places.usernames.join() === this.#places.usernames.join();
    return isAlike && !this.#isUnread && (row.length === 2 || kind === 'some') ? undefined : places;
  }

  #takeHeader(row: Row, header: Header): void {
    if (header === 'perhaps') this.#joined = row.map((cell) => Buffer.from(cell));
    else if (header === 'unread') {
      this.#isUnread = true;
      this.#width = row.length;
      this.#sink.reject('missing-column', this.#join(row));
    } else this.#begin(row, header);
    this.#endTable();
  }

  /** The names of the header, perhaps in another order. A password alone may be any word. */
  #isSameHeader(row: Row): boolean {
    const names = this.#names;
    if (row.length < 2 || row.length !== names.length || !includes(names, row[this.#places.secret] as Buffer))
      return false;
    return row.every((cell) => includes(names, cell)) && names.every((name) => includes(row, name));
  }

  #placesOfSame(row: Row): ColumnPlaces {
    const { columns } = this.#options;
    const places = columns && areByPlace(columns) ? this.#places : findColumns(row.map(decodeText), columns);
    return isMissing(places) ? this.#places : places;
  }

  /** Whether a name of a login stands where the rows have addresses, beside names not known. */
  #namesLogin(header: readonly string[]): boolean {
    const isLogin = this.#places.usernames.some((place) => roleOfName(header[place] ?? '') === 'login');
    return isLogin && header.length > 1 && header.every((name) => roleOfName(name) !== 'password');
  }

  /** Whether a header without a password begins another table. Two words may be a login and one. */
  #isOtherTable(row: Row): boolean {
    const login = row[this.#places.usernames[0] ?? 0] ?? NO_CELL;
    return row.length > 2 || this.#areAddresses || includes(this.#names, login);
  }

  /** @param width of the row below a header that is held */
  #settle(width: number): void {
    const names = this.#joined;
    if (!names) return;
    this.#joined = undefined;
    const places = findColumns(names.map(decodeText));
    if (names.length === width && !isMissing(places)) this.#begin(names, places);
    else this.#sink.reject(names.length < this.#width ? 'missing-column' : 'malformed-row', this.#join(names));
  }

  #begin(names: Row, places: ColumnPlaces): void {
    if (!this.#isSameHeader(names)) {
      this.#rows = 0;
      this.#addresses = 0;
    }
    this.#names = names.map((name) => Buffer.from(name));
    this.#places = places;
    this.#width = names.length;
    this.#isUnread = false;
    this.#sink.reject('comment');
  }

  /** Lines that end with CR alone, among others. */
  #takeOldLines(row: Row): void {
    const line = this.#join(row);
    for (let from = 0; from <= line.length; ) {
      const cr = line.indexOf(CR, from);
      const end = cr === -1 ? line.length : cr;
      this.take(this.#cut(line.subarray(from, end)), false);
      from = end + 1;
    }
  }

  #cut(line: Buffer): Buffer[] {
    const cells: Buffer[] = [];
    for (let from = 0; from <= line.length; ) {
      const at = line.indexOf(this.#separator, from);
      const end = at === -1 ? line.length : at;
      cells.push(line.subarray(from, end));
      from = end + (at === -1 ? 1 : this.#separator.length);
    }
    return cells;
  }

  #joinSecret(row: Row): Buffer[] {
    const { secret } = this.#places;
    const end = secret + row.length - this.#width + 1;
    return [...row.slice(0, secret), this.#join(row.slice(secret, end)), ...row.slice(end)];
  }

  #join(cells: Row): Buffer {
    return Buffer.concat(cells.flatMap((cell, i) => (i === 0 ? [cell] : [this.#separator, cell])));
  }
}
