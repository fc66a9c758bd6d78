// K-way merge of sorted record streams: records with equal keys become one record with the sum of
// their times. What stands between key and times follows from the key, so it must be equal too. One
// class serves keyed and range records; a RecordLayout gives their widths.

import { compareBytes, readU16, readU32, readU48, writeU32 } from '../../protocol/bytes.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { StoreError } from '../errors.ts';
import type { RecordLayout } from './record-layout.ts';

/** Records that ascend strictly by key. An empty block ends them. */
export interface RecordStream {
  /** The next whole records, in a buffer that the next call may reuse. */
  readBlock(): Uint8Array;
  /** Number of the source of all records; 0 by default. */
  readonly number?: number;
  /** True if every record has its own source number, in two bytes after it. */
  readonly numbered?: boolean;
}

/** Names the source of this number for an error. */
export type NameSource = (number: number) => string;

export const NUMBER_BYTES = 2;
/** The part of a key that a cursor holds as two numbers: nearly always they decide a comparison. */
const COMPARED_BYTES = 10;

/** A stream with one current record. */
class Cursor {
  readonly #stream: RecordStream;
  readonly #step: number;
  readonly #keyBytes: number;
  readonly #timesAt: number;
  /** Offset of the record's own source number; -1 if the stream has one number. */
  readonly #numberAt: number;
  readonly #number: number;
  readonly #nameOf: NameSource;
  /** The key of the last record in the previous block, for the check of the order. */
  readonly #lastKey: Uint8Array;
  block: Uint8Array = new Uint8Array(0);
  at = 0;
  /** Bytes 0 to 3 of the key. */
  head = -1;
  /** Bytes 4 to 9 of the key. */
  middle = -1;

  constructor(stream: RecordStream, layout: RecordLayout, nameOf: NameSource) {
    const { number = 0, numbered = false } = stream;
    this.#nameOf = nameOf;
    this.#stream = stream;
    this.#step = layout.recordBytes + (numbered ? NUMBER_BYTES : 0);
    this.#keyBytes = layout.keyBytes;
    this.#timesAt = layout.timesAt;
    this.#numberAt = numbered ? layout.recordBytes : -1;
    this.#number = number;
    this.#lastKey = new Uint8Array(layout.keyBytes);
  }

  get times(): number {
    return readU32(this.block, this.at + this.#timesAt);
  }

  get number(): number {
    return this.#numberAt < 0 ? this.#number : readU16(this.block, this.at + this.#numberAt);
  }

  /** True if moving on replaces the block. */
  get endsBlock(): boolean {
    return this.at + this.#step >= this.block.length;
  }

  /**
   * Moves to the next record.
   * @returns false at the end
   * @throws StoreError `RUN_CORRUPT` if the keys do not ascend
   */
  next(): boolean {
    let last = this.block;
    let lastAt = this.at;
    this.at += this.#step;
    if (this.at >= this.block.length) {
      this.#lastKey.set(last.subarray(lastAt, lastAt + this.#keyBytes));
      last = this.#lastKey;
      lastAt = 0;
      this.block = this.#stream.readBlock();
      this.at = 0;
      if (this.block.length === 0) return false;
    }
    const head = readU32(this.block, this.at);
    const middle = readU48(this.block, this.at + 4);
    // An entry out of order would land in the wrong bucket or range, and look clean.
    if (head < this.head || (head === this.head && !this.#ascends(middle, last, lastAt)))
      throw new StoreError(
        'RUN_CORRUPT',
        `${this.#nameOf(this.number)}: its records do not ascend`,
        'Delete it and ingest its source again, or copy it again from its origin.',
      );
    this.head = head;
    this.middle = middle;
    return true;
  }

  /** Compares with the previous record, whose head is the same. */
  #ascends(middle: number, last: Uint8Array, lastAt: number): boolean {
    if (middle !== this.middle) return middle > this.middle;
    const rest = this.#keyBytes - COMPARED_BYTES;
    return compareBytes(last, lastAt + COMPARED_BYTES, this.block, this.at + COMPARED_BYTES, rest) < 0;
  }
}

/** Short enough for V8 to inline it into the heap. */
const isBefore = (a: Cursor, b: Cursor, keyBytes: number): boolean =>
  a.head < b.head || (a.head === b.head && isBeforeWithin(a, b, keyBytes));

/** Compares two cursors whose heads are the same. */
function isBeforeWithin(a: Cursor, b: Cursor, keyBytes: number): boolean {
  if (a.middle !== b.middle) return a.middle < b.middle;
  const rest = keyBytes - COMPARED_BYTES;
  return compareBytes(a.block, a.at + COMPARED_BYTES, b.block, b.at + COMPARED_BYTES, rest) < 0;
}

/**
 * Yields one merged record at a time, in fields instead of objects: this is the hot loop of
 * publishing.
 */
export class Merge {
  /** Bytes 0 to 3 of the key: the BucketHash of a keyed record. */
  head = 0;
  /** Bytes 4 to 9 of the key: the EntryTag of a keyed record. */
  middle = 0;
  /**
   * The first of the merged records is at `bytes[at]`, good until the next call. Its times are its
   * own.
   */
  bytes: Uint8Array;
  at = 0;
  /** The sum of the times, saturated. */
  times = 0;
  /** The highest source number among the merged records. */
  source = 0;
  readonly #keyBytes: number;
  readonly #timesAt: number;
  readonly #nameOf: NameSource;
  /** A binary heap; the cursor with the smallest key is first. */
  readonly #heap: Cursor[] = [];
  /** Holds the current record if its cursor has moved on to another block. */
  readonly #kept: Uint8Array;

  /** @throws StoreError `RUN_CORRUPT` */
  constructor(streams: Iterable<RecordStream>, layout: RecordLayout, nameOf: NameSource = () => 'a run') {
    this.#nameOf = nameOf;
    this.#keyBytes = layout.keyBytes;
    this.#timesAt = layout.timesAt;
    this.#kept = new Uint8Array(layout.recordBytes);
    this.bytes = this.#kept;
    for (const stream of streams) {
      const cursor = new Cursor(stream, layout, nameOf);
      if (cursor.next()) this.#heap.push(cursor);
    }
    for (let at = (this.#heap.length >>> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /**
   * Fills the fields with the next record.
   * @returns false at the end
   * @throws StoreError `RUN_CORRUPT`
   */
  next(): boolean {
    const first = this.#heap[0];
    if (!first) return false;
    this.head = first.head;
    this.middle = first.middle;
    this.bytes = first.block;
    this.at = first.at;
    if (first.endsBlock) this.#keep();
    this.times = first.times;
    this.source = first.number;
    this.#advance(first);
    for (let top = this.#heap[0]; top && top.head === this.head && this.#isCurrent(top); top = this.#heap[0]) {
      if (!this.#agrees(top)) throw this.#contradiction(top);
      this.times = Math.min(MAX_TIMES_SEEN, this.times + top.times);
      this.source = Math.max(this.source, top.number);
      this.#advance(top);
    }
    return true;
  }

  /** Writes the merged record, with the sum of the times, to `out[start]`. */
  writeRecord(out: Uint8Array, start: number): void {
    const { bytes, at, times } = this;
    const timesAt = this.#timesAt;
    for (let byte = 0; byte < timesAt; byte++) out[start + byte] = bytes[at + byte] as number;
    writeU32(out, start + timesAt, times);
  }

  #keep(): void {
    this.#kept.set(this.bytes.subarray(this.at, this.at + this.#kept.length));
    this.bytes = this.#kept;
    this.at = 0;
  }

  /** Compares the key of a cursor whose head is the same. */
  #isCurrent({ middle, block, at }: Cursor): boolean {
    if (middle !== this.middle) return false;
    const rest = this.#keyBytes - COMPARED_BYTES;
    return compareBytes(block, at + COMPARED_BYTES, this.bytes, this.at + COMPARED_BYTES, rest) === 0;
  }

  /** Compares what follows from the key. */
  #agrees({ block, at }: Cursor): boolean {
    for (let byte = this.#keyBytes; byte < this.#timesAt; byte++)
      if (block[at + byte] !== this.bytes[this.at + byte]) return false;
    return true;
  }

  /** Merged, one source would erase what the other says of the entry. */
  #contradiction({ number }: Cursor): StoreError {
    return new StoreError(
      'RUN_CORRUPT',
      `${this.#nameOf(this.source)} and ${this.#nameOf(number)} contradict each other about an entry`,
      'One of them was altered or made by another program: remove the one that you trust less with `credveil remove`, and ingest its corpus again.',
    );
  }

  /** Moves the first cursor on and restores the heap. */
  #advance(first: Cursor): void {
    if (!first.next()) {
      const last = this.#heap.pop() as Cursor;
      if (this.#heap.length === 0) return;
      this.#heap[0] = last;
    }
    this.#sink(0);
  }

  /** Lets the cursor at `from` sink to its place. */
  #sink(from: number): void {
    const heap = this.#heap;
    const keyBytes = this.#keyBytes;
    const sinking = heap[from] as Cursor;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Cursor, heap[child] as Cursor, keyBytes)) child++;
      if (!isBefore(heap[child] as Cursor, sinking, keyBytes)) break;
      heap[at] = heap[child] as Cursor;
      at = child;
    }
    heap[at] = sinking;
  }
}
