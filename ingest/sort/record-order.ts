// The order of records by key, and equal keys as one: what a sorter does with its parts, and a merge with its batches.

import { readU32, readU48 } from '../../protocol/bytes.ts';
import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { KEY_BYTES, RECORD_BYTES, readTimes, writeTimes } from '../../store/run/record.ts';

/** Up to here insertion sort is faster than anything cleverer. */
const INSERTION_LIMIT = 40;

/** Where sorted records go. */
export interface RecordTarget {
  readonly buffer: Uint8Array;
  /** Makes room for a record; the one before stays where it is until the next call. @returns where it begins */
  reserve(): number;
}

/** Sorts one stretch of records after the other. What it holds grows to the largest. */
export class RecordOrder {
  #hashes = new Uint32Array(0);
  #order = new Uint32Array(0);
  #ends = new Uint32Array(0);

  /** Writes the records at `first`, as many as `count`, to `out`: ascending by key, equal keys with their times added up. */
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
   * Places of the records by key, in `#order`. Keys are pseudo-random, so one distribution over the range of their
   * hashes leaves a few in each group. Only an account with very many entries makes a large group; it is sorted by
   * comparison.
   */
  #sort(records: Uint8Array, first: number, count: number): void {
    if (this.#order.length < count) {
      this.#order = new Uint32Array(2 * count);
      this.#hashes = new Uint32Array(2 * count);
    }
    const order = this.#order;
    const hashes = this.#hashes;
    let least = 0xffff_ffff;
    let most = 0;
    for (let i = 0, at = first; i < count; i++, at += RECORD_BYTES) {
      const hash = readU32(records, at);
      hashes[i] = hash;
      if (hash < least) least = hash;
      if (hash > most) most = hash;
    }
    const groups = 2 ** Math.max(1, 31 - Math.clz32(count | 1));
    if (this.#ends.length < groups) this.#ends = new Uint32Array(groups);
    else this.#ends.fill(0, 0, groups);
    const ends = this.#ends;
    const scale = groupScale(least, most, groups);
    for (let i = 0; i < count; i++) {
      const group = (((hashes[i] as number) - least) * scale) | 0;
      ends[group] = (ends[group] as number) + 1;
    }
    startsOf(ends, groups);
    for (let i = 0; i < count; i++) {
      const group = (((hashes[i] as number) - least) * scale) | 0;
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

/** What a number's distance from the least is multiplied by, rounded down, to give its group. */
export function groupScale(least: number, most: number, groups: number): number {
  // A little less, so that the last number falls into the last group and not behind it.
  return (groups - 0.001) / (most - least + 1);
}

/** Counts become where each begins. */
export function startsOf(counts: Uint32Array, length: number): void {
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

export function compareKeys(records: Uint8Array, a: number, b: number): number {
  return readU32(records, a) - readU32(records, b) || readU48(records, a + 4) - readU48(records, b + 4);
}

function sameKey(records: Uint8Array, a: number, b: number): boolean {
  for (let byte = KEY_BYTES - 1; byte >= 0; byte--) if (records[a + byte] !== records[b + byte]) return false;
  return true;
}
