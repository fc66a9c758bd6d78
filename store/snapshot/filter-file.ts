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
    // What the stream takes for closing its file is giving up its hold.
    const close = (_handle: number, done: (error?: Error) => void): void => {
      this.release();
      done();
    };
    return fs.createReadStream('', {
      fd: this.#handle,
      fs: { open: fs.open, read: fs.read, close },
      start,
      end: end - 1,
    });
  }

  /** Lets go of the file; it is closed when no stream needs it any more. */
  release(): void {
    if (--this.#holders === 0) fs.closeSync(this.#handle);
  }
}
