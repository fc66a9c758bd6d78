// Names of Have I Been Pwned's range files, as its downloaders write them: the five hex digits of a
// range, `.txt` or not, compressed or not, in any folder.

import { parseRangePrefix } from '../../protocol/bucket-id.ts';

const RANGE_NAME = /(?:^|[/\\])([0-9a-fA-F]{5})(?:\.txt)?(?:\.(?:gz|bz2|xz|zst|br))?$/;

/** The range that a file or archive entry is named after. Undefined for any other name. */
export function rangeOfName(name: string): number | undefined {
  const digits = RANGE_NAME.exec(name)?.[1];
  return digits === undefined ? undefined : parseRangePrefix(digits);
}

/** Brotli has no magic: only its name tells. */
export const isBrotliRange = (name: string): boolean => name.endsWith('.br') && rangeOfName(name) !== undefined;
