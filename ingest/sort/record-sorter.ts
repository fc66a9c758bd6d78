// Sorts keyed records in memory and writes them as chunks: the first half of an external sort;
// merge-chunks.ts is the second.

import { SORT_BYTES_A_RECORD, SortKernel } from '../../accel/sort-kernel.ts';
import { RECORD_BYTES } from '../../store/run/record.ts';
import { type ChunkSink, ChunkWriter } from './chunk-writer.ts';

const MIN_CAPACITY = 1024;

/** Sorts the records of one index. It allocates its memory once. */
export class RecordSorter {
  readonly #capacity: number;
  readonly #sink: ChunkSink;
  readonly #writer = new ChunkWriter(RECORD_BYTES);
  readonly #kernel: SortKernel;
  #count = 0;

  constructor(memoryBytes: number, sink: ChunkSink) {
    this.#capacity = Math.max(MIN_CAPACITY, Math.floor(memoryBytes / SORT_BYTES_A_RECORD));
    this.#kernel = new SortKernel(this.#capacity);
    this.#sink = sink;
  }

  /** Adds whole records. */
  add(records: Uint8Array): void {
    let from = 0;
    while (from < records.length) {
      if (this.#count === this.#capacity) this.spill();
      const end = Math.min(records.length, from + (this.#capacity - this.#count) * RECORD_BYTES);
      this.#kernel.records.set(records.subarray(from, end), this.#count * RECORD_BYTES);
      this.#count += (end - from) / RECORD_BYTES;
      from = end;
    }
  }

  /** Writes the held records as one durable chunk, sorted, with equal keys merged. */
  spill(): void {
    if (this.#count === 0) return;
    const left = this.#kernel.sort(this.#count);
    const writer = this.#writer;
    writer.begin(this.#sink.next());
    try {
      writer.append(this.#kernel.records.subarray(0, left * RECORD_BYTES));
      writer.finish(this.#sink);
    } finally {
      writer.close();
    }
    this.#count = 0;
  }
}
