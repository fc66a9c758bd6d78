// Sorts records in memory and writes them as chunks: the first half of an external sort. merge-chunks.ts is the second.

import { readBucketHash, readTag } from '../protocol/entry.ts';
import { MAX_TIMES_SEEN } from '../protocol/metadata.ts';
import { KEY_BYTES, RECORD_BYTES, readTimes, writeTimes } from '../store/record.ts';
import { type ChunkSink, ChunkWriter } from './chunk-writer.ts';

/** What sorting takes for each record: itself, the part of its key that decides, its place. */
export const SORT_BYTES_A_RECORD = RECORD_BYTES + 4 + 4;

/** The keys of insertion sort leave out the first 16 bits: groups must share them. */
const MIN_RADIX_BITS = 16;
const MAX_RADIX_BITS = 20;
/** Up to here insertion sort is faster than anything cleverer. */
const INSERTION_LIMIT = 40;
const MIN_CAPACITY = 1024;

/** Sorts the records of one index. All that it holds is allocated once. */
export class RecordSorter {
  readonly #capacity: number;
  readonly #sink: ChunkSink;
  readonly #writer = new ChunkWriter(RECORD_BYTES);
  /** Where records are written, at the place that `reserve` gives. */
  readonly records: Uint8Array;
  /** The 32 bits after the first 16 of each record. */
  readonly #keys: Uint32Array;
  readonly #order: Uint32Array;
  readonly #ends = new Uint32Array(2 ** MAX_RADIX_BITS);
  #count = 0;

  constructor(memoryBytes: number, sink: ChunkSink) {
    this.#capacity = Math.max(MIN_CAPACITY, Math.floor(memoryBytes / SORT_BYTES_A_RECORD));
    this.records = new Uint8Array(this.#capacity * RECORD_BYTES);
    this.#keys = new Uint32Array(this.#capacity);
    this.#order = new Uint32Array(this.#capacity);
    this.#sink = sink;
  }

  /** Makes room for a record. @returns where in `records` it begins */
  reserve(): number {
    if (this.#count === this.#capacity) this.spill();
    return this.#count++ * RECORD_BYTES;
  }

  add(record: Uint8Array): void {
    const at = this.reserve();
    for (let i = 0; i < RECORD_BYTES; i++) this.records[at + i] = record[i] as number;
  }

  /** Writes what is held as a chunk, sorted, doubles merged, durable. */
  spill(): void {
    if (this.#count === 0) return;
    this.#sort();
    const writer = this.#writer;
    writer.begin(this.#sink.next());
    try {
      this.#write();
      writer.finish(this.#sink);
    } finally {
      writer.close();
    }
    this.#count = 0;
  }

  #write(): void {
    const { records } = this;
    const order = this.#order;
    const out = this.#writer.buffer;
    let previous = -1;
    let at = 0;
    for (let i = 0; i < this.#count; i++) {
      const from = (order[i] as number) * RECORD_BYTES;
      if (previous >= 0 && sameKey(records, previous, from)) {
        const times = readTimes(out, at) + readTimes(records, from);
        writeTimes(out, at, Math.min(MAX_TIMES_SEEN, times));
        continue;
      }
      previous = from;
      at = this.#writer.reserve();
      for (let byte = 0; byte < RECORD_BYTES; byte++) out[at + byte] = records[from + byte] as number;
    }
  }

  /**
   * Places of the records by key. Keys are pseudo-random, so one distribution by their leading bits leaves a few in
   * each group. Only an account with very many entries makes a large group; it is sorted by comparison.
   */
  #sort(): void {
    const { records } = this;
    const count = this.#count;
    const bits = Math.min(MAX_RADIX_BITS, Math.max(MIN_RADIX_BITS, 30 - Math.clz32(count | 1)));
    const shift = 32 - bits;
    const groups = 2 ** bits;
    const ends = this.#ends.fill(0, 0, groups);
    const keys = this.#keys;
    for (let i = 0, at = 0; i < count; i++, at += RECORD_BYTES) {
      const group = readBucketHash(records, at) >>> shift;
      ends[group] = (ends[group] as number) + 1;
      keys[i] = readBucketHash(records, at + 2);
    }
    let sum = 0;
    for (let group = 0; group < groups; group++) {
      const size = ends[group] as number;
      ends[group] = sum;
      sum += size;
    }
    const order = this.#order;
    for (let i = 0, at = 0; i < count; i++, at += RECORD_BYTES) {
      const group = readBucketHash(records, at) >>> shift;
      const place = ends[group] as number;
      order[place] = i;
      ends[group] = place + 1;
    }
    const before = (a: number, b: number): number => compareKeys(records, a * RECORD_BYTES, b * RECORD_BYTES);
    for (let group = 0, start = 0; group < groups; group++) {
      const end = ends[group] as number;
      if (end - start > INSERTION_LIMIT) order.subarray(start, end).sort(before);
      else if (end - start > 1) insertionSort(order, start, end, keys, before);
      start = end;
    }
  }
}

function insertionSort(
  order: Uint32Array,
  start: number,
  end: number,
  keys: Uint32Array,
  before: (a: number, b: number) => number,
): void {
  for (let i = start + 1; i < end; i++) {
    const moving = order[i] as number;
    const key = keys[moving] as number;
    let at = i;
    for (; at > start; at--) {
      const other = order[at - 1] as number;
      const otherKey = keys[other] as number;
      if (otherKey < key || (otherKey === key && before(other, moving) <= 0)) break;
      order[at] = other;
    }
    order[at] = moving;
  }
}

function compareKeys(records: Uint8Array, a: number, b: number): number {
  return readBucketHash(records, a) - readBucketHash(records, b) || readTag(records, a + 4) - readTag(records, b + 4);
}

function sameKey(records: Uint8Array, a: number, b: number): boolean {
  for (let byte = KEY_BYTES - 1; byte >= 0; byte--) if (records[a + byte] !== records[b + byte]) return false;
  return true;
}
