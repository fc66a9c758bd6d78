// Padding of a range: rows with pseudo-random suffixes and count 0, so that all answers have one
// size. PROTOCOL.md §13.
//
// The rows of a range are the same each time: caches, tags and several servers then agree on the
// bytes. Nobody who must not know them sees them: padding hides sizes, and what is inside only the
// client sees, which knows rows by their 0.

import { createHash } from 'node:crypto';
import type { SnapshotId } from '../../protocol/brands.ts';
import type { RangeName } from '../../protocol/bucket-id.ts';
import { compareBytes } from '../../protocol/bytes.ts';
import { corruptSnapshot } from './current.ts';
import type { RangeEntries } from './range-body.ts';
import { formatRows, mostTextBytes, rowBytes, textBytes } from './range-text.ts';
import type { RangeFacts } from './snapshot-facts.ts';

/** The first bytes of a suffix, by which rows are put in order: as many as a number holds. */
const KEY_BYTES = 6;

/** What a padded range is made from. */
export interface PaddedPlace {
  readonly snapshot: SnapshotId;
  readonly name: RangeName;
  readonly range: number;
}

/** The one size of padded answers: the longest range and a row of padding. */
export function paddedTextBytes(name: RangeName, { maxEntries, maxTextBytes }: RangeFacts): number {
  return (maxTextBytes ?? mostTextBytes(name, maxEntries)) + rowBytes(name);
}

/**
 * The text of a range, padded to `bytes`.
 * @throws StoreError `SNAPSHOT_CORRUPT` where the range is longer than its snapshot says
 */
export function padRange(place: PaddedPlace, entries: RangeEntries, bytes: number): Buffer {
  const { name } = place;
  // The first row of all has no line end before it.
  const room = bytes - textBytes(name, entries.times) + (entries.count === 0 ? '\r\n'.length : 0);
  const rows = Math.floor(room / rowBytes(name));
  if (rows < 1) throw corruptSnapshot(`${place.snapshot}: a range of ${name} is longer than its facts say`);
  const padding = paddingSuffixes(place, entries.suffixBytes, rows);
  return formatRows(name, mergeRows(entries, padding, rows), room - rows * rowBytes(name));
}

/** Ascending suffixes of this range. With 108 or 140 free bits none is ever one of a password. */
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
  // Numbers sort natively; the bytes behind them are as random in any order.
  keys.sort();
  for (let row = 0; row < rows; row++) suffixes.writeUIntBE(keys[row] as number, row * suffixBytes, KEY_BYTES);
  return suffixes;
}

/** The rows of both in order, those of the padding seen 0 times. */
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
