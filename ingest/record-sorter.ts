// Sorts records in memory and writes them as chunks: the first half of an external sort. merge-chunks.ts is the second.

import { readBucketHash, readTag } from '../protocol/entry.ts';
import { MAX_TIMES_SEEN } from '../protocol/metadata.ts';
import { KEY_BYTES, RECORD_BYTES, readTimes, writeTimes } from '../store/record.ts';
import { type ChunkSink, ChunkWriter } from './chunk-writer.ts';

/** What sorting takes for each record: itself, and itself again in its part. */
export const SORT_BYTES_A_RECORD = 2 * RECORD_BYTES;

/** Records are first dealt out by their leading bits, so that what is sorted at once fits the processor's cache. */
const PART_BITS = 9;
const PARTS = 2 ** PART_BITS;
/** Up to here insertion sort is faster than anything cleverer. */
const INSERTION_LIMIT = 40;
const MIN_CAPACITY = 1024;

/** Sorts the records of one index. All that it holds is allocated once, or grows to the largest part. */
export class RecordSorter {
  readonly #capacity: number;
  readonly #sink: ChunkSink;
  readonly #writer = new ChunkWriter(RECORD_BYTES);
  /** Where records are written, at the place that `reserve` gives. */
  readonly records: Uint8Array;
  readonly #dealt: Uint8Array;
  #keys = new Uint32Array(0);
  #order = new Uint32Array(0);
  #count = 0;

  constructor(memoryBytes: number, sink: ChunkSink) {
    this.#capacity = Math.max(MIN_CAPACITY, Math.floor(memoryBytes / SORT_BYTES_A_RECORD));
    this.records = new Uint8Array(this.#capacity * RECORD_BYTES);
    this.#dealt = new Uint8Array(this.#capacity * RECORD_BYTES);
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
    const ends = this.#deal();
    const writer = this.#writer;
    writer.begin(this.#sink.next());
    try {
      let start = 0;
      for (const end of ends) {
        this.#sort(start, end - start);
        this.#write(start, end - start);
        start = end;
      }
      writer.finish(this.#sink);
    } finally {
      writer.close();
    }
    this.#count = 0;
  }

  /** Copies the records to `#dealt` by their leading bits. @returns where each part ends */
  #deal(): Uint32Array {
    const { records } = this;
    const dealt = this.#dealt;
    const length = this.#count * RECORD_BYTES;
    const ends = new Uint32Array(PARTS);
    for (let at = 0; at < length; at += RECORD_BYTES) {
      const part = partOf(records, at);
      ends[part] = (ends[part] as number) + 1;
    }
    startsOf(ends);
    for (let at = 0; at < length; at += RECORD_BYTES) {
      const part = partOf(records, at);
      const place = ends[part] as number;
      ends[part] = place + 1;
      const to = place * RECORD_BYTES;
      for (let byte = 0; byte < RECORD_BYTES; byte++) dealt[to + byte] = records[at + byte] as number;
    }
    return ends;
  }

  /** Writes a part in order. Equal keys are in one part. */
  #write(start: number, count: number): void {
    const dealt = this.#dealt;
    const order = this.#order;
    const out = this.#writer.buffer;
    let previous = -1;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const from = (start + (order[i] as number)) * RECORD_BYTES;
      if (previous >= 0 && sameKey(dealt, previous, from)) {
        const times = readTimes(out, at) + readTimes(dealt, from);
        writeTimes(out, at, Math.min(MAX_TIMES_SEEN, times));
        continue;
      }
      previous = from;
      at = this.#writer.reserve();
      for (let byte = 0; byte < RECORD_BYTES; byte++) out[at + byte] = dealt[from + byte] as number;
    }
  }

  /**
   * Places of a part's records by key, in `#order`. Keys are pseudo-random, so one distribution by the bits that follow
   * leaves a few in each group. Only an account with very many entries makes a large group; it is sorted by comparison.
   */
  #sort(start: number, count: number): void {
    if (this.#order.length < count) {
      this.#order = new Uint32Array(2 * count);
      this.#keys = new Uint32Array(2 * count);
    }
    const dealt = this.#dealt;
    const order = this.#order;
    const keys = this.#keys;
    const bits = Math.max(1, 31 - Math.clz32(count | 1));
    const ends = new Uint32Array(2 ** bits);
    const first = start * RECORD_BYTES;
    // The part has the bits before this key in common.
    for (let i = 0, at = first + 1; i < count; i++, at += RECORD_BYTES) {
      const key = readBucketHash(dealt, at);
      keys[i] = key;
      const group = (key << (PART_BITS - 8)) >>> (32 - bits);
      ends[group] = (ends[group] as number) + 1;
    }
    startsOf(ends);
    for (let i = 0; i < count; i++) {
      const group = ((keys[i] as number) << (PART_BITS - 8)) >>> (32 - bits);
      const place = ends[group] as number;
      order[place] = i;
      ends[group] = place + 1;
    }
    const before = (a: number, b: number): number =>
      compareKeys(dealt, first + a * RECORD_BYTES, first + b * RECORD_BYTES);
    for (let group = 0, from = 0; group < ends.length; group++) {
      const end = ends[group] as number;
      if (end - from > INSERTION_LIMIT) order.subarray(from, end).sort(before);
      else if (end - from > 1) insertionSort(order, from, end, keys, before);
      from = end;
    }
  }
}

const partOf = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) >>> (16 - PART_BITS);

/** Counts become where each begins. */
function startsOf(counts: Uint32Array): void {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number;
    counts[i] = sum;
    sum += count;
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
