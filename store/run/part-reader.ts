// Reads one part of a section of a run, or of runs that were merged, and verifies it. PROTOCOL.md
// §11.

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import { openRegularFile, readFully } from '../files.ts';
import type { RecordStream } from './merge.ts';
import { EMPTY_TABLE, PARTS, PartTable, PartTally, partTableBytes } from './part-table.ts';
import { corruptRun, openRunFile, RUN_MAGIC, type Run } from './run.ts';
import { READ_BYTES } from './run-reader.ts';
import { SECTION_LAYOUTS, type SectionName } from './sections.ts';

/** The records whose keys begin with the bytes from `from` up to `to`. */
export interface KeyRange {
  readonly from: number;
  readonly to: number;
}

export type PartTables = { readonly [name in SectionName]?: Uint8Array };

/**
 * The part tables of sections of a run. A short section has none: its records are read for it.
 * @throws StoreError `RUN_CORRUPT`
 */
export function readPartTables(run: Run, sections: readonly SectionName[]): PartTables {
  const tables: { [name in SectionName]?: Uint8Array } = {};
  const handle = openRunFile(run.file);
  const read = (bytes: number, at: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    readFully(handle, buffer, bytes, at, () => corruptRun(run.file, 'truncated'));
    return buffer;
  };
  try {
    let recordsAt = RUN_MAGIC.length;
    let tableAt = run.facts.sections.reduce(
      (at, { index, records }) => at + records * SECTION_LAYOUTS[index].recordBytes,
      RUN_MAGIC.length,
    );
    for (const { index, records } of run.facts.sections) {
      const { recordBytes } = SECTION_LAYOUTS[index];
      const tableBytes = partTableBytes(records);
      if (sections.includes(index))
        tables[index] =
          tableBytes > 0 ? read(tableBytes, tableAt) : tableOf(read(records * recordBytes, recordsAt), recordBytes);
      const table = tables[index];
      if (table && new PartTable(table).recordsBetween(0, PARTS) !== records) throw corruptRun(run.file, BAD_TABLE);
      recordsAt += records * recordBytes;
      tableAt += tableBytes;
    }
    return tables;
  } finally {
    fs.closeSync(handle);
  }
}

export function hasRecords(tables: PartTables, section: SectionName, { from, to }: KeyRange): boolean {
  const table = tables[section];
  return table !== undefined && new PartTable(table).recordsBetween(from, to) > 0;
}

function tableOf(records: Buffer, recordBytes: number): Buffer {
  const tally = new PartTally(recordBytes);
  tally.add(records);
  return tally.table();
}

const BAD_TABLE = 'a part table does not fit its records';

/** The records of a section, one after another in a file. */
export interface PartedRecords {
  readonly file: string;
  /** Offset of the first. */
  readonly position: number;
  readonly recordBytes: number;
  /** True if every record has its own source number. */
  readonly numbered: boolean;
  readonly table: Uint8Array;
  /** Makes the error for other bytes than were written. */
  readonly refuse: (why: string) => Error;
}

/** Those of a run. */
export function recordsOf({ file, facts }: Run, tables: PartTables, section: SectionName): PartedRecords {
  let position = RUN_MAGIC.length;
  for (const { index, records } of facts.sections) {
    if (index === section) break;
    position += records * SECTION_LAYOUTS[index].recordBytes;
  }
  const { recordBytes } = SECTION_LAYOUTS[section];
  const refuse = (why: string): Error => corruptRun(file, why);
  return { file, position, recordBytes, numbered: false, table: tables[section] ?? EMPTY_TABLE, refuse };
}

export class PartReader implements RecordStream {
  readonly number: number;
  readonly numbered: boolean;
  readonly #refuse: (why: string) => Error;
  readonly #handle: number;
  readonly #table: PartTable;
  readonly #recordBytes: number;
  readonly #verifies: boolean;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #position: number;
  #left: number;
  /** The part of the table that the next record is in, and how many of its records follow. */
  #part: number;
  #leftOfPart: number;
  #hash: Hash = createHash('sha256');

  /**
   * @param number of the run
   * @param verifies false leaves out the digests, for a pass whose result another one confirms
   * @throws the error of `refuse`, as `readBlock` does
   */
  constructor(records: PartedRecords, { from, to }: KeyRange, number = 0, verifies = true) {
    const { file, position, recordBytes, numbered, table, refuse } = records;
    this.number = number;
    this.numbered = numbered;
    this.#refuse = refuse;
    this.#verifies = verifies;
    this.#recordBytes = recordBytes;
    this.#table = new PartTable(table);
    this.#position = position + this.#table.recordsBetween(0, from) * recordBytes;
    this.#left = this.#table.recordsBetween(from, to);
    this.#part = from;
    this.#leftOfPart = this.#table.records(from);
    this.#handle = openRegularFile(file, refuse);
  }

  readBlock(): Uint8Array {
    const records = Math.min(Math.floor(READ_BYTES / this.#recordBytes), this.#left);
    const bytes = records * this.#recordBytes;
    if (bytes === 0) return this.#buffer.subarray(0, 0);
    readFully(this.#handle, this.#buffer, bytes, this.#position, () => this.#refuse('truncated'));
    this.#position += bytes;
    this.#left -= records;
    const block = this.#buffer.subarray(0, bytes);
    this.#check(block);
    return block;
  }

  close(): void {
    fs.closeSync(this.#handle);
  }

  #check(block: Buffer): void {
    for (let at = 0; at < block.length; ) {
      while (this.#leftOfPart === 0) this.#leftOfPart = this.#table.records(++this.#part);
      const records = Math.min(this.#leftOfPart, (block.length - at) / this.#recordBytes);
      const end = at + records * this.#recordBytes;
      // They ascend, or the merge refuses them: the first and the last tell for all.
      if (block[at] !== this.#part || block[end - this.#recordBytes] !== this.#part) throw this.#refuse(BAD_TABLE);
      this.#leftOfPart -= records;
      if (this.#verifies) this.#digest(block.subarray(at, end));
      at = end;
    }
  }

  #digest(records: Uint8Array): void {
    this.#hash.update(records);
    if (this.#leftOfPart > 0) return;
    if (!this.#hash.digest().equals(this.#table.sha256(this.#part)))
      throw this.#refuse(`checksum mismatch of part ${this.#part}: it was altered or the disk is failing`);
    this.#hash = createHash('sha256');
  }
}
