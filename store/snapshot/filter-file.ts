// A snapshot's filter file, open for sending. A stream can read it to its end even if the snapshot
// is closed or pruned.

import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { openRegularFile } from '../files.ts';
import { corruptSnapshot } from './current.ts';

export class FilterFile {
  readonly bytes: number;
  readonly #handle: number;
  /** The snapshot and all open streams. */
  #holders = 1;

  constructor(file: string) {
    this.#handle = openRegularFile(file, (why) => corruptSnapshot(`filter ${file}: ${why}`));
    this.bytes = fs.fstatSync(this.#handle).size;
  }

  /** Streams the bytes from `start` to `end`, exclusive. */
  read(start: number, end: number): Readable {
    this.#holders++;
    // For the stream, closing the file means releasing it.
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

  /** Releases the file; the last holder closes it. */
  release(): void {
    if (--this.#holders === 0) fs.closeSync(this.#handle);
  }
}
