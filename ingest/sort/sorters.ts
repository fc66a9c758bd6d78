// The sorters of a worker: one for each index that its corpus feeds.

import path from 'node:path';
import { INDEX_NAMES, type IndexName, type RangeName } from '../../protocol/bucket-id.ts';
import type { EmitRecord } from '../../store/run/credential-records.ts';
import { SECTION_NAMES, type SectionName } from '../../store/run/sections.ts';
import type { Chunk, Chunks } from '../manifest.ts';
import type { ChunkSink } from './chunk-writer.ts';
import { HashSorter } from './hash-sorter.ts';
import { RecordSorter } from './record-sorter.ts';

/**
 * Records per credential: a pair and a username in the account index, one in each of the others.
 */
const SHARES: { readonly [name in SectionName]: number } = { account: 2, password: 1, sha1: 1, ntlm: 1 };

export class Sorters {
  /** The indexes of keyed entries among the sections. */
  readonly indexes: readonly IndexName[];
  readonly account: RecordSorter | undefined;
  readonly password: RecordSorter | undefined;
  readonly sha1: HashSorter | undefined;
  readonly ntlm: HashSorter | undefined;
  /** Adds one record to the sorter of its index. */
  readonly emit: EmitRecord;
  readonly #folder: string;
  #segment = 0;
  #chunks: { [index in SectionName]?: Chunk[] } = {};

  constructor(sections: readonly SectionName[], folder: string, memoryBytes: number) {
    const indexes = INDEX_NAMES.filter((name) => sections.includes(name));
    this.indexes = indexes;
    this.#folder = folder;
    const shares = sections.reduce((sum, name) => sum + SHARES[name], 0);
    const share = (name: SectionName): number => (memoryBytes * SHARES[name]) / shares;
    const create = (index: IndexName): RecordSorter | undefined =>
      sections.includes(index) ? new RecordSorter(share(index), this.#sink(index)) : undefined;
    const createHashes = (name: RangeName): HashSorter | undefined =>
      sections.includes(name) ? new HashSorter(name, share(name), this.#sink(name)) : undefined;
    this.account = create('account');
    this.password = create('password');
    this.sha1 = createHashes('sha1');
    this.ntlm = createHashes('ntlm');
    this.emit = (index, record) => this[index]?.add(record);
  }

  /** Assigns the chunks written from now on to this segment. */
  begin(segment: number): void {
    this.#segment = segment;
    this.#chunks = {};
  }

  /** Writes all held records. @returns the segment's chunks */
  finish(): Chunks {
    for (const name of SECTION_NAMES) this[name]?.spill();
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
