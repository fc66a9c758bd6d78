// What writers put around the text of a cell beside the quotes of CSV: other quotes, a formula that
// keeps a spreadsheet from reading a number, and blanks that align columns.

/** The text of the cells that are read, by column. */
export type ReadColumns = readonly (readonly string[])[];

export interface CellMarks {
  /** What encloses cells, in pairs of a start and an end. */
  readonly enclosures: readonly Enclosure[];
  /** Whether blanks align the columns. */
  readonly isPadded: boolean;
}

type Enclosure = readonly [open: string, close: string];

/** In the order in which they are taken off: a formula has quotes of its own. */
const ENCLOSURES: readonly Enclosure[] = [
  ['="', '"'],
  ['“', '”'],
  ['„', '“'],
  ['„', '”'],
  ['”', '”'],
  ['‘', '’'],
  ['‚', '‘'],
  ['’', '’'],
  ['«', '»'],
  ['»', '«'],
  ['「', '」'],
];
/** Quotes that a reader of CSV takes. */
const QUOTES = ['"', "'", '`'];

const HALF = 0.5;
/** Hardly any password begins and ends with the same mark. */
const SOME = 0.05;
const MIN_SOME = 3;
/** A cell that fills its column has no blank. */
const NEARLY_ALL = 0.8;
const MIN_PADDED = 5;

/** The quote that encloses cells in place of `quote`; undefined if none does. */
export const otherQuote = (columns: ReadColumns, quote: string): string | undefined =>
  QUOTES.find((other) => other !== quote && columns.some((cells) => areEnclosed(cells, [other, other])));

/** @param areNamesPadded whether the names of the header are */
export function findMarks(columns: ReadColumns, areNamesPadded: boolean): CellMarks {
  const isPadded = columns.some((cells) => arePadded(cells, areNamesPadded));
  const bare = isPadded ? columns.map((cells) => cells.map((cell) => cell.trim())) : columns;
  const enclosures = ENCLOSURES.filter((enclosure) => bare.some((cells) => areEnclosed(cells, enclosure)));
  return { enclosures, isPadded };
}

export const hasMarks = ({ enclosures, isPadded }: CellMarks): boolean => isPadded || enclosures.length > 0;

/** The text of a cell without its marks. */
export function withoutMarks(text: string, { enclosures, isPadded }: CellMarks): string {
  const cell = isPadded ? text.trim() : text;
  const enclosure = enclosures.find((found) => isEnclosed(cell, found));
  if (!enclosure) return cell;
  const [open, close] = enclosure;
  const inner = cell.slice(open.length, -close.length);
  return open === '="' ? inner.replaceAll('""', '"') : inner;
}

const isEnclosed = (cell: string, [open, close]: Enclosure): boolean =>
  cell.length >= open.length + close.length && cell.startsWith(open) && cell.endsWith(close);

function areEnclosed(cells: readonly string[], enclosure: Enclosure): boolean {
  const filled = cells.filter((cell) => cell !== '');
  const count = filled.filter((cell) => isEnclosed(cell, enclosure)).length;
  return count > HALF * filled.length || (count >= MIN_SOME && count > SOME * filled.length);
}

function arePadded(cells: readonly string[], areNamesPadded: boolean): boolean {
  const filled = cells.filter((cell) => cell !== '');
  const count = filled.filter((cell) => cell !== cell.trim()).length;
  return areNamesPadded
    ? count > HALF * filled.length
    : filled.length >= MIN_PADDED && count >= NEARLY_ALL * filled.length;
}
