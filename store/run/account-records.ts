// Looks records up in the account section of a run, by halving. What it reads is not verified.

import fs from 'node:fs';
import { compareBytes, readU32 } from '../../protocol/bytes.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import { ENTRY_BYTES, KIND_AT, RECORD_BYTES, readTimes } from './record.ts';
import { corruptRun, openRunFile, RUN_MAGIC, type Run } from './run.ts';

/** An entry as the key of a set. */
export const keyOf = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, ENTRY_BYTES).toString('latin1');

interface Group {
  /** Listed username records. */
  readonly found: readonly string[];
  readonly usernames: number;
  /** Records of pairs and similarity forms. */
  readonly others: number;
}

const BLOCK_RECORDS = 4096;

/** The account section of a run, which is its first. */
export class AccountRecords {
  readonly #run: Run;
  readonly #count: number;
  readonly #handle: number;
  readonly #block = Buffer.alloc(BLOCK_RECORDS * RECORD_BYTES);

  constructor(run: Run, count: number) {
    this.#run = run;
    this.#count = count;
    this.#handle = openRunFile(run.file);
  }

  look(hash: number, listed: ReadonlySet<string>): Group {
    const found: string[] = [];
    let usernames = 0;
    let others = 0;
    for (let place = this.#firstOf(hash); place < this.#count; ) {
      const block = this.#read(place, Math.min(BLOCK_RECORDS, this.#count - place));
      for (let at = 0; at < block.length; at += RECORD_BYTES, place++) {
        if (readU32(block, at) !== hash) return { found, usernames, others };
        if (block[at + KIND_AT] !== EntryKind.username) others++;
        else {
          usernames++;
          const key = keyOf(block, at);
          if (listed.has(key)) found.push(key);
        }
      }
    }
    return { found, usernames, others };
  }

  /** How often an entry was seen; 0 if it has no record. */
  timesOf(entry: Uint8Array): number {
    const hash = readU32(entry, 0);
    for (let place = this.#firstOf(hash); place < this.#count; ) {
      const block = this.#read(place, Math.min(BLOCK_RECORDS, this.#count - place));
      for (let at = 0; at < block.length; at += RECORD_BYTES, place++) {
        if (readU32(block, at) !== hash) return 0;
        if (compareBytes(block, at, entry, 0, ENTRY_BYTES) === 0) return readTimes(block, at);
      }
    }
    return 0;
  }

  /** The place of the first record with this hash or a greater one. */
  #firstOf(hash: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (readU32(this.#read(middle, 1), 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #read(place: number, records: number): Buffer {
    const block = this.#block.subarray(0, records * RECORD_BYTES);
    const from = RUN_MAGIC.length + place * RECORD_BYTES;
    for (let at = 0; at < block.length; ) {
      const read = fs.readSync(this.#handle, block, at, block.length - at, from + at);
      if (read === 0) throw corruptRun(this.#run.file, 'truncated');
      at += read;
    }
    return block;
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}
