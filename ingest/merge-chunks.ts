// The chunks of an external sort as one stream: the second half of it. record-sorter.ts is the first.

import fs from 'node:fs';
import { Merge, type RecordStream } from '../store/merge.ts';
import { RECORD_BYTES } from '../store/record.ts';

const MAX_READ_BYTES = 256 * 1024;
const MIN_READ_BYTES = 4096;

class ChunkStream implements RecordStream {
  readonly number = 0;
  readonly #handle: number;
  readonly #buffer: Buffer;

  constructor(file: string, readBytes: number) {
    this.#handle = fs.openSync(file, 'r');
    this.#buffer = Buffer.allocUnsafe(readBytes);
  }

  readBlock(): Uint8Array {
    let filled = 0;
    while (filled < this.#buffer.length) {
      const read = fs.readSync(this.#handle, this.#buffer, filled, this.#buffer.length - filled, null);
      if (read === 0) break;
      filled += read;
    }
    return this.#buffer.subarray(0, filled);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}

/**
 * Merges chunks, equal keys into one record.
 * @param memoryBytes for the buffers of all chunks together
 */
export function mergeChunks(files: readonly string[], memoryBytes: number): { readonly merge: Merge; close(): void } {
  const share = Math.min(MAX_READ_BYTES, Math.max(MIN_READ_BYTES, memoryBytes / Math.max(1, files.length)));
  const readBytes = Math.floor(share / RECORD_BYTES) * RECORD_BYTES;
  const streams: ChunkStream[] = [];
  const close = (): void => {
    for (const stream of streams) stream.close();
  };
  try {
    for (const file of files) streams.push(new ChunkStream(file, readBytes));
    return { merge: new Merge(streams), close };
  } catch (error) {
    close();
    throw error;
  }
}
