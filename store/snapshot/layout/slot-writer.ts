// Writes the buckets of an index into slots. How long a slot is follows from the longest bucket, so
// bodies go to a file of their own first, one after another.

import fs from 'node:fs';
import { writeFully } from '../../files.ts';
import { BufferedWriter } from './buffered-writer.ts';
import { PartHasher } from './parted-file.ts';
import { LENGTH_BYTES } from './slot-sizes.ts';

/** Bytes of slots that are written at once, about. */
const BATCH_BYTES = 2 ** 20;

/** Holds the bodies until their slots are written. */
export const bodiesFile = (target: string): string => `${target}.bodies`;

export class SlotWriter {
  readonly #target: string;
  readonly #mode: number;
  readonly #bodiesFile: string;
  readonly #bodies: BufferedWriter;
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #count = 0;

  /** @param target the slots; the bodies are beside it meanwhile */
  constructor(target: string, mode: number) {
    this.#target = target;
    this.#mode = mode;
    this.#bodiesFile = bodiesFile(target);
    this.#bodies = new BufferedWriter(this.#bodiesFile, 0o600);
  }

  /** Adds the body of the next id. */
  add(body: Uint8Array): void {
    this.#length.writeUInt32BE(body.length);
    this.#bodies.write(this.#length);
    this.#bodies.write(body);
    this.#count++;
  }

  /**
   * @param longest length of the longest body, or more
   * @param roots follow the slots
   * @returns the digests of the file's parts, and its length
   */
  finish(longest: number, roots: Uint8Array): { readonly bytes: number; readonly digests: Buffer } {
    this.#bodies.finish();
    const slotBytes = longest + LENGTH_BYTES;
    const batch = Buffer.alloc(Math.max(1, Math.floor(BATCH_BYTES / slotBytes)) * slotBytes);
    const hasher = new PartHasher();
    const source = fs.openSync(this.#bodiesFile, 'r');
    const target = fs.openSync(this.#target, 'wx', this.#mode);
    try {
      const flush = (bytes: number): void => {
        writeFully(target, batch, bytes);
        hasher.add(batch.subarray(0, bytes));
        batch.fill(0);
      };
      let filled = 0;
      for (const body of readBodies(source, this.#count)) {
        batch.set(body, filled);
        batch.writeUInt32BE(body.length, filled + longest);
        filled += slotBytes;
        if (filled < batch.length) continue;
        flush(filled);
        filled = 0;
      }
      flush(filled);
      writeFully(target, roots, roots.length);
      hasher.add(roots);
      return { bytes: this.#count * slotBytes + roots.length, digests: hasher.finish() };
    } finally {
      fs.closeSync(source);
      fs.closeSync(target);
      fs.rmSync(this.#bodiesFile);
    }
  }

  close(): void {
    this.#bodies.close();
  }
}

/** The bodies in order, each good until the next. */
function* readBodies(handle: number, count: number): Generator<Buffer> {
  let block = Buffer.alloc(2 * BATCH_BYTES);
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
  for (let body = 0; body < count; body++) {
    need(LENGTH_BYTES);
    const length = block.readUInt32BE(at);
    at += LENGTH_BYTES;
    need(length);
    yield block.subarray(at, at + length);
    at += length;
  }
}
