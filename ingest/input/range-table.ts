// What a mirror's files were when they were ingested, so that a refresh reads only those that
// changed. It is a memory of this machine: without it, all files are read.
//
//   struct MirrorFile {                 // DATASET/mirrors/SOURCE, big-endian
//     u8  magic[8] = "CVMIR" 00 00 01;
//     u8  run[32];                      // SHA-256 of the run that the files were made to
//     struct {
//       u32 range; u32 bytes;           // ascending by range; the size of the file
//       u32 rows; u32 padding;          // rows with a count, and with a count of 0
//       f64 mtimeMs; f64 ctimeMs;       // NaN if the file was too new to trust them
//       u8  sha256[32];                 // of its rows as they were ingested
//     } files[];
//     u8  sha256[32];                   // of all bytes before
//   }

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { RANGES } from '../../protocol/bucket-id.ts';
import { openRegularFile, publishFile } from '../../store/files.ts';

const MAGIC = Buffer.from('CVMIR\0\0\x01', 'latin1');
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + DIGEST_BYTES;
const ENTRY_BYTES = 64;
const DIGEST_AT = 32;

/** A range file, as far as its directory entry tells. */
export interface FileStamp {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export interface RangeEntry extends FileStamp {
  readonly range: number;
  readonly rows: number;
  readonly padding: number;
  readonly sha256: Buffer;
}

/** Files by range, in ascending order. */
export class RangeTable {
  #bytes: Buffer;
  #count: number;
  /** The place of each range, from 1. */
  #places: Int32Array | undefined;

  private constructor(bytes: Buffer, count: number) {
    this.#bytes = bytes;
    this.#count = count;
  }

  /** @param files the most entries that will be added */
  static create(files: number): RangeTable {
    return new RangeTable(Buffer.alloc(files * ENTRY_BYTES), 0);
  }

  /** Reads the table of a source. @returns undefined unless it is whole, and that of this run */
  static read(file: string, run: string): RangeTable | undefined {
    let bytes: Buffer;
    try {
      const handle = openRegularFile(file, (why) => new Error(why));
      try {
        if (fs.fstatSync(handle).size > HEADER_BYTES + RANGES * ENTRY_BYTES + DIGEST_BYTES) return undefined;
        bytes = fs.readFileSync(handle);
      } finally {
        fs.closeSync(handle);
      }
    } catch {
      return undefined;
    }
    const end = bytes.length - DIGEST_BYTES;
    const count = (end - HEADER_BYTES) / ENTRY_BYTES;
    if (!Number.isInteger(count) || count < 0) return undefined;
    const header = Buffer.concat([MAGIC, Buffer.from(run, 'hex')]);
    const digest = createHash('sha256').update(bytes.subarray(0, end)).digest();
    if (!bytes.subarray(0, HEADER_BYTES).equals(header) || !bytes.subarray(end).equals(digest)) return undefined;
    return new RangeTable(bytes.subarray(HEADER_BYTES, end), count);
  }

  /** Writes the table of the run that was made of these files. */
  write(file: string, run: string): void {
    const content = Buffer.concat([MAGIC, Buffer.from(run, 'hex'), this.#bytes.subarray(0, this.#count * ENTRY_BYTES)]);
    const aside = `${file}.part`;
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.rmSync(aside, { force: true });
    const digest = createHash('sha256').update(content).digest();
    fs.writeFileSync(aside, Buffer.concat([content, digest]), { flag: 'wx', mode: 0o600 });
    publishFile(aside, file);
  }

  add({ range, bytes, rows, padding, mtimeMs, ctimeMs, sha256 }: RangeEntry): void {
    const at = this.#count++ * ENTRY_BYTES;
    for (const [i, value] of [range, bytes, rows, padding].entries()) this.#bytes.writeUInt32BE(value, at + 4 * i);
    this.#bytes.writeDoubleBE(mtimeMs, at + 16);
    this.#bytes.writeDoubleBE(ctimeMs, at + 24);
    sha256.copy(this.#bytes, at + DIGEST_AT);
  }

  get(range: number): RangeEntry | undefined {
    this.#places ??= this.#index();
    const place = this.#places[range] as number;
    return place === 0 ? undefined : this.#entry(place - 1);
  }

  /** Of all files: it does not depend on their names and compression. */
  digest(): string {
    const hash = createHash('sha256');
    for (let place = 0; place < this.#count; place++) {
      const at = place * ENTRY_BYTES;
      hash.update(this.#bytes.subarray(at, at + 4)).update(this.#bytes.subarray(at + DIGEST_AT, at + ENTRY_BYTES));
    }
    return hash.digest('hex');
  }

  #entry(place: number): RangeEntry {
    const at = place * ENTRY_BYTES;
    const number = (i: number): number => this.#bytes.readUInt32BE(at + 4 * i);
    return {
      ...{ range: number(0), bytes: number(1), rows: number(2), padding: number(3) },
      mtimeMs: this.#bytes.readDoubleBE(at + 16),
      ctimeMs: this.#bytes.readDoubleBE(at + 24),
      sha256: this.#bytes.subarray(at + DIGEST_AT, at + ENTRY_BYTES),
    };
  }

  #index(): Int32Array {
    const places = new Int32Array(RANGES);
    for (let place = 0; place < this.#count; place++)
      places[this.#bytes.readUInt32BE(place * ENTRY_BYTES) % RANGES] = place + 1;
    return places;
  }
}
