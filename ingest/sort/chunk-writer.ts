// Writes a chunk of an external sort: sorted records in a file, durable, with the checksum that its reader compares.

import fs from 'node:fs';
import { crc32 } from 'node:zlib';
import { writeFully } from '../../store/run/run.ts';

/** About what of it waits in memory. */
const WRITE_BYTES = 1 << 20;

/** Where a sorter's chunks go. */
export interface ChunkSink {
  /** Names a file that is not there yet. */
  next(): string;
  done(file: string, bytes: number, crc32: number): void;
}

/** One chunk after the other through one buffer. */
export class ChunkWriter {
  /** Records are written here at the place that `reserve` gives. */
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

  /** Makes room for a record; the one before stays where it is until the next call. @returns where it begins */
  reserve(): number {
    if (this.#filled === this.buffer.length) this.#flush();
    this.#filled += this.#recordBytes;
    return this.#filled - this.#recordBytes;
  }

  /** Takes whole records. */
  append(records: Uint8Array): void {
    this.#flush();
    this.#write(records);
  }

  finish(sink: Pick<ChunkSink, 'done'>): void {
    this.#flush();
    fs.fdatasyncSync(this.#handle);
    this.close();
    sink.done(this.#file, this.#bytes, this.#crc32);
  }

  /** Also where writing failed. */
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
