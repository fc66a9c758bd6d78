// Sorts keyed records in memory and writes them as chunks: the first half of an external sort;
// merge-chunks.ts is the second.

import { RECORD_BYTES } from '../../store/run/record.ts';
import { type ChunkSink, ChunkWriter } from './chunk-writer.ts';
import { countsToStarts, RecordOrder } from './record-order.ts';

/** Memory per record: once as added, once in its part. */
export const SORT_BYTES_A_RECORD = 2 * RECORD_BYTES;

/**
 * Records are dealt into parts by their leading bits first, so that each sort fits in the
 * processor's cache.
 */
const PART_BITS = 9;
const PARTS = 2 ** PART_BITS;
const MIN_CAPACITY = 1024;

/**
 * Sorts the records of one index. It allocates its memory once, except what grows with the largest
 * part.
 */
export class RecordSorter {
  readonly #capacity: number;
  readonly #sink: ChunkSink;
  readonly #writer = new ChunkWriter(RECORD_BYTES);
  /** Callers write records here, at the offset that `reserve` returns. */
  readonly records: Uint8Array;
  readonly #dealt: Uint8Array;
  readonly #order = new RecordOrder();
  #count = 0;

  constructor(memoryBytes: number, sink: ChunkSink) {
    this.#capacity = Math.max(MIN_CAPACITY, Math.floor(memoryBytes / SORT_BYTES_A_RECORD));
    this.records = new Uint8Array(this.#capacity * RECORD_BYTES);
    this.#dealt = new Uint8Array(this.#capacity * RECORD_BYTES);
    this.#sink = sink;
  }

  /** Makes room for a record. @returns its offset in `records` */
  reserve(): number {
    if (this.#count === this.#capacity) this.spill();
    return this.#count++ * RECORD_BYTES;
  }

  add(record: Uint8Array): void {
    const at = this.reserve();
    for (let i = 0; i < RECORD_BYTES; i++) this.records[at + i] = record[i] as number;
  }

  /** Writes the held records as one durable chunk, sorted, with equal keys merged. */
  spill(): void {
    if (this.#count === 0) return;
    const ends = this.#deal();
    const writer = this.#writer;
    writer.begin(this.#sink.next());
    try {
      let start = 0;
      for (const end of ends) {
        // Equal keys are in the same part.
        this.#order.write(this.#dealt, start * RECORD_BYTES, end - start, writer);
        start = end;
      }
      writer.finish(this.#sink);
    } finally {
      writer.close();
    }
    this.#count = 0;
  }

  /**
   * Copies the records to `#dealt`, ordered by their leading bits.
   * @returns the end of each part
   */
  #deal(): Uint32Array {
    const { records } = this;
    const dealt = this.#dealt;
    const length = this.#count * RECORD_BYTES;
    const ends = new Uint32Array(PARTS);
    for (let at = 0; at < length; at += RECORD_BYTES) {
      const part = readPart(records, at);
      ends[part] = (ends[part] as number) + 1;
    }
    countsToStarts(ends, PARTS);
    for (let at = 0; at < length; at += RECORD_BYTES) {
      const part = readPart(records, at);
      const place = ends[part] as number;
      ends[part] = place + 1;
      const to = place * RECORD_BYTES;
      for (let byte = 0; byte < RECORD_BYTES; byte++) dealt[to + byte] = records[at + byte] as number;
    }
    return ends;
  }
}

const readPart = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) >>> (16 - PART_BITS);
