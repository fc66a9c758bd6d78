// Finds out how a table is written, from its start: separator, quotes, and where its rows begin.

import { decodeText } from '../../input/text.ts';
import { type CsvDialect, CsvRows } from '../../syntax/csv-rows.ts';
import { isSql } from '../../syntax/sql-lines.ts';
import { foldName, roleOfName } from '../column-names.ts';
import {
  areByPlace,
  type ColumnPlaces,
  type Columns,
  findColumns,
  isMissing,
  type MissingColumn,
  placeNames,
  secretKindOf,
  usernamesOf,
} from '../columns.ts';
import { type CellMarks, findMarks, otherQuote, type ReadColumns } from './cell-marks.ts';
import { NO_CELL } from './row-shapes.ts';

/** Bytes of text that the dialect is found from. */
export const DIALECT_BYTES = 1 << 16;

export interface CsvTable {
  readonly dialect: CsvDialect;
  /** Offset of the first row below the header, if there is one. */
  readonly bodyAt: number;
  /** Undefined for a table without header. */
  readonly header: readonly string[] | undefined;
  readonly places: ColumnPlaces;
  /** Cells of a usual row. */
  readonly width: number;
  /** Share of the rows that have as many. */
  readonly alike: number;
  /** Whether the writer encloses cells that contain the separator: then no other cell is cut. */
  readonly quotesSeparators: boolean;
  readonly marks: CellMarks;
}

/** What was looked at in place of a header. */
export interface NoTable extends MissingColumn {
  readonly header: readonly string[];
}

/**
 * Characters that separate cells, most likely first. A colon separates only tables of known
 * columns.
 */
const SEPARATORS = [',', '\t', ';', '|', '^', '~', '\x01', '\x1f', '§', '¦', '¬', '│', ':'];
const MAX_PREAMBLE_LINES = 20;
const COMMENT = /^\s*(#|\/\/|--)/;
const SEPARATOR_LINE = /^"?sep=(.+?)"?$/i;
const MAX_NAME_LENGTH = 80;

interface Options {
  readonly columns?: Columns;
  readonly separator?: string;
}

interface Line {
  readonly text: string;
  readonly end: number;
}

/** @param sample the start of the text, or all of it */
export function findTable(sample: Buffer, { columns, separator }: Options): CsvTable | NoTable {
  const lines = firstLines(sample);
  let stated = separator;
  let closest: NoTable | undefined;
  for (const [number, line] of lines.entries()) {
    if (isSql(line.text)) break;
    const named = SEPARATOR_LINE.exec(line.text);
    if (named) {
      stated ??= named[1] as string;
      continue;
    }
    const header = readHeader(line.text, stated, columns);
    if (header === undefined) continue;
    if (!('places' in header)) {
      closest ??= header;
      continue;
    }
    if (number > 0 && !isPreamble(lines.slice(0, number), header.dialect.separator)) break;
    return describe(sample.subarray(line.end), line.end, { ...header, width: header.header.length });
  }
  if (columns && areByPlace(columns)) return withoutHeader(sample, lines, columns, stated);
  return closest ?? { missing: secretKindOf(columns), header: [] };
}

function firstLines(sample: Buffer): Line[] {
  const lines: Line[] = [];
  for (let from = 0; from < sample.length && lines.length < MAX_PREAMBLE_LINES; ) {
    const lf = sample.indexOf(0x0a, from);
    const end = lf === -1 ? sample.length : lf;
    const text = decodeText(sample.subarray(from, end))
      .replace(/^\ufeff/, '')
      .replace(/\r+$/, '');
    lines.push({ text, end: Math.min(end + 1, sample.length) });
    from = end + 1;
  }
  return lines;
}

/** Lines above a header are blank, comments, or titles, which have no cells. */
const isPreamble = (lines: readonly Line[], separator: string): boolean =>
  lines.every(
    ({ text }) => text.trim() === '' || COMMENT.test(text) || SEPARATOR_LINE.test(text) || !text.includes(separator),
  );

interface Header {
  readonly dialect: Omit<CsvDialect, 'escape'>;
  readonly header: readonly string[];
  readonly places: ColumnPlaces;
}

/** @returns what comes closest to a header, or undefined if nothing does */
function readHeader(text: string, stated: string | undefined, columns?: Columns): Header | NoTable | undefined {
  // A header may itself be a comment.
  const line = text.replace(/^\s*(#+|\/\/)\s*/, '');
  if (line.trim() === '') return undefined;
  let closest: NoTable | undefined;
  for (const candidate of stated === undefined ? separatorsIn(line) : [stated]) {
    for (const quote of /^\s*'/.test(line) ? ["'", '"'] : ['"']) {
      const separator = stated ?? widen(candidate, line, quote);
      const header = cellsOf(line, { separator, quote, escape: 'double' });
      if (header === undefined || !areNames(header)) continue;
      const places = findColumns(header, columns);
      if (isMissing(places)) {
        const isLikely = !COMMENT.test(text) && candidate !== ':';
        if (isLikely && header.length > (closest?.header.length ?? 0)) closest = { ...places, header };
        continue;
      }
      if (candidate === ':' && !places.complete) continue;
      if (columns && areByPlace(columns) && !namesItsPlaces(header, places)) continue;
      return { dialect: { separator, quote }, header, places };
    }
  }
  return closest;
}

/** A line without any is a table of one column. */
function separatorsIn(line: string): readonly string[] {
  const found = SEPARATORS.filter((separator) => line.includes(separator));
  return found.length > 0 ? found : [','];
}

/** Adds the spaces that follow, or surround, every separator of a header. */
function widen(separator: string, line: string, quote: string): string {
  if (separator === ' ' || separator === '\t') return separator;
  const cells = line.split(separator);
  const follows = cells.slice(1).every((cell) => cell.startsWith(' '));
  const precedes = cells.slice(0, -1).every((cell) => cell.endsWith(' '));
  // Between `", "` both are cells.
  if (!follows || line.includes(`${quote}${separator}${quote}`)) return separator;
  return precedes ? ` ${separator} ` : `${separator} `;
}

const areNames = (header: readonly string[]): boolean =>
  header.every((name) => name.length <= MAX_NAME_LENGTH && !/@|:\/\//.test(name));

/**
 * Whether the first row of a table whose columns are given by place has names there, not a
 * credential.
 */
const namesItsPlaces = (header: readonly string[], { usernames, secret }: ColumnPlaces): boolean => {
  const isNamed = (place: number): boolean => roleOfName(header[place] ?? '') !== undefined;
  return isNamed(secret) && usernames.every(isNamed);
};

function cellsOf(line: string, dialect: CsvDialect): string[] | undefined {
  let found: string[] | undefined;
  const rows = new CsvRows(
    { row: (cells) => (found ??= cells.map(decodeText)), malformed() {}, tooLong() {} },
    dialect,
  );
  rows.push(Buffer.from(line));
  rows.end();
  return found;
}

/** A table of which the start and the separator are known. */
interface Body extends Omit<Header, 'header'> {
  readonly header: readonly string[] | undefined;
  readonly width: number;
}

interface Look {
  readonly rows: number;
  readonly malformed: number;
  readonly strayQuotes: number;
  /** Rows by their number of cells. */
  readonly widths: ReadonlyMap<number, number>;
  readonly quotesSeparators: boolean;
  readonly columns: ReadColumns;
}

function lookAt(body: Buffer, dialect: CsvDialect, places?: ColumnPlaces): Look {
  const read = places ? [...places.usernames, places.secret] : [];
  const columns = read.map((): string[] => []);
  let rows = 0;
  let malformed = 0;
  let quotesSeparators = false;
  const widths = new Map<number, number>();
  const reader = new CsvRows(
    {
      row(cells, quoted) {
        if (cells.length === 1 && cells[0]?.length === 0) return;
        rows++;
        widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1);
        for (const [i, place] of read.entries()) columns[i]?.push(decodeText(cells[place] ?? NO_CELL));
        if (quoted && !quotesSeparators) quotesSeparators = cells.some((cell) => cell.includes(dialect.separator));
      },
      malformed: () => malformed++,
      tooLong: () => malformed++,
    },
    dialect,
  );
  reader.push(body);
  reader.end();
  return { rows, malformed, strayQuotes: reader.strayQuotes, widths, quotesSeparators, columns };
}

/** Chooses the dialect that reads the rows with fewer quotes astray. */
function describe(body: Buffer, bodyAt: number, table: Body): CsvTable {
  const { header, places, width } = table;
  // A sample may end within a row.
  const whole = body.subarray(0, body.lastIndexOf(0x0a) + 1 || body.length);
  let double: CsvDialect = { ...table.dialect, escape: 'double' };
  let asDouble = lookAt(whole, double, places);
  const quote = otherQuote(asDouble.columns, double.quote);
  if (quote !== undefined) {
    double = { ...double, quote };
    asDouble = lookAt(whole, double, places);
  }
  const found = { bodyAt, header, places, width };
  if (whole.includes(`\\${double.quote}`) || whole.includes('\\\\')) {
    const backslash: CsvDialect = { ...double, escape: 'backslash' };
    const asBackslash = lookAt(whole, backslash, places);
    const astray = ({ rows, malformed, strayQuotes, widths }: Look): number =>
      malformed + strayQuotes + rows - (widths.get(width) ?? 0);
    if (
      astray(asBackslash) < astray(asDouble) ||
      (isKeePass(header) && escapesAll(whole) && astray(asBackslash) === astray(asDouble))
    )
      return { ...found, dialect: backslash, ...summary(asBackslash, table) };
  }
  return { ...found, dialect: double, ...summary(asDouble, table) };
}

function summary(
  { rows, widths, quotesSeparators, columns }: Look,
  { header, places, width }: Body,
): Pick<CsvTable, 'alike' | 'quotesSeparators' | 'marks'> {
  let alike = 0;
  // Longer rows of a complete table have separators in the password.
  for (const [cells, count] of widths) if (cells === width || (places.complete && cells > width)) alike += count;
  const name = header?.[places.secret] ?? '';
  const marks = findMarks(columns, name !== name.trim());
  return { alike: rows === 0 ? 1 : alike / rows, quotesSeparators, marks };
}

/** KeePass 1, which escapes by backslashes. */
const isKeePass = (header: readonly string[] | undefined): boolean =>
  header?.map(foldName).join() === 'account,loginname,password,website,comments';

/** Whether each backslash has one before it, or escapes a quote. */
const escapesAll = (body: Buffer): boolean => !/(?<!\\)(?:\\\\)*\\(?![\\"])/.test(body.toString('latin1'));

/** A table of columns by place: its separator is the one that most rows are cut alike by. */
function withoutHeader(
  sample: Buffer,
  lines: readonly Line[],
  columns: Columns,
  stated: string | undefined,
): CsvTable | NoTable {
  const width = Math.max(
    ...[...usernamesOf(columns), columns[secretKindOf(columns)], columns.count].map((n) => Number(n ?? 0)),
  );
  const bodyAt = SEPARATOR_LINE.test(lines[0]?.text ?? '') ? (lines[0]?.end ?? 0) : 0;
  let best: { body: Body; share: number } | undefined;
  for (const separator of stated === undefined ? SEPARATORS : [stated]) {
    const dialect: CsvDialect = { separator, quote: '"', escape: 'double' };
    const { rows, widths } = lookAt(sample.subarray(bodyAt), dialect);
    const [usual = 0, count = 0] = [...widths].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
    if (usual < width || (best && count / rows <= best.share)) continue;
    const places = findColumns(placeNames(usual), columns);
    if (isMissing(places)) continue;
    best = { body: { dialect, header: undefined, places, width: usual }, share: count / rows };
  }
  if (best) return { ...describe(sample.subarray(bodyAt), bodyAt, best.body), alike: best.share };
  const header = cellsOf(lines[0]?.text ?? '', { separator: ',', quote: '"', escape: 'double' }) ?? [];
  return { missing: secretKindOf(columns), header };
}
