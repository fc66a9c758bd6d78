// The sorters of a worker, one for each index that its corpus feeds.

import path from 'node:path';
import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import type { EmitRecord } from '../store/credential-records.ts';
import { RecordSorter } from './record-sorter.ts';

/** Chunk files by index. */
export type ChunkFiles = { readonly [index in IndexName]?: readonly string[] };

export class Sorters {
  readonly indexes: readonly IndexName[];
  readonly account: RecordSorter | undefined;
  readonly password: RecordSorter | undefined;
  /** For records that come one at a time. */
  readonly emit: EmitRecord;
  readonly #folder: string;
  #segment = 0;
  #chunks: { [index in IndexName]?: string[] } = {};

  constructor(indexes: readonly IndexName[], folder: string, memoryBytes: number) {
    this.indexes = indexes;
    this.#folder = folder;
    const share = memoryBytes / indexes.length;
    const create = (index: IndexName): RecordSorter | undefined =>
      indexes.includes(index) ? new RecordSorter(share, () => this.#nextChunk(index)) : undefined;
    this.account = create('account');
    this.password = create('password');
    this.emit = (index, record) => this[index]?.add(record);
  }

  /** Chunks written from here on belong to this segment. */
  begin(segment: number): void {
    this.#segment = segment;
    this.#chunks = {};
  }

  /** Writes all that is held. @returns the segment's chunks */
  finish(): ChunkFiles {
    for (const index of INDEX_NAMES) this[index]?.spill();
    return this.#chunks;
  }

  #nextChunk(index: IndexName): string {
    this.#chunks[index] ??= [];
    const files = this.#chunks[index];
    const file = path.join(this.#folder, `${String(this.#segment).padStart(6, '0')}-${files.length}.${index}`);
    files.push(file);
    return file;
  }
}
