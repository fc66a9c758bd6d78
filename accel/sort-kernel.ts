// Sorts keyed records (PROTOCOL.md §11) on the WebAssembly kernel. Tests compare it with a Map.

import { startKernel } from './kernel-instance.ts';

/** Of a record: store/run/record.ts. */
const RECORD_BYTES = 23;
/** Memory per record: where it is added, and once more to sort. */
export const SORT_BYTES_A_RECORD = 2 * RECORD_BYTES;
/** Working memory is a list of vectors. */
const ALIGNMENT = 16;

/** Holds a number of records in memory of its own, taken once. */
export class SortKernel {
  readonly #sort: (count: number) => number;
  /** Callers write records here. */
  readonly records: Uint8Array;

  /** @param capacity records */
  constructor(capacity: number) {
    const bytes = Math.ceil((capacity * RECORD_BYTES) / ALIGNMENT) * ALIGNMENT;
    const { exports, heapAt } = startKernel(({ sortScratchBytes }) => 2 * bytes + sortScratchBytes());
    const recordsAt = heapAt + exports.sortScratchBytes();
    this.records = new Uint8Array(exports.memory.buffer, recordsAt, capacity * RECORD_BYTES);
    this.#sort = (count) => exports.sortRecords(recordsAt, count, recordsAt + bytes, heapAt);
  }

  /**
   * Sorts the first `count` records by key. Of equal ones the first stays, with their times added
   * up.
   * @returns the number of records that are left
   */
  sort(count: number): number {
    return this.#sort(count);
  }
}
