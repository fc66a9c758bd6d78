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

/**
 * What cells name, if they are a header: columns of which one is a login and one a password, with
 * others of which all or some are known; or known columns without a password.
 */
export function headerKind(header: readonly string[]): 'all' | 'some' | 'no-password' | undefined {
  if (header.length < 2) return undefined;
  const roles = header.map(roleOfName);
  const areKnown = !roles.includes(undefined);
  if (roles.includes('password') && (roles.includes('login') || roles.includes('weak-login')))
    return areKnown ? 'all' : header.length > 2 ? 'some' : undefined;
  const areDistinct = new Set(header).size === header.length;
  return areKnown && areDistinct && !roles.includes('password') ? 'no-password' : undefined;
}

/** A domain, an address, a URL, a date or an IP address. */
const OTHER_FIELD =
  /^\s*(?:\S+:\/\/\S+|(?:[^\s@]{1,64}@)?[a-z0-9][a-z0-9.-]*\.[a-z]{2,18}|\d{4}-\d\d-\d\d.*|\d{1,3}(?:\.\d{1,3}){3})\s*$/i;

/** Whether a row that is too long ends with another field, not with a part of its password. */
export function hasOtherField(row: Row, secret: number, width: number): boolean {
  const last = row.at(-1) ?? NO_CELL;
  return secret === width - 1 && (last.length === 0 || OTHER_FIELD.test(last.toString()));
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
