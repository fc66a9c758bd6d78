// Sorts the records of a range index in memory and writes them as chunks: the first half of an
// external sort.
//
// It shares no algorithm with record-sorter.ts. That one deals pseudo-random records into parts by
// their leading bits; range files hold a few ranges of all, mostly in order, which would all be
// dealt into one part.

import type { RangeName } from '../../protocol/bucket-id.ts';
import { compareBytes, readU32, writeU32 } from '../../protocol/bytes.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { rangeLayout } from '../../store/run/range-record.ts';
import { type ChunkSink, ChunkWriter } from './chunk-writer.ts';

const MAX_GROUP_BITS = 20;
/** Up to this many records insertion sort is faster. */
const INSERTION_LIMIT = 40;
const MIN_CAPACITY = 1024;

/** Sorts the records of one index. It allocates all of its memory once. */
export class HashSorter {
  readonly #hashBytes: number;
  readonly #recordBytes: number;
  readonly #capacity: number;
  readonly #sink: ChunkSink;
  readonly #writer: ChunkWriter;
  readonly #records: Uint8Array;
  /** Positions of the records, ordered by hash. */
  readonly #order: Uint32Array;
  readonly #ends = new Uint32Array(2 ** MAX_GROUP_BITS);
  #count = 0;

  constructor(name: RangeName, memoryBytes: number, sink: ChunkSink) {
    const { keyBytes, recordBytes } = rangeLayout(name);
    this.#hashBytes = keyBytes;
    this.#recordBytes = recordBytes;
    this.#capacity = Math.max(MIN_CAPACITY, Math.floor(memoryBytes / (this.#recordBytes + 4)));
    this.#records = new Uint8Array(this.#capacity * this.#recordBytes);
    this.#order = new Uint32Array(this.#capacity);
    this.#writer = new ChunkWriter(this.#recordBytes);
    this.#sink = sink;
  }

  /** Adds a record. @param hash starts with the hash */
  add(hash: Uint8Array, times: number): void {
    if (this.#count === this.#capacity) this.spill();
    const to = this.#count++ * this.#recordBytes;
    for (let byte = 0; byte < this.#hashBytes; byte++) this.#records[to + byte] = hash[byte] as number;
    writeU32(this.#records, to + this.#hashBytes, times);
  }

  /** Writes the held records as one durable chunk, sorted, with equal hashes merged. */
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
    const out = this.#writer.buffer;
    let previous = -1;
    let at = 0;
    for (let i = 0; i < this.#count; i++) {
      const record = this.#order[i] as number;
      const from = record * this.#recordBytes;
      if (previous >= 0 && this.#compare(previous, record) === 0) {
        const times = readU32(out, at + this.#hashBytes) + readU32(this.#records, from + this.#hashBytes);
        writeU32(out, at + this.#hashBytes, Math.min(MAX_TIMES_SEEN, times));
        continue;
      }
      previous = record;
      at = this.#writer.reserve();
      for (let byte = 0; byte < this.#recordBytes; byte++) out[at + byte] = this.#records[from + byte] as number;
    }
  }

  /**
   * Distributes the records over the range of first bytes that is present (a few of HIBP's ranges
   * are a small part of all), then sorts each group by comparison. Records that arrive in order
   * stay in order.
   */
  #sort(): void {
    const count = this.#count;
    // About one record per group, and no pass over a million groups for a few records.
    const bits = Math.min(MAX_GROUP_BITS, Math.max(8, 32 - Math.clz32(count)));
    const ends = this.#ends.subarray(0, 2 ** bits).fill(0);
    let smallest = 0xffff_ffff;
    let largest = 0;
    for (let at = 0; at < count * this.#recordBytes; at += this.#recordBytes) {
      const head = readU32(this.#records, at);
      if (head < smallest) smallest = head;
      if (head > largest) largest = head;
    }
    const scale = groupScale(smallest, largest, ends.length);
    const group = (record: number): number =>
      ((readU32(this.#records, record * this.#recordBytes) - smallest) * scale) | 0;
    for (let record = 0; record < count; record++) {
      const at = group(record);
      ends[at] = (ends[at] as number) + 1;
    }
    countsToStarts(ends, ends.length);
    for (let record = 0; record < count; record++) {
      const at = group(record);
      const place = ends[at] as number;
      this.#order[place] = record;
      ends[at] = place + 1;
    }
    for (let at = 0, start = 0; at < ends.length; at++) {
      const end = ends[at] as number;
      if (end - start > INSERTION_LIMIT) this.#order.subarray(start, end).sort((a, b) => this.#compare(a, b));
      else if (end - start > 1) this.#insertionSort(start, end);
      start = end;
    }
  }

  #insertionSort(start: number, end: number): void {
    const order = this.#order;
    for (let i = start + 1; i < end; i++) {
      const moving = order[i] as number;
      let at = i;
      for (; at > start && this.#compare(order[at - 1] as number, moving) > 0; at--)
        order[at] = order[at - 1] as number;
      order[at] = moving;
    }
  }

  #compare(a: number, b: number): number {
    return compareBytes(this.#records, a * this.#recordBytes, this.#records, b * this.#recordBytes, this.#hashBytes);
  }
}

/** The factor that turns a number's distance from the smallest into its group, rounded down. */
function groupScale(smallest: number, largest: number, groups: number): number {
  // Slightly less than `groups`, so that the largest number falls into the last group and not
  // beyond it.
  return (groups - 0.001) / (largest - smallest + 1);
}

/** Replaces the size of each group by the position of its first item. */
function countsToStarts(counts: Uint32Array, length: number): void {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const count = counts[i] as number;
    counts[i] = sum;
    sum += count;
  }
}
