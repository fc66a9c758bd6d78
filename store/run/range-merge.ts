// K-way merge of the records of a range index: equal hashes become one record with their times added up.

import { compareBytes, readU32 } from '../../protocol/bytes.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { StoreError } from '../errors.ts';
import { TIMES_BYTES } from './range-record.ts';

/** Records that ascend by hash. An empty block ends them. */
export interface RangeStream {
  /** Whole records in a buffer that the next call may reuse. */
  readBlock(): Uint8Array;
}

class RangeCursor {
  readonly #stream: RangeStream;
  readonly #hashBytes: number;
  readonly #recordBytes: number;
  block: Uint8Array = new Uint8Array(0);
  at = 0;
  /** The first bytes of the hash as a number: nearly always they decide. */
  head = -1;
  /** The last record of the block before, which is gone when the next is compared with it. */
  readonly #last: Uint8Array;

  constructor(stream: RangeStream, hashBytes: number) {
    this.#stream = stream;
    this.#hashBytes = hashBytes;
    this.#recordBytes = hashBytes + TIMES_BYTES;
    this.#last = new Uint8Array(this.#recordBytes);
  }

  get times(): number {
    return readU32(this.block, this.at + this.#hashBytes);
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    const previous = this.head;
    let last = this.block;
    let lastAt = this.at;
    this.at += this.#recordBytes;
    if (this.at >= this.block.length) {
      if (previous >= 0) this.#last.set(last.subarray(lastAt, lastAt + this.#recordBytes));
      last = this.#last;
      lastAt = 0;
      this.block = this.#stream.readBlock();
      this.at = 0;
      if (this.block.length === 0) return false;
    }
    this.head = readU32(this.block, this.at);
    // A hash out of order would land in the wrong range, and be missed.
    if (
      this.head < previous ||
      (this.head === previous && compareBytes(last, lastAt, this.block, this.at, this.#hashBytes) >= 0)
    )
      throw new StoreError(
        'RUN_CORRUPT',
        'a run: its hashes do not ascend',
        'Find it with `credveil verify`, delete it and ingest its source again.',
      );
    return true;
  }
}

/** One merged record at a time: its hash is at `bytes[at]`. */
export class RangeMerge {
  bytes: Uint8Array;
  at = 0;
  times = 0;
  readonly #hashBytes: number;
  /** A binary heap with the least cursor first. */
  readonly #heap: RangeCursor[] = [];
  /** The hash of a record of several cursors, which have gone on. */
  readonly #merged: Uint8Array;
  /** Whether the only cursor that is left still stands at the current record, which was not copied. */
  #inPlace = false;

  constructor(streams: Iterable<RangeStream>, hashBytes: number) {
    this.#hashBytes = hashBytes;
    this.#merged = new Uint8Array(hashBytes);
    this.bytes = this.#merged;
    for (const stream of streams) {
      const cursor = new RangeCursor(stream, hashBytes);
      if (cursor.next()) this.#heap.push(cursor);
    }
    for (let at = (this.#heap.length >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    const first = this.#heap[0];
    if (!first) return false;
    if (this.#heap.length === 1) return this.#nextOf(first);
    const merged = this.#merged;
    const { block, at, head } = first;
    for (let byte = 0; byte < merged.length; byte++) merged[byte] = block[at + byte] as number;
    this.times = 0;
    for (let top: RangeCursor | undefined = first; top && this.#isMerged(top, head); top = this.#heap[0]) {
      this.times = Math.min(MAX_TIMES_SEEN, this.times + top.times);
      if (!top.next()) {
        const last = this.#heap.pop() as RangeCursor;
        if (this.#heap.length === 0) break;
        this.#heap[0] = last;
      }
      this.#sink(0);
    }
    return true;
  }

  #nextOf(cursor: RangeCursor): boolean {
    if (this.#inPlace && !cursor.next()) {
      this.#heap.pop();
      return false;
    }
    this.#inPlace = true;
    this.bytes = cursor.block;
    this.at = cursor.at;
    this.times = cursor.times;
    return true;
  }

  #isMerged({ head, block, at }: RangeCursor, mergedHead: number): boolean {
    return head === mergedHead && compareBytes(block, at, this.#merged, 0, this.#hashBytes) === 0;
  }

  #before(a: RangeCursor, b: RangeCursor): boolean {
    return a.head === b.head ? compareBytes(a.block, a.at, b.block, b.at, this.#hashBytes) < 0 : a.head < b.head;
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
