// The order of keyed records: ascending by key, as their bytes sort.

import { readU32, readU48 } from '../../protocol/bytes.ts';

/** Orders the records at `a` and `b` by key. */
export function compareKeys(records: Uint8Array, a: number, b: number): number {
  return readU32(records, a) - readU32(records, b) || readU48(records, a + 4) - readU48(records, b + 4);
}
