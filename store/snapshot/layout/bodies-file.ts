// The bodies of a part of an index, one after another. They wait there for the others: how long a
// slot is follows from the longest of all.
//
//   struct BodiesFile {
//     struct {
//       u32 id;                    // of a bucket or a range, ascending
//       u32 length;
//       u8  body[length];
//     } bodies[];
//   }

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { workAltered } from '../../errors.ts';
import { BufferedWriter } from './buffered-writer.ts';

const HEAD_BYTES = 8;
const BLOCK_BYTES = 2 ** 21;

export interface FileDigest {
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** The bodies of a part, which has `count` ids from `from`. */
export interface PartBodies {
  readonly file: string;
  /** Of the file, 64 hex digits. */
  readonly sha256: string;
  readonly from: number;
  readonly count: number;
}

/** The body of a bucket or a range. */
export interface Body {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export class BodiesWriter {
  readonly #out: BufferedWriter;
  readonly #hash = createHash('sha256');
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #bytes = 0;

  constructor(file: string) {
    this.#out = new BufferedWriter(file, 0o600, (bytes) => {
      this.#hash.update(bytes);
      this.#bytes += bytes.length;
    });
  }

  /** @param id above that of the previous call */
  add(id: number, body: Uint8Array): void {
    this.#head.writeUInt32BE(id);
    this.#head.writeUInt32BE(body.length, 4);
    this.#out.write(this.#head);
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

/**
 * The bodies in order, each good until the next. What is made of them is not to be used before all
 * were read: a range that somebody emptied would answer as if nothing had leaked.
 * @throws StoreError `WORK_ALTERED` at the end, if the bytes are not those of the digest
 */
export function* readBodies({ file, sha256 }: PartBodies): Generator<Body> {
  const handle = fs.openSync(file, 'r');
  const hash = createHash('sha256');
  let block = Buffer.alloc(BLOCK_BYTES);
  let [at, end] = [0, 0];
  /** Whether as many bytes follow. */
  const has = (bytes: number): boolean => {
    if (at + bytes <= end) return true;
    const rest = block.subarray(at, end);
    if (bytes > block.length) block = Buffer.concat([rest], 2 * bytes);
    else rest.copy(block);
    end -= at;
    at = 0;
    while (end < bytes) {
      const read = fs.readSync(handle, block, end, block.length - end, null);
      if (read === 0) return false;
      hash.update(block.subarray(end, end + read));
      end += read;
    }
    return true;
  };
  try {
    while (has(HEAD_BYTES)) {
      const id = block.readUInt32BE(at);
      const length = block.readUInt32BE(at + 4);
      at += HEAD_BYTES;
      if (!has(length)) throw workAltered(file);
      yield { id, bytes: block.subarray(at, at + length) };
      at += length;
    }
    if (at < end || hash.digest('hex') !== sha256) throw workAltered(file);
  } finally {
    fs.closeSync(handle);
  }
}

/** Bodies between two turns. */
const BODIES_PER_TURN = 4096;

/**
 * Calls `take` with all bodies of all parts in order, each good until it returns.
 * @param turn is called from time to time: it may throw
 */
export async function eachBody(
  parts: readonly PartBodies[],
  turn: () => Promise<void>,
  take: (id: number, body: Uint8Array) => void,
): Promise<void> {
  let bodies = 0;
  for (const part of parts)
    for (const { id, bytes } of readBodies(part)) {
      take(id, bytes);
      if (++bodies % BODIES_PER_TURN === 0) await turn();
    }
}
