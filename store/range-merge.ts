// K-way merge of the records of a range index: equal hashes become one record with their times added up.

import { MAX_TIMES_SEEN } from '../protocol/metadata.ts';
import { StoreError } from './errors.ts';
import { readU32, TIMES_BYTES, writeU32 } from './range-record.ts';

/** Records that ascend by hash. An empty block ends them. */
export interface RangeStream {
  /** Whole records in a buffer that the next call may reuse. */
  readBlock(): Uint8Array;
}

class RangeCursor {
  readonly #stream: RangeStream;
  readonly #hashBytes: number;
  block: Uint8Array = new Uint8Array(0);
  at = 0;
  /** The hash again, since its block may be gone when the next one is compared with it. */
  readonly hash: Uint8Array;
  #started = false;

  constructor(stream: RangeStream, hashBytes: number) {
    this.#stream = stream;
    this.#hashBytes = hashBytes;
    this.hash = new Uint8Array(hashBytes);
  }

  get times(): number {
    return readU32(this.block, this.at + this.#hashBytes);
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    this.at += this.#hashBytes + TIMES_BYTES;
    if (this.at >= this.block.length) {
      this.block = this.#stream.readBlock();
      this.at = 0;
      if (this.block.length === 0) return false;
    }
    // A hash out of order would land in the wrong range, and be missed.
    if (this.#started && compareHashes(this.hash, 0, this.block, this.at, this.#hashBytes) >= 0)
      throw new StoreError(
        'RUN_CORRUPT',
        'a run: its hashes do not ascend',
        'Find it with `credveil verify`, delete it and ingest its source again.',
      );
    this.#started = true;
    for (let byte = 0; byte < this.#hashBytes; byte++) this.hash[byte] = this.block[this.at + byte] as number;
    return true;
  }
}

export function compareHashes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, bytes: number): number {
  for (let byte = 0; byte < bytes; byte++) {
    const difference = (a[aAt + byte] as number) - (b[bAt + byte] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** One merged record at a time, in `record`. */
export class RangeMerge {
  /** Hash and times of the current record. */
  readonly record: Uint8Array;
  times = 0;
  readonly #hashBytes: number;
  /** A binary heap with the least cursor first. */
  readonly #heap: RangeCursor[] = [];

  constructor(streams: Iterable<RangeStream>, hashBytes: number) {
    this.#hashBytes = hashBytes;
    this.record = new Uint8Array(hashBytes + TIMES_BYTES);
    for (const stream of streams) {
      const cursor = new RangeCursor(stream, hashBytes);
      if (cursor.next()) this.#heap.push(cursor);
    }
    for (let at = (this.#heap.length >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** Fills `record` and `times`; false at the end. */
  next(): boolean {
    const first = this.#heap[0];
    if (!first) return false;
    this.record.set(first.hash);
    this.times = 0;
    for (let top: RangeCursor | undefined = first; top && this.#isCurrent(top); top = this.#heap[0]) {
      this.times = Math.min(MAX_TIMES_SEEN, this.times + top.times);
      if (!top.next()) {
        const last = this.#heap.pop() as RangeCursor;
        if (this.#heap.length === 0) break;
        this.#heap[0] = last;
      }
      this.#sink(0);
    }
    writeU32(this.record, this.#hashBytes, this.times);
    return true;
  }

  #isCurrent(cursor: RangeCursor): boolean {
    return compareHashes(cursor.hash, 0, this.record, 0, this.#hashBytes) === 0;
  }

  #before(a: RangeCursor, b: RangeCursor): boolean {
    return compareHashes(a.hash, 0, b.hash, 0, this.#hashBytes) < 0;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const sinking = heap[from] as RangeCursor;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as RangeCursor, heap[child] as RangeCursor)) child++;
      if (!this.#before(heap[child] as RangeCursor, sinking)) break;
      heap[at] = heap[child] as RangeCursor;
      at = child;
    }
    heap[at] = sinking;
  }
}
