// The part table of a long section: with it, a part of a run can be read and verified alone.
// PROTOCOL.md §11.
//
//   struct PartTable {
//     struct {
//       u64 records;
//       u8  sha256[32];              // of these records
//     } parts[256];                  // part i: the records whose key begins with byte i
//   }                                // big-endian

import { createHash, type Hash } from 'node:crypto';

/** One for each first byte of a key. */
export const PARTS = 256;
const PART_BYTES = 40;
const TABLE_BYTES = PARTS * PART_BYTES;
/** A shorter section is read as a whole in no time. */
const LEAST_RECORDS = 65_536;

/** Length of the table of a section with this many records; 0 if it has none. */
export const partTableBytes = (records: number): number => (records >= LEAST_RECORDS ? TABLE_BYTES : 0);

/** Of a section without records. */
export const EMPTY_TABLE: Uint8Array = new Uint8Array(TABLE_BYTES);

/** Makes the table of a section while its records pass. */
export class PartTally {
  readonly #recordBytes: number;
  readonly #hashes: (Hash | undefined)[] = new Array(PARTS).fill(undefined);
  readonly #counts = new Float64Array(PARTS);
  #records = 0;

  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
  }

  /** Adds whole records, ascending by key. */
  add(records: Uint8Array): void {
    for (let from = 0; from < records.length; ) {
      const part = records[from] as number;
      const to = this.#endOfPart(records, from, part);
      const hash = this.#hashes[part] ?? createHash('sha256');
      this.#hashes[part] = hash.update(records.subarray(from, to));
      this.#counts[part] = (this.#counts[part] as number) + (to - from) / this.#recordBytes;
      from = to;
    }
    this.#records += records.length / this.#recordBytes;
  }

  /** The section's table in its run; no bytes if it is too short for one. */
  finish(): Buffer {
    return partTableBytes(this.#records) > 0 ? this.table() : Buffer.alloc(0);
  }

  table(): Buffer {
    const table = Buffer.alloc(TABLE_BYTES);
    for (let part = 0; part < PARTS; part++) {
      const at = part * PART_BYTES;
      table.writeBigUInt64BE(BigInt(this.#counts[part] as number), at);
      (this.#hashes[part] ?? createHash('sha256')).digest().copy(table, at + 8);
    }
    return table;
  }

  /** Offset of the first record after `from` that is in a later part. */
  #endOfPart(records: Uint8Array, from: number, part: number): number {
    let low = from / this.#recordBytes + 1;
    let high = records.length / this.#recordBytes;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (records[middle * this.#recordBytes] === part) low = middle + 1;
      else high = middle;
    }
    return low * this.#recordBytes;
  }
}

/** Reads a table. */
export class PartTable {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Number of the records in the parts from `from` up to `to`. */
  recordsBetween(from: number, to: number): number {
    let records = 0;
    for (let part = from; part < to; part++) records += this.records(part);
    return records;
  }

  records(part: number): number {
    return Number(this.#bytes.readBigUInt64BE(part * PART_BYTES));
  }

  sha256(part: number): Uint8Array {
    return this.#bytes.subarray(part * PART_BYTES + 8, (part + 1) * PART_BYTES);
  }
}
