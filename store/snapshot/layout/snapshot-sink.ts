// Where a publish writes buckets and ranges. Two layouts: SQLite tables, and files of slots.

import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import type { PartBodies } from './bodies-file.ts';
import type { IndexFacts, LayoutFacts } from './snapshot-facts.ts';

/** All buckets of an index. */
export interface WrittenIndex {
  readonly facts: IndexFacts;
  /** Without padding, in the order of ids. */
  readonly bodies: readonly PartBodies[];
  /** Of the segments under signatures, where there is more than one. */
  readonly roots: Uint8Array;
}

/** All ranges of a range index. */
export interface WrittenRanges {
  /** In order; none for a range without entries. */
  readonly bodies: readonly PartBodies[];
  /** RangeSet as text. */
  readonly gaps: string;
}

/** A file whose parts have digests. */
export interface WrittenFile {
  readonly bytes: number;
  readonly digests: Buffer;
}

/** Takes one section after another. */
export interface SnapshotSink {
  writeIndex(index: IndexName, written: WrittenIndex): Promise<void>;
  writeRanges(name: RangeName, written: WrittenRanges): Promise<void>;
  /** Once all is written, the filter too. */
  finish(filter: WrittenFile | undefined): Promise<LayoutFacts>;
  /** Closes what is open, also after a failure. */
  close(): void;
}
