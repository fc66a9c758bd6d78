// The ranges of a snapshot, as entries and as text.

import { formatRangePrefix, type RangeName } from '../protocol/bucket-id.ts';
import { decodeRangeBody, type RangeEntries, SHARED_BYTES } from './range-body.ts';
import { formatRows } from './range-text.ts';
import { HASH_BYTES } from './run/range-record.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * None where no hash begins so. Undefined where the dataset does not have the index.
 * @param range below 2^20
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function rangeEntries(snapshot: Snapshot, name: RangeName, range: number): RangeEntries | undefined {
  const body = snapshot.rangeBody(name, range);
  if (!body) return undefined;
  if (body.length > 0) return decodeRangeBody(name, range, body);
  const suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
  return { count: 0, suffixBytes, suffixes: new Uint8Array(0), times: new Float64Array(0) };
}

/** The rows of a range; no bytes where no hash begins so. Otherwise as `rangeEntries`. */
export function rangeText(snapshot: Snapshot, name: RangeName, range: number): Buffer | undefined {
  const entries = rangeEntries(snapshot, name, range);
  return entries && formatRows(name, entries);
}

/** Every range of an index that has entries, with its name, in order. */
export function* rangeFiles(snapshot: Snapshot, name: RangeName): Generator<{ name: string; content: Buffer }> {
  for (const { range, body } of snapshot.rangeBodies(name))
    yield { name: formatRangePrefix(range), content: formatRows(name, decodeRangeBody(name, range, body)) };
}
