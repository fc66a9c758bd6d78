// The bodies of a part of an index, one after another. They wait there for the others: how long a
// slot is follows from the longest of all.
//
//   struct BodiesFile {
//     struct {
//       u32 length;
//       u8  body[length];
//     } bodies[];                  // of successive ids
//   }

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { BufferedWriter } from './buffered-writer.ts';

const LENGTH_BYTES = 4;
const BLOCK_BYTES = 2 ** 21;

export interface FileDigest {
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** The bodies of `count` ids from `from`. */
export interface PartBodies {
  readonly file: string;
  readonly from: number;
  readonly count: number;
}

export class BodiesWriter {
  readonly #out: BufferedWriter;
  readonly #hash = createHash('sha256');
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #bytes = 0;

  constructor(file: string) {
    this.#out = new BufferedWriter(file, 0o600, (bytes) => {
      this.#hash.update(bytes);
      this.#bytes += bytes.length;
    });
  }

  /** Adds the body of the next id. */
  add(body: Uint8Array): void {
    this.#length.writeUInt32BE(body.length);
    this.#out.write(this.#length);
    this.#out.write(body);
  }

  finish(): FileDigest {
    this.#out.finish();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Closes the file, also after a failure. */
  close(): void {
    this.#out.close();
  }
}

/** The bodies in order, each good until the next. */
export function* readBodies({ file, count }: PartBodies): Generator<Buffer> {
  const handle = fs.openSync(file, 'r');
  let block = Buffer.alloc(BLOCK_BYTES);
  let [at, end] = [0, 0];
  const need = (bytes: number): void => {
    if (at + bytes <= end) return;
    const rest = block.subarray(at, end);
    if (bytes > block.length) block = Buffer.concat([rest], 2 * bytes);
    else rest.copy(block);
    end -= at;
    at = 0;
    while (end < bytes) {
      const read = fs.readSync(handle, block, end, block.length - end, null);
      if (read === 0) throw new Error('the bodies of an index end early');
      end += read;
    }
  };
  try {
    for (let body = 0; body < count; body++) {
      need(LENGTH_BYTES);
      const length = block.readUInt32BE(at);
      at += LENGTH_BYTES;
      need(length);
      yield block.subarray(at, at + length);
      at += length;
    }
  } finally {
    fs.closeSync(handle);
  }
}
