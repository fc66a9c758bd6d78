// Writes the chunks of an external sort: files of sorted records, durable, with a checksum that the
// reader compares.

import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import { writeFully } from '../../store/files.ts';

/** Approximate size of the buffer. */
const WRITE_BYTES = 1 << 20;

/** Names a sorter's chunks and records finished ones. */
export interface ChunkSink {
  /** @returns the path of a file that does not exist yet */
  next(): string;
  done(file: string, bytes: number, crc32: number): void;
}

/** Writes one chunk at a time through one buffer. */
export class ChunkWriter {
  /** Callers write records here, at the offset that `reserve` returns. */
  readonly buffer: Uint8Array;
  readonly #recordBytes: number;
  #filled = 0;
  #handle = -1;
  #file = '';
  #bytes = 0;
  #crc32 = 0;

  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
    this.buffer = new Uint8Array(WRITE_BYTES - (WRITE_BYTES % recordBytes));
  }

  begin(file: string): void {
    this.#handle = fs.openSync(file, 'wx', 0o600);
    this.#file = file;
    this.#bytes = 0;
    this.#crc32 = 0;
    this.#filled = 0;
  }

  /**
   * Makes room for a record. The previous record stays in place until the next call.
   * @returns the record's offset
   */
  reserve(): number {
    if (this.#filled === this.buffer.length) this.#flush();
    this.#filled += this.#recordBytes;
    return this.#filled - this.#recordBytes;
  }

  /** Appends whole records. */
  append(records: Uint8Array): void {
    this.#flush();
    this.#write(records);
  }

  /** Makes the chunk durable and reports it. */
  finish(sink: Pick<ChunkSink, 'done'>): void {
    this.#flush();
    fs.fdatasyncSync(this.#handle);
    this.close();
    sink.done(this.#file, this.#bytes, this.#crc32);
  }

  /** Closes the file, also after a failure. */
  close(): void {
    if (this.#handle >= 0) fs.closeSync(this.#handle);
    this.#handle = -1;
  }

  #flush(): void {
    this.#write(this.buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #write(records: Uint8Array): void {
    this.#crc32 = crc32(records, this.#crc32);
    writeFully(this.#handle, records, records.length);
    this.#bytes += records.length;
  }
}
