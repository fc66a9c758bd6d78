// K-way merge of sorted keyed records by sorting: the records of all streams up to a bound make a
// batch, which is sorted as a whole. That takes 40 to 65 ns per record for any number of streams; a
// heap of 60 streams took 300. No key is in two batches, so several threads can sort them.

import { SortKernel } from '../../accel/sort-kernel.ts';
import { RECORD_BYTES } from '../../store/run/record.ts';
import { compareKeys } from './record-order.ts';

/** Records that ascend by key. */
export interface RecordReader {
  /**
   * Fills `buffer` from `start`. A stream that does not fill it has ended.
   * @returns the end of the data
   */
  read(buffer: Uint8Array, start: number): number;
}

/** Unused data of one stream. All windows share one buffer. */
interface Window {
  readonly reader: RecordReader;
  readonly from: number;
  readonly to: number;
  end: number;
  ended: boolean;
}

/**
 * Cuts the streams into batches. A batch is unsorted, and all of its keys are greater than those of
 * the previous batch.
 * @param readBytes bytes to read from each stream at a time: whole records
 * @param newBuffer provides buffers for all reads together; the caller owns each batch
 */
export function* cutBatches(
  readers: readonly RecordReader[],
  readBytes: number,
  newBuffer: (bytes: number) => Uint8Array<ArrayBuffer>,
): Generator<Uint8Array<ArrayBuffer>> {
  const held = new Uint8Array(readers.length * readBytes);
  const windows = readers.map((reader, place): Window => {
    const from = place * readBytes;
    return { reader, from, to: from + readBytes, end: from, ended: false };
  });
  for (;;) {
    for (const window of windows) fill(held, window);
    const bound = findBound(held, windows);
    const batch = newBuffer(held.length);
    let filled = 0;
    for (const window of windows) {
      const taken = bound < 0 ? window.end : findEnd(held, window, bound);
      batch.set(held.subarray(window.from, taken), filled);
      filled += taken - window.from;
      held.copyWithin(window.from, taken, window.end);
      window.end -= taken - window.from;
    }
    if (filled === 0) return;
    yield batch.subarray(0, filled);
  }
}

/** Sorts one batch at a time. */
export class BatchSorter {
  #kernel: SortKernel | undefined;

  /**
   * Sorts the batch in place; equal keys become one record.
   * @returns the part that is left
   */
  sort(batch: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    // Batches have buffers of one size.
    this.#kernel ??= new SortKernel(batch.buffer.byteLength / RECORD_BYTES);
    const kernel = this.#kernel;
    kernel.records.set(batch);
    const left = kernel.sort(batch.length / RECORD_BYTES) * RECORD_BYTES;
    batch.set(kernel.records.subarray(0, left));
    return batch.subarray(0, left);
  }
}

function fill(held: Uint8Array, window: Window): void {
  if (window.ended) return;
  const bytes = held.subarray(window.from, window.to);
  window.end = window.from + window.reader.read(bytes, window.end - window.from);
  window.ended = window.end < window.to;
}

/**
 * The smallest last record among streams that continue: everything up to it has been read.
 * @returns its offset, or -1
 */
function findBound(held: Uint8Array, windows: readonly Window[]): number {
  let smallest = -1;
  for (const { end, ended } of windows) {
    const last = end - RECORD_BYTES;
    if (!ended && (smallest < 0 || compareKeys(held, last, smallest) < 0)) smallest = last;
  }
  return smallest;
}

/** The end of those records of a window that are not greater than the one at `bound`. */
function findEnd(held: Uint8Array, { from, end }: Window, bound: number): number {
  let low = 0;
  let high = (end - from) / RECORD_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(held, from + middle * RECORD_BYTES, bound) <= 0) low = middle + 1;
    else high = middle;
  }
  return from + low * RECORD_BYTES;
}
