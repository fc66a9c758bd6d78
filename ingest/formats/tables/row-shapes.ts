// What the cells of a row show, from their bytes: a header, a line that was drawn, no value.

import { roleOfName } from '../column-names.ts';

export type Row = readonly Buffer[];

export const NO_CELL = Buffer.alloc(0);
const MAX_NAME = 40;

/** Whether a cell is letters, blanks and the marks of names. */
export function mayBeName(cell: Buffer): boolean {
  if (cell.length < 2 || cell.length > MAX_NAME) return false;
  for (let i = 0; i < cell.length; i++) {
    const byte = cell[i] as number;
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    if (!isLetter && byte < 0x80 && byte !== 0x20 && byte !== 0x2d && byte !== 0x5f) return false;
  }
  return true;
}

/** Whether all names are known, and one of them is a login and one a password. */
export function isHeaderOfPairs(header: readonly string[]): boolean {
  if (header.length < 2 || !header.every((name) => roleOfName(name) !== undefined)) return false;
  const roles = header.map(roleOfName);
  return roles.includes('login') && roles.includes('password');
}

/** What MySQL writes for NULL. */
export const isNull = (cell: Buffer): boolean => cell.length === 2 && cell[0] === 0x5c && cell[1] === 0x4e;

/** Without a callback for each row. */
export function includes(cells: Row, cell: Buffer): boolean {
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
export function isRuler(cell: Buffer | undefined, row: Row): boolean {
  if (cell === undefined || cell.length < MIN_RULER) return false;
  if (!RULER_STARTS.has((cell[0] === 0x20 ? cell[1] : cell[0]) as number)) return false;
  return row.every((each) => RULER.test(each.toString()));
}
