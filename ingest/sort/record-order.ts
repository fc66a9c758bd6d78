// Sorts keyed records and merges equal keys: a sorter uses it for its parts, a merge for its
// batches.

import { readU32, readU48 } from '../../protocol/bytes.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { KEY_BYTES, RECORD_BYTES, readTimes, writeTimes } from '../../store/run/record.ts';

/** Up to this many records insertion sort is faster than anything cleverer. */
const INSERTION_LIMIT = 40;

/** Receives sorted records. */
export interface RecordTarget {
  readonly buffer: Uint8Array;
  /**
   * Makes room for a record. The previous record stays in place until the next call.
   * @returns the record's offset
   */
  reserve(): number;
}

/** Sorts one stretch of records at a time. Its memory grows to that of the longest. */
export class RecordOrder {
  #hashes = new Uint32Array(0);
  #order = new Uint32Array(0);
  #ends = new Uint32Array(0);

  /**
   * Writes `count` records from `records[first]` to `out`: ascending by key, the times of equal
   * keys added up.
   */
  write(records: Uint8Array, first: number, count: number, out: RecordTarget): void {
    this.#sort(records, first, count);
    const order = this.#order;
    const { buffer } = out;
    let previous = -1;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const from = first + (order[i] as number) * RECORD_BYTES;
      if (previous >= 0 && sameKey(records, previous, from)) {
        const times = readTimes(buffer, at) + readTimes(records, from);
        writeTimes(buffer, at, Math.min(MAX_TIMES_SEEN, times));
        continue;
      }
      previous = from;
      at = out.reserve();
      for (let byte = 0; byte < RECORD_BYTES; byte++) buffer[at + byte] = records[from + byte] as number;
    }
  }

  /**
   * Fills `#order` with the positions of the records, ordered by key. Keys are pseudo-random, so
   * distributing them over the range of their hashes leaves a few in each group. Only an account
   * with very many entries makes a large group, which is sorted by comparison.
   */
  #sort(records: Uint8Array, first: number, count: number): void {
    if (this.#order.length < count) {
      this.#order = new Uint32Array(2 * count);
      this.#hashes = new Uint32Array(2 * count);
    }
    const order = this.#order;
    const hashes = this.#hashes;
    let smallest = 0xffff_ffff;
    let largest = 0;
    for (let i = 0, at = first; i < count; i++, at += RECORD_BYTES) {
      const hash = readU32(records, at);
      hashes[i] = hash;
      if (hash < smallest) smallest = hash;
      if (hash > largest) largest = hash;
    }
    const groups = 2 ** Math.max(1, 31 - Math.clz32(count | 1));
    if (this.#ends.length < groups) this.#ends = new Uint32Array(groups);
    else this.#ends.fill(0, 0, groups);
    const ends = this.#ends;
    const scale = groupScale(smallest, largest, groups);
    for (let i = 0; i < count; i++) {
      const group = (((hashes[i] as number) - smallest) * scale) | 0;
      ends[group] = (ends[group] as number) + 1;
    }
    countsToStarts(ends, groups);
    for (let i = 0; i < count; i++) {
      const group = (((hashes[i] as number) - smallest) * scale) | 0;
      const place = ends[group] as number;
      order[place] = i;
      ends[group] = place + 1;
    }
    const before = (a: number, b: number): number =>
      compareKeys(records, first + a * RECORD_BYTES, first + b * RECORD_BYTES);
    for (let group = 0, from = 0; group < groups; group++) {
      const end = ends[group] as number;
      if (end - from > INSERTION_LIMIT) order.subarray(from, end).sort(before);
      else if (end - from > 1) insertionSort(order, from, end, hashes, before);
      from = end;
    }
  }
}

/** The factor that turns a number's distance from the smallest into its group, rounded down. */
export function groupScale(smallest: number, largest: number, groups: number): number {
  // Slightly less than `groups`, so that the largest number falls into the last group and not
  // beyond it.
  return (groups - 0.001) / (largest - smallest + 1);
}

/** Replaces the size of each group by the position of its first item. */
export function countsToStarts(counts: Uint32Array, length: number): void {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const count = counts[i] as number;
    counts[i] = sum;
    sum += count;
  }
}

function insertionSort(
  order: Uint32Array,
  start: number,
  end: number,
  hashes: Uint32Array,
  before: (a: number, b: number) => number,
): void {
  for (let i = start + 1; i < end; i++) {
    const moving = order[i] as number;
    const hash = hashes[moving] as number;
    let at = i;
    for (; at > start; at--) {
      const other = order[at - 1] as number;
      const otherHash = hashes[other] as number;
      if (otherHash < hash || (otherHash === hash && before(other, moving) <= 0)) break;
      order[at] = other;
    }
    order[at] = moving;
  }
}

/** Orders the records at `a` and `b` by key. */
export function compareKeys(records: Uint8Array, a: number, b: number): number {
  return readU32(records, a) - readU32(records, b) || readU48(records, a + 4) - readU48(records, b + 4);
}

function sameKey(records: Uint8Array, a: number, b: number): boolean {
  for (let byte = KEY_BYTES - 1; byte >= 0; byte--) if (records[a + byte] !== records[b + byte]) return false;
  return true;
}
