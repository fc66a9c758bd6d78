// Where a publish writes buckets and ranges. Two layouts: SQLite tables, and files of slots.

import type { BucketId } from '../../../protocol/brands.ts';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import type { IndexFacts, LayoutFacts } from './snapshot-facts.ts';

/** Takes the bodies of an index without padding, id by id, and all of them. */
export interface BucketSink {
  add(id: BucketId, body: Uint8Array): void;
  /** @param roots of the segments under signatures, where there is more than one */
  finish(facts: IndexFacts, roots: Uint8Array): void;
}

/** Takes the bodies of a range index, ascending by range; none for a range without entries. */
export interface RangeSink {
  add(range: number, body: Uint8Array): void;
  /** @param gaps RangeSet as text */
  finish(gaps: string): void;
}

/** A file whose parts have digests. */
export interface WrittenFile {
  readonly bytes: number;
  readonly digests: Buffer;
}

/** Takes one section after another. */
export interface SnapshotSink {
  beginIndex(index: IndexName): BucketSink;
  beginRanges(name: RangeName): RangeSink;
  /** Once all is written, the filter too. */
  finish(filter: WrittenFile | undefined): Promise<LayoutFacts>;
  /** Closes what is open, also after a failure. */
  close(): void;
}
