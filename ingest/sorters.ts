// The sorters of a worker, one for each index that its corpus feeds.

import path from 'node:path';
import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import type { EmitRecord } from '../store/credential-records.ts';
import type { SectionName } from '../store/run-facts.ts';
import type { ChunkSink } from './chunk-writer.ts';
import type { Chunk, Chunks } from './manifest.ts';
import { RecordSorter } from './record-sorter.ts';

/** A credential makes a pair and a username in one index, a password in the other. */
const SHARES = { account: 2, password: 1 } as const satisfies { [index in IndexName]: number };

export class Sorters {
  readonly indexes: readonly IndexName[];
  readonly account: RecordSorter | undefined;
  readonly password: RecordSorter | undefined;
  /** For records that come one at a time. */
  readonly emit: EmitRecord;
  readonly #folder: string;
  #segment = 0;
  #chunks: { [index in SectionName]?: Chunk[] } = {};

  constructor(sections: readonly SectionName[], folder: string, memoryBytes: number) {
    const indexes = INDEX_NAMES.filter((name) => sections.includes(name));
    this.indexes = indexes;
    this.#folder = folder;
    const shares = indexes.reduce((sum, index) => sum + SHARES[index], 0);
    const create = (index: IndexName): RecordSorter | undefined =>
      indexes.includes(index) ? new RecordSorter((memoryBytes * SHARES[index]) / shares, this.#sink(index)) : undefined;
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
  finish(): Chunks {
    for (const index of INDEX_NAMES) this[index]?.spill();
    return this.#chunks;
  }

  #sink(index: SectionName): ChunkSink {
    return {
      next: () => {
        const place = this.#chunks[index]?.length ?? 0;
        return path.join(this.#folder, `${String(this.#segment).padStart(6, '0')}-${place}.${index}`);
      },
      done: (file, bytes, crc32) => {
        this.#chunks[index] ??= [];
        this.#chunks[index].push({ name: path.basename(file), bytes, crc32 });
      },
    };
  }
}
