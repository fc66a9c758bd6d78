// Where the buckets and ranges of a snapshot are read from, whatever their layout.

import type { BucketId } from '../../../protocol/brands.ts';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import type { RangeSet } from '../../run/range-set.ts';

/** Where a body is read into: memory of this length, with any content. */
export type TakeRoom = (bytes: number) => Buffer;

/** @throws StoreError `SNAPSHOT_CORRUPT`, each method: never an empty body for a missing one */
export interface SnapshotSource {
  /**
   * Reads the body of a bucket, and zeros up to the longest body of its index.
   * @param target has room for it and LENGTH_BYTES more, which may be overwritten
   * @returns the length of the body without zeros
   */
  read(index: IndexName, id: BucketId, target: Buffer): number;
  /** The roots of the segments of an index with signatures that has more than one. */
  roots(index: IndexName): Uint8Array;
  /**
   * The body of a range; empty if it has no entries.
   * @param takeRoom may be used; the body is elsewhere if the layout has memory of its own
   */
  rangeBody(name: RangeName, range: number, takeRoom?: TakeRoom): Buffer;
  /** All ranges with entries, in order. */
  rangeBodies(name: RangeName): Iterable<{ readonly range: number; readonly body: Buffer }>;
  /** The ranges that a mirror lacks. Undefined if they are malformed. */
  gaps(name: RangeName): RangeSet | undefined;
  /** Checks all bytes, also those that a server checks when it first reads them. */
  verify(): void;
  close(): void;
}
