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

/**
 * What each layout promises to a publish. test/store/layout/contract.test.ts holds all of them to
 * it.
 *
 * - Order: each section is written once, one after another, in any order; `finish` comes once,
 *   after all. Files of bodies are read before the promise is fulfilled, and not needed any more.
 * - The same sections in the same order make the same bytes and facts, whatever parts they are in.
 * - `finish` returns facts of every byte: with others, a SnapshotSource finds the difference.
 * - Durability: none. The caller syncs the files and then puts them where they are read, so that
 *   nobody sees a part of them; what a crash leaves is deleted by the next publish.
 * - Errors: a method rejects with whatever stopped it (a full disk, files of bodies that end early,
 *   a turn that throws), and then `close` alone is called.
 * - Concurrency: one call at a time. Sinks of other files are independent.
 */
export interface SnapshotSink {
  writeIndex(index: IndexName, written: WrittenIndex): Promise<void>;
  writeRanges(name: RangeName, written: WrittenRanges): Promise<void>;
  /** Once all is written, the filter too. */
  finish(filter: WrittenFile | undefined): Promise<LayoutFacts>;
  /** Closes what is open: after a failure, after `finish`, and more than once. */
  close(): void;
}
