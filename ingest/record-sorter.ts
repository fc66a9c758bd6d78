// External sort of records: chunks in memory, then on disk, then one merged stream.

import fs from 'node:fs';
import path from 'node:path';
import { readBucketHash, readTag } from '../protocol/entry.ts';
import { MAX_TIMES_SEEN } from '../protocol/metadata.ts';
import { Merge, type RecordStream } from '../store/merge.ts';
import { RECORD_BYTES, readTimes, writeTimes } from '../store/record.ts';
import { writeFully } from '../store/run.ts';

const READ_BYTES = RECORD_BYTES * 3_640;

/** Sorts the records of one index within a bound of memory. Its chunk files are its own to delete. */
export class RecordSorter {
  readonly #folder: string;
  readonly #capacity: number;
  readonly #records: Uint8Array;
  readonly #chunks: string[] = [];
  #count = 0;

  /**
   * @param folder an existing folder for the chunks of this sorter alone
   * @param memoryBytes what a chunk may take in memory, with its sort order
   */
  constructor(folder: string, memoryBytes: number) {
    this.#folder = folder;
    // 18 bytes a record, again in sorted order, and 16 for the keys and places of the sort.
    this.#capacity = Math.max(1024, Math.floor(memoryBytes / (2 * RECORD_BYTES + 16)));
    this.#records = new Uint8Array(this.#capacity * RECORD_BYTES);
  }

  add(record: Uint8Array): void {
    if (this.#count === this.#capacity) this.#spill();
    const at = this.#count++ * RECORD_BYTES;
    for (let i = 0; i < RECORD_BYTES; i++) this.#records[at + i] = record[i] as number;
  }

  /** All records in order, equal keys merged. No record can be added afterwards. */
  merge(): { readonly merge: Merge; close(): void } {
    const streams: ChunkStream[] = this.#chunks.map((file) => new FileStream(file));
    streams.push(new MemoryStream(this.#sorted()));
    return {
      merge: new Merge(streams),
      close: () => {
        for (const stream of streams) stream.close();
      },
    };
  }

  #spill(): void {
    const file = path.join(this.#folder, `chunk-${String(this.#chunks.length).padStart(6, '0')}`);
    const sorted = this.#sorted();
    const handle = fs.openSync(file, 'w', 0o600);
    try {
      writeFully(handle, sorted, sorted.length);
    } finally {
      fs.closeSync(handle);
    }
    this.#chunks.push(file);
    this.#count = 0;
  }

  /** The records in memory, by key, doubles merged. */
  #sorted(): Uint8Array {
    const count = this.#count;
    const hashes = new Uint32Array(count);
    const tags = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      hashes[i] = readBucketHash(this.#records, i * RECORD_BYTES);
      tags[i] = readTag(this.#records, i * RECORD_BYTES + 4);
    }
    const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
      (a, b) => (hashes[a] as number) - (hashes[b] as number) || (tags[a] as number) - (tags[b] as number),
    );
    const sorted = new Uint8Array(count * RECORD_BYTES);
    let end = 0;
    let last = -1;
    for (const from of order) {
      const at = from * RECORD_BYTES;
      if (last >= 0 && hashes[last] === hashes[from] && tags[last] === tags[from]) {
        const previous = end - RECORD_BYTES;
        writeTimes(
          sorted,
          previous,
          Math.min(MAX_TIMES_SEEN, readTimes(sorted, previous) + readTimes(this.#records, at)),
        );
        continue;
      }
      sorted.set(this.#records.subarray(at, at + RECORD_BYTES), end);
      end += RECORD_BYTES;
      last = from;
    }
    return sorted.subarray(0, end);
  }
}

interface ChunkStream extends RecordStream {
  close(): void;
}

class MemoryStream implements ChunkStream {
  readonly number = 0;
  #block: Uint8Array;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  readBlock(): Uint8Array {
    const block = this.#block;
    this.#block = block.subarray(0, 0);
    return block;
  }

  close(): void {}
}

class FileStream implements ChunkStream {
  readonly number = 0;
  readonly #handle: number;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);

  constructor(file: string) {
    this.#handle = fs.openSync(file, 'r');
  }

  readBlock(): Uint8Array {
    let filled = 0;
    while (filled < READ_BYTES) {
      const read = fs.readSync(this.#handle, this.#buffer, filled, READ_BYTES - filled, null);
      if (read === 0) break;
      filled += read;
    }
    return this.#buffer.subarray(0, filled);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}
