// Reads the records of a run, and checks what can be checked without other runs. PROTOCOL.md §11.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { readFully } from '../files.ts';
import { PartTally, partTableBytes } from './part-table.ts';
import { countUsernames } from './record.ts';
import { findRecordFault } from './record-fault.ts';
import { corruptRun, openRunFile, RUN_MAGIC, type Run } from './run.ts';
import type { RunFacts, RunSection } from './run-facts.ts';
import { SECTION_LAYOUTS, SECTION_NAMES, type SectionName } from './sections.ts';

const sumUsernames = (sections: readonly RunSection[]): number =>
  sections.reduce((sum, { usernames = 0 }) => sum + usernames, 0);

/** Read block size. */
export const READ_BYTES = 252_000;

/**
 * Reads a run front to back, section by section. It checks each record by itself and, at the end,
 * the checksum and what the facts count; a merge checks the order. Callers must not act on the
 * records before `finish` returns.
 */
export class RunReader {
  readonly #run: Run;
  readonly #handle: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  readonly #sections: readonly RunSection[];
  readonly #checksParts: boolean;
  readonly #parts: PartTally[] = [];
  #section = 0;
  #index: SectionName = 'account';
  #recordBytes = 0;
  #left = 0;
  #usernames = 0;
  #position = RUN_MAGIC.length;

  /** @param checksParts compares part tables too, which takes as long as the checksum */
  constructor(run: Run, checksParts = false) {
    this.#run = run;
    this.#checksParts = checksParts;
    this.#handle = openRunFile(run.file);
    this.#hash.update(RUN_MAGIC);
    this.#sections = run.facts.sections;
  }

  /** Moves to the records of an index. Sections must be read in the order of `SECTION_NAMES`. */
  beginSection(index: SectionName): void {
    while (this.#left > 0) this.readBlock();
    for (; this.#section < this.#sections.length; this.#section++) {
      const section = this.#sections[this.#section] as RunSection;
      if (SECTION_NAMES.indexOf(section.index) > SECTION_NAMES.indexOf(index)) return;
      this.#enter(section);
      if (section.index === index) {
        this.#section++;
        return;
      }
      // Skipped sections are still part of the checksum.
      while (this.#left > 0) this.readBlock();
    }
  }

  /**
   * Reads the next records of the section into a buffer that the next call reuses.
   * @returns no bytes at the end
   */
  readBlock(): Uint8Array {
    const records = Math.min(Math.floor(READ_BYTES / this.#recordBytes), this.#left);
    const bytes = records * this.#recordBytes;
    if (bytes === 0) return this.#buffer.subarray(0, 0);
    this.#readFully(this.#buffer, bytes);
    this.#left -= records;
    const block = this.#buffer.subarray(0, bytes);
    const fault = findRecordFault(block, this.#index, this.#run.facts.similar === true);
    if (fault !== undefined) throw corruptRun(this.#run.file, fault);
    if (this.#index === 'account') this.#usernames += countUsernames(block);
    this.#parts.at(-1)?.add(block);
    return block;
  }

  /**
   * Reads the rest and compares the checksum.
   * @returns what follows the records, for which the checksum vouches: part tables and facts
   * @throws StoreError `RUN_CORRUPT`
   */
  finish(): Buffer {
    while (this.#left > 0) this.readBlock();
    for (; this.#section < this.#sections.length; this.#section++) {
      this.#enter(this.#sections[this.#section] as RunSection);
      while (this.#left > 0) this.readBlock();
    }
    const end = Buffer.alloc(this.#run.bytes - 32 - this.#position);
    this.#readFully(end, end.length);
    const tables = Buffer.concat(this.#parts.map((parts) => parts.finish()));
    const same = this.#hash.digest('hex') === this.#run.sha256;
    this.close();
    if (!same) throw corruptRun(this.#run.file, 'checksum mismatch: it was altered or the disk is failing');
    if (!end.subarray(0, tables.length).equals(tables))
      throw corruptRun(this.#run.file, 'a part table does not fit its records');
    if (this.#usernames !== sumUsernames(this.#sections))
      throw corruptRun(this.#run.file, 'it has another number of usernames than its facts say');
    // They were read when the run was opened: records of another section would be missed in theirs.
    if (!this.#hasFacts(end)) throw corruptRun(this.#run.file, 'it changed while it was read');
    return end;
  }

  /** Whether its facts are what they were, but for what is left out for threads. */
  #hasFacts(end: Buffer): boolean {
    const at = this.#sections.reduce((sum, { records }) => sum + partTableBytes(records), 0);
    try {
      const { files: _, report: __, ...found } = JSON.parse(end.toString('utf8', at, end.length - 4)) as RunFacts;
      const { files: ___, report: ____, ...facts } = this.#run.facts;
      return isDeepStrictEqual(found, facts);
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.#position >= 0) fs.closeSync(this.#handle);
    this.#position = -1;
  }

  #enter({ index, records }: RunSection): void {
    this.#index = index;
    this.#recordBytes = SECTION_LAYOUTS[index].recordBytes;
    this.#left = records;
    if (this.#checksParts) this.#parts.push(new PartTally(this.#recordBytes));
  }

  #readFully(buffer: Buffer, bytes: number): void {
    readFully(this.#handle, buffer, bytes, this.#position, () => corruptRun(this.#run.file, 'truncated'));
    this.#position += bytes;
    this.#hash.update(buffer.subarray(0, bytes));
  }
}
