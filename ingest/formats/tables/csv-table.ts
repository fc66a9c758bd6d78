// Turns the rows of a CSV table into credentials: what is a row of it, and what its cells hold.

import { decodeText } from '../../input/text.ts';
import { CsvRows } from '../../syntax/csv-rows.ts';
import { foldName } from '../column-names.ts';
import { areByPlace, type ColumnPlaces, findColumns, isMissing, secretKindOf } from '../columns.ts';
import type { CredentialSink, FormatOptions } from '../format.ts';
import { hasMarks, withoutMarks } from './cell-marks.ts';
import { type CellOf, takeRow } from './credential-rows.ts';
import type { CsvTable } from './csv-dialect.ts';

const CR = 0x0d;
/** More cells of a row are no example. */
const MAX_EXAMPLE_CELLS = 20;

type Row = readonly Buffer[];

/** RoboForm adds a cell for each further field of a form. */
export const isRoboForm = (header: readonly string[] | undefined): boolean =>
  /^rffields/.test(foldName(header?.at(-1) ?? ''));

/** A reader for the rows below the header. */
export function rowsOf(table: CsvTable, sink: CredentialSink, options: FormatOptions): CsvRows {
  const rows = new TableRows(table, sink, options);
  return new CsvRows(
    {
      row: (row, quoted) => rows.take(row, quoted),
      malformed: (line) => sink.reject('malformed-row', line),
      tooLong: () => sink.reject('too-long'),
    },
    table.dialect,
  );
}

class TableRows {
  readonly #table: CsvTable;
  readonly #sink: CredentialSink;
  readonly #options: FormatOptions;
  readonly #rules: Parameters<typeof takeRow>[3];
  readonly #separator: Buffer;
  readonly #mayBeLonger: boolean;
  readonly #textOf: (cell: Buffer | undefined) => string | undefined;
  readonly #names: Row;
  #places: ColumnPlaces;

  constructor(table: CsvTable, sink: CredentialSink, options: FormatOptions) {
    const { marks, header } = table;
    this.#table = table;
    this.#sink = sink;
    this.#options = options;
    this.#rules = { kind: secretKindOf(options.columns), blank: options.blank };
    this.#separator = Buffer.from(table.dialect.separator);
    this.#mayBeLonger = table.quotesSeparators || isRoboForm(header);
    const textOf = (cell: Buffer | undefined): string | undefined => {
      if (cell === undefined) return undefined;
      // What MySQL writes for NULL.
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
  }

  take(row: Row, quoted: boolean): void {
    const { width } = this.#table;
    if (row.length === 1 && row[0]?.length === 0) this.#sink.reject('blank');
    else if (this.#isHeader(row) || isRuler(row[this.#places.secret] ?? row[0], row)) this.#sink.reject('comment');
    else if (row.length <= width || quoted || this.#mayBeLonger) this.#takeCells(row);
    else if (row.some((cell) => cell.includes(CR))) this.#takeOldLines(row);
    // An unquoted separator belongs to the password if no other column may contain it.
    else if (this.#places.complete) this.#takeCells(this.#joinSecret(row));
    else this.#sink.reject('malformed-row', this.#join(row.slice(0, MAX_EXAMPLE_CELLS)));
  }

  #takeCells(row: Row): void {
    const cell: CellOf = (place) => this.#textOf(row[place]);
    takeRow(this.#sink, this.#places, cell, this.#rules);
  }

  /** The header again, as where files were joined: its columns may have another order there. */
  #isHeader(row: Row): boolean {
    const names = this.#names;
    // A password alone may be any word.
    if (row.length < 2 || row.length !== names.length || !includes(names, row[this.#places.secret] as Buffer))
      return false;
    if (!row.every((cell) => includes(names, cell)) || !names.every((name) => includes(row, name))) return false;
    const { columns } = this.#options;
    if (columns && areByPlace(columns)) return true;
    const places = findColumns(row.map(decodeText), columns);
    if (!isMissing(places)) this.#places = places;
    return true;
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
    const end = secret + row.length - this.#table.width + 1;
    return [...row.slice(0, secret), this.#join(row.slice(secret, end)), ...row.slice(end)];
  }

  #join(cells: Row): Buffer {
    return Buffer.concat(cells.flatMap((cell, i) => (i === 0 ? [cell] : [this.#separator, cell])));
  }
}

const isNull = (cell: Buffer): boolean => cell.length === 2 && cell[0] === 0x5c && cell[1] === 0x4e;

/** Without a callback for each row. */
function includes(cells: Row, cell: Buffer): boolean {
  for (let i = 0; i < cells.length; i++) {
    const other = cells[i] as Buffer;
    if (other.length === cell.length && other.equals(cell)) return true;
  }
  return false;
}

const RULER = /^[\s:=+|\u2500-\u257f-]*$/;
const MIN_RULER = 3;
/** What a ruler begins with, after a space: `-`, `=`, `:`, `+`, or a byte of box drawings. */
const RULER_STARTS = new Set([0x2d, 0x3d, 0x3a, 0x2b, 0xe2]);

/** Whether a row draws a line of the table: `+-----+-----+`, or `---` in each cell. */
function isRuler(cell: Buffer | undefined, row: Row): boolean {
  if (cell === undefined || cell.length < MIN_RULER) return false;
  if (!RULER_STARTS.has((cell[0] === 0x20 ? cell[1] : cell[0]) as number)) return false;
  return row.every((each) => RULER.test(each.toString()));
}
