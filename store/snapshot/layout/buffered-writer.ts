// Appends to a new file in blocks of a mebibyte.

import fs from 'node:fs';
import { writeFully } from '../../files.ts';

const BLOCK_BYTES = 2 ** 20;

export class BufferedWriter {
  readonly #handle: number;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  readonly #onBytes: (bytes: Uint8Array) => void;
  #filled = 0;
  #isOpen = true;

  /** @param onBytes sees all bytes in order */
  constructor(file: string, mode: number, onBytes: (bytes: Uint8Array) => void = () => undefined) {
    this.#handle = fs.openSync(file, 'wx', mode);
    this.#onBytes = onBytes;
  }

  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + BLOCK_BYTES - this.#filled);
      this.#block.set(bytes.subarray(from, to), this.#filled);
      this.#filled += to - from;
      from = to;
      if (this.#filled === BLOCK_BYTES) this.#flush();
    }
  }

  /** Writes the rest and closes the file. */
  finish(): void {
    this.#flush();
    this.close();
  }

  /** Closes the file, also after a failure. */
  close(): void {
    if (this.#isOpen) fs.closeSync(this.#handle);
    this.#isOpen = false;
  }

  #flush(): void {
    writeFully(this.#handle, this.#block, this.#filled);
    this.#onBytes(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
