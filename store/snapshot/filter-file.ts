// A snapshot's filter file, open for sending. A stream can read it to its end even if the snapshot
// is closed or pruned.

import { Readable } from 'node:stream';
import type { PartedFile } from './layout/parted-file.ts';

const CHUNK_BYTES = 2 ** 16;

export class FilterFile {
  readonly bytes: number;
  readonly #file: PartedFile;
  /** The snapshot and all open streams. */
  #holders = 1;

  constructor(file: PartedFile) {
    this.#file = file;
    this.bytes = file.bytes;
  }

  /** Streams the bytes from `start` to `end`, exclusive. */
  read(start: number, end: number): Readable {
    if (this.#holders === 0) throw new Error('a filter is read after it was closed');
    this.#holders++;
    const stream = Readable.from(this.#chunks(start, end), { objectMode: false, highWaterMark: CHUNK_BYTES });
    return stream.once('close', () => this.release());
  }

  /** Fills `target` with the bytes from `at`. @throws StoreError `SNAPSHOT_CORRUPT` */
  readInto(target: Buffer, at: number): void {
    this.#file.read(target, target.length, at);
  }

  /** Checks the whole file. @throws StoreError `SNAPSHOT_CORRUPT` */
  verify(): void {
    this.#file.verify();
  }

  /** Releases the file; the last holder closes it. */
  release(): void {
    if (--this.#holders === 0) this.#file.close();
  }

  *#chunks(start: number, end: number): Generator<Buffer> {
    for (let at = start; at < end; at += CHUNK_BYTES) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      this.#file.read(chunk, chunk.length, at);
      yield chunk;
    }
  }
}
