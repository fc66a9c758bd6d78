// The columns of a user table whose names are missing from a header, or stand in it twice.

import { showHeader } from '../../ingest/formats/columns.ts';
import { MatchError } from '../errors.ts';

export function columnMissing(name: string | undefined, header: readonly string[]): MatchError {
  const what = name === undefined ? 'not the named columns' : `no column ${JSON.stringify(name)}`;
  return new MatchError(
    'USERS_COLUMN_MISSING',
    header.length === 0 ? 'the user table has no header' : `the user table has ${what}: ${showHeader(header)}`,
    'Pass --columns id=NAME,username=NAME,email=NAME,hash=NAME, with names of the header or places from 1.',
  );
}

const folded = (name: string): string => name.trim().toLowerCase();

const areAlike = (a: string, b: string): boolean => folded(a) === folded(b);

/**
 * Which of two columns is meant is the operator's to say.
 * @param hint the way out
 * @param isName whether a column has a name; default: but for case and spaces around
 * @throws MatchError `USERS_COLUMN_AMBIGUOUS`
 */
export function assertUnambiguous(
  header: readonly string[],
  names: readonly string[],
  hint = PLACES,
  isName = areAlike,
): void {
  for (const name of names) {
    const places = header.flatMap((other, i) => (isName(other, name) ? [i + 1] : []));
    if (places.length > 1)
      throw new MatchError(
        'USERS_COLUMN_AMBIGUOUS',
        `the user table has ${places.length} columns ${JSON.stringify(name)}, at the places ${places.join(' and ')}`,
        hint,
      );
  }
}

const PLACES = 'Name columns by their places from 1, such as --columns id=1,email=2,hash=5, or export one of them.';
