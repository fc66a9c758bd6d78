// Padding of a range: rows with pseudo-random suffixes and count 0, so that all answers have one
// size. PROTOCOL.md §13.
//
// The padding rows of a range never change, so caches, ETags and several servers agree on the
// bytes. They need not be secret: padding hides sizes on the wire, and only the client reads the
// rows.

import { createHash } from 'node:crypto';
import type { SnapshotId } from '../../../protocol/brands.ts';
import type { RangeName } from '../../../protocol/bucket-id.ts';
import { compareBytes } from '../../../protocol/bytes.ts';
import type { RangeFacts } from '../layout/snapshot-facts.ts';
import { corruptSnapshot } from '../layout/snapshot-files.ts';
import type { RangeEntries } from './range-body.ts';
import { formatRows, mostTextBytes, rowBytes, textBytes } from './range-text.ts';

/** The leading bytes of a suffix that order the rows: those that fit in a number. */
const KEY_BYTES = 6;

/** The input of the padding. */
export interface PaddedPlace {
  readonly snapshot: SnapshotId;
  readonly name: RangeName;
  readonly range: number;
}

/** The size of all padded responses: the longest range and one row of padding. */
export function paddedTextBytes(name: RangeName, { maxEntries, maxTextBytes }: RangeFacts): number {
  return (maxTextBytes ?? mostTextBytes(name, maxEntries)) + rowBytes(name);
}

/**
 * The text of a range, padded to `bytes`.
 * @throws StoreError `SNAPSHOT_CORRUPT` if the range is longer than the facts allow
 */
export function padRange(place: PaddedPlace, entries: RangeEntries, bytes: number): Buffer {
  const { name } = place;
  // No line end precedes the first row.
  const room = bytes - textBytes(name, entries.times) + (entries.count === 0 ? '\r\n'.length : 0);
  const rows = Math.floor(room / rowBytes(name));
  if (rows < 1) throw corruptSnapshot(`${place.snapshot}: a range of ${name} is longer than its facts say`);
  const padding = paddingSuffixes(place, entries.suffixBytes, rows);
  return formatRows(name, mergeRows(entries, padding, rows), room - rows * rowBytes(name));
}

/** Ascending suffixes in this range. With 108 or 140 free bits none collides with a password's. */
function paddingSuffixes({ snapshot, name, range }: PaddedPlace, suffixBytes: number, rows: number): Uint8Array {
  const seed = `credveil range padding 1\0${snapshot}\0${name}\0${range}`;
  const suffixes = createHash('shake256', { outputLength: rows * suffixBytes })
    .update(seed)
    .digest();
  const keys = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = row * suffixBytes;
    suffixes[at] = ((range & 0xf) << 4) | ((suffixes[at] as number) & 0xf);
    keys[row] = suffixes.readUIntBE(at, KEY_BYTES);
  }
  // Numbers sort natively; the bytes after them are random in any order.
  keys.sort();
  for (let row = 0; row < rows; row++) suffixes.writeUIntBE(keys[row] as number, row * suffixBytes, KEY_BYTES);
  return suffixes;
}

/** Merges both sets of rows in order; padding rows have times 0. */
function mergeRows({ count, suffixBytes, suffixes, times }: RangeEntries, padding: Uint8Array, rows: number) {
  const merged = {
    count: count + rows,
    suffixBytes,
    suffixes: new Uint8Array((count + rows) * suffixBytes),
    times: new Float64Array(count + rows),
  };
  let entry = 0;
  for (let row = 0, at = 0; row < rows || entry < count; at += suffixBytes) {
    const [place, paddingAt] = [entry * suffixBytes, row * suffixBytes];
    if (row === rows || (entry < count && compareBytes(suffixes, place, padding, paddingAt, suffixBytes) < 0)) {
      merged.suffixes.set(suffixes.subarray(place, place + suffixBytes), at);
      merged.times[at / suffixBytes] = times[entry++] as number;
    } else {
      merged.suffixes.set(padding.subarray(paddingAt, paddingAt + suffixBytes), at);
      row++;
    }
  }
  return merged;
}
