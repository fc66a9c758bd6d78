// Where the buckets and ranges of a snapshot are read from, whatever their layout.

import type { BucketId } from '../../../protocol/brands.ts';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import type { RangeSet } from '../../run/range-set.ts';

/** Where a body is read into: memory of this length, with any content. */
export type TakeRoom = (bytes: number) => Buffer;

/**
 * What each layout promises to those who read from it. test/store/layout/contract.test.ts holds all
 * of them to it.
 *
 * - Order: any, as often as wanted, also while `rangeBodies` goes on.
 * - Errors: each method throws StoreError `SNAPSHOT_CORRUPT` for what is missing or altered, and
 *   never returns an empty body in its place. Altered bytes are found when the source is opened,
 *   when they are first read, or by `verify`. An error is that of one read: it comes again, and
 *   what is whole is read as before.
 * - Memory: what is returned is the caller's, and no later read changes it, but for `takeRoom`'s.
 * - Durability: the source holds its files until `close`, also when they are deleted or replaced.
 * - Concurrency: no method waits. Sources of one snapshot, in one process or several, do not
 *   disturb each other.
 * - After `close`, which comes once, nothing is called.
 */
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
  /**
   * Checks all bytes, also those that a server checks when it first reads them, and that
   * `rangeBody` finds what `rangeBodies` does.
   */
  verify(): void;
  close(): void;
}
