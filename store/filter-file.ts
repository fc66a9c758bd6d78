// A snapshot's filter file, open to be sent: it can be read to its end although the snapshot is closed or pruned meanwhile.

import fs from 'node:fs';
import type { Readable } from 'node:stream';

export class FilterFile {
  readonly bytes: number;
  readonly #handle: number;
  /** The snapshot, and every stream that is under way. */
  #holders = 1;

  constructor(file: string) {
    this.#handle = fs.openSync(file, 'r');
    this.bytes = fs.fstatSync(this.#handle).size;
  }

  /** The bytes from `start` to before `end`, read as they are taken. */
  read(start: number, end: number): Readable {
    this.#holders++;
    const stream = fs.createReadStream('', { fd: this.#handle, autoClose: false, start, end: end - 1 });
    stream.once('close', () => this.release());
    return stream;
  }

  /** Lets go of the file; it is closed when no stream needs it any more. */
  release(): void {
    if (--this.#holders === 0) fs.closeSync(this.#handle);
  }
}
