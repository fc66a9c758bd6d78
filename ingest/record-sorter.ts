// Sorts records in memory and writes them as chunks: the first half of an external sort. merge-chunks.ts is the second.

import fs from 'node:fs';
import { readBucketHash, readTag } from '../protocol/entry.ts';
import { MAX_TIMES_SEEN } from '../protocol/metadata.ts';
import { RECORD_BYTES, readTimes, writeTimes } from '../store/record.ts';
import { writeFully } from '../store/run.ts';

/** What sorting takes for each record: itself, itself again in order, its key and its place. */
export const SORT_BYTES_A_RECORD = 2 * RECORD_BYTES + 12;

/** The keys of insertion sort leave out the first 16 bits: groups must share them. */
const MIN_RADIX_BITS = 16;
const MAX_RADIX_BITS = 20;
/** Up to here insertion sort is faster than anything cleverer. */
const INSERTION_LIMIT = 40;

/** Sorts the records of one index. `nextChunk` names a new file each time one is needed. */
export class RecordSorter {
  readonly #capacity: number;
  readonly #nextChunk: () => string;
  /** Where records are written, at the place that `reserve` gives. */
  readonly records: Uint8Array;
  #count = 0;

  constructor(memoryBytes: number, nextChunk: () => string) {
    this.#capacity = Math.max(1024, Math.floor(memoryBytes / SORT_BYTES_A_RECORD));
    this.records = new Uint8Array(this.#capacity * RECORD_BYTES);
    this.#nextChunk = nextChunk;
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
    const sorted = this.#sorted();
    const handle = fs.openSync(this.#nextChunk(), 'wx', 0o600);
    try {
      writeFully(handle, sorted, sorted.length);
      fs.fdatasyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    this.#count = 0;
  }

  #sorted(): Uint8Array {
    const { records } = this;
    const order = this.#order();
    const sorted = new Uint8Array(order.length * RECORD_BYTES);
    let end = 0;
    for (let i = 0; i < order.length; i++) {
      const from = (order[i] as number) * RECORD_BYTES;
      const previous = end - RECORD_BYTES;
      if (previous >= 0 && sameKey(sorted, previous, records, from)) {
        const times = readTimes(sorted, previous) + readTimes(records, from);
        writeTimes(sorted, previous, Math.min(MAX_TIMES_SEEN, times));
        continue;
      }
      for (let byte = 0; byte < RECORD_BYTES; byte++) sorted[end + byte] = records[from + byte] as number;
      end += RECORD_BYTES;
    }
    return sorted.subarray(0, end);
  }

  /**
   * Places of the records by key. Keys are pseudo-random, so one distribution by their leading bits leaves a few in
   * each group. Only an account with very many entries makes a large group; it is sorted by comparison.
   */
  #order(): Uint32Array {
    const { records } = this;
    const count = this.#count;
    const bits = Math.min(MAX_RADIX_BITS, Math.max(MIN_RADIX_BITS, 30 - Math.clz32(count | 1)));
    const shift = 32 - bits;
    const groups = 2 ** bits;
    const ends = new Uint32Array(groups);
    // The 48 bits after the first 16 decide nearly all comparisons within a group.
    const keys = new Float64Array(count);
    for (let i = 0, at = 0; i < count; i++, at += RECORD_BYTES) {
      const group = readBucketHash(records, at) >>> shift;
      ends[group] = (ends[group] as number) + 1;
      keys[i] = readTag(records, at + 2);
    }
    let sum = 0;
    for (let group = 0; group < groups; group++) {
      const size = ends[group] as number;
      ends[group] = sum;
      sum += size;
    }
    const order = new Uint32Array(count);
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
    return order;
  }
}

function insertionSort(
  order: Uint32Array,
  start: number,
  end: number,
  keys: Float64Array,
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

function sameKey(sorted: Uint8Array, a: number, records: Uint8Array, b: number): boolean {
  for (let byte = 9; byte >= 0; byte--) if (sorted[a + byte] !== records[b + byte]) return false;
  return true;
}
