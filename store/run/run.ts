// Run: the immutable sorted records of one source. PROTOCOL.md §11.
//
//   struct RunFile {
//     u8  magic[8] = "CVRUN" 00 00 02;
//     records[];                     // Record or RangeRecord, by the sections of the facts
//     u8  facts[factsBytes];         // JSON, run-facts.ts
//     u32 factsBytes;                // big-endian
//     u8  sha256[32];                // of all preceding bytes
//   }

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { archivePath, type Dataset, PRIVATE_FOLDER, runsFolder, workFolder } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { isMissing, openRegularFile, publishFile, syncFolder } from '../files.ts';
import { countUsernames } from './record.ts';
import { findRecordFault } from './record-fault.ts';
import {
  assertRunBelongs,
  feedsOf,
  type NewRunFacts,
  parseRunFacts,
  type RunFacts,
  type RunSection,
  SECTION_LAYOUTS,
  SECTION_NAMES,
  type SectionName,
} from './run-facts.ts';

const MAGIC = Buffer.from('CVRUN\0\0\x02', 'latin1');
const TRAILER_BYTES = 36;
const MAX_FACTS_BYTES = 1 << 24;

/** A section that is being written. */
interface OpenSection {
  readonly index: SectionName;
  records: number;
  usernames?: number;
}

/** Writes the records of a run front to back. Nothing is visible before `commit`. */
export class RunWriter {
  readonly #madeFor: Pick<RunFacts, 'indexes' | 'similar'>;
  readonly #target: string;
  readonly #aside: string;
  readonly #handle: number;
  readonly #hash: Hash = createHash('sha256');
  readonly #sections: OpenSection[] = [];
  #open = true;

  constructor(dataset: Dataset, source: string) {
    fs.mkdirSync(workFolder(dataset), PRIVATE_FOLDER);
    const { similar } = dataset.parameters;
    this.#madeFor = { indexes: feedsOf(dataset.parameters), ...(similar ? { similar } : {}) };
    this.#target = runPath(dataset, source);
    this.#aside = path.join(workFolder(dataset), `${source}.run.part`);
    fs.rmSync(this.#aside, { force: true });
    this.#handle = fs.openSync(this.#aside, 'wx', 0o600);
    this.#write(MAGIC);
  }

  /** Starts the records of an index. Sections must come in the order of `SECTION_NAMES`. */
  beginSection(index: SectionName): void {
    this.#sections.push(index === 'account' ? { index, records: 0, usernames: 0 } : { index, records: 0 });
  }

  /** Appends whole records. Within a section they must ascend strictly by key. */
  append(records: Uint8Array): void {
    const section = this.#sections.at(-1) as OpenSection;
    const { recordBytes } = SECTION_LAYOUTS[section.index];
    section.records += records.length / recordBytes;
    if (section.usernames !== undefined) section.usernames += countUsernames(records);
    this.#write(records);
  }

  /** Makes the run durable and visible. */
  commit(facts: NewRunFacts): RunFacts {
    const whole: RunFacts = { ...facts, ...this.#madeFor, sections: this.#sections };
    const json = Buffer.from(JSON.stringify(whole));
    this.#write(json);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    this.#write(length);
    const digest = this.#hash.digest();
    writeFully(this.#handle, digest, digest.length);
    this.#close();
    publishFile(this.#aside, this.#target);
    return whole;
  }

  /** Deletes the unfinished file. */
  abort(): void {
    this.#close();
    fs.rmSync(this.#aside, { force: true });
  }

  #write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    writeFully(this.#handle, bytes, bytes.length);
  }

  #close(): void {
    if (this.#open) fs.closeSync(this.#handle);
    this.#open = false;
  }
}

/** Writes all `length` bytes, where `writeSync` may write fewer. */
export function writeFully(handle: number, bytes: Uint8Array, length: number): void {
  for (let at = 0; at < length; ) at += fs.writeSync(handle, bytes, at, length - at);
}

export interface Run {
  readonly file: string;
  readonly facts: RunFacts;
  /** SHA-256 from the file's trailer: identifies the content. */
  readonly sha256: string;
  readonly bytes: number;
}

export const runPath = (dataset: Dataset, source: string): string => path.join(runsFolder(dataset), `${source}.run`);

function corrupt(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError(
    'RUN_CORRUPT',
    `run ${file}: ${why}`,
    'Delete this file and ingest its source again, or copy it again from its origin.',
    { cause },
  );
}

const openRunFile = (file: string): number => openRegularFile(file, (why) => corrupt(file, why));

/**
 * Reads the facts of a run and compares its length with them. RunReader checks the records.
 * @throws StoreError `RUN_CORRUPT`
 */
export function openRun(file: string): Run {
  const handle = openRunFile(file);
  try {
    const { size } = fs.fstatSync(handle);
    if (size < MAGIC.length + TRAILER_BYTES) throw corrupt(file, 'too short');
    const magic = Buffer.alloc(MAGIC.length);
    fs.readSync(handle, magic, 0, magic.length, 0);
    if (!magic.equals(MAGIC)) throw corrupt(file, 'bad magic or unsupported version');
    const trailer = Buffer.alloc(TRAILER_BYTES);
    fs.readSync(handle, trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES);
    const factsBytes = trailer.readUInt32BE(0);
    const factsAt = size - TRAILER_BYTES - factsBytes;
    if (factsBytes > MAX_FACTS_BYTES || factsAt < MAGIC.length) throw corrupt(file, 'truncated or altered');
    const json = Buffer.alloc(factsBytes);
    fs.readSync(handle, json, 0, factsBytes, factsAt);
    const facts = parseRunFacts(parseJson(file, json));
    if (!facts) throw corrupt(file, 'invalid facts');
    const recordsBytes = facts.sections.reduce(
      (sum, { index, records }) => sum + records * SECTION_LAYOUTS[index].recordBytes,
      0,
    );
    if (MAGIC.length + recordsBytes !== factsAt) throw corrupt(file, 'its length does not match its facts');
    return { file, facts, sha256: trailer.toString('hex', 4), bytes: size };
  } finally {
    fs.closeSync(handle);
  }
}

function parseJson(file: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw corrupt(file, 'truncated or altered', cause);
  }
}

/**
 * Opens all runs of a dataset, ordered by date, then name. A source's number is its position, from
 * 1.
 */
export function openRuns(dataset: Dataset): Run[] {
  const names = fs.readdirSync(runsFolder(dataset)).filter((name) => name.endsWith('.run'));
  const runs = names.map((name) => openRun(path.join(runsFolder(dataset), name)));
  for (const run of runs) assertRunBelongs(run, dataset);
  const order = (run: Run): string => `${run.facts.date ?? '0000-00'} ${run.facts.source}`;
  return runs.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** @param source a valid source name */
export function sourceMissing({ folder }: Dataset, source: string, cause?: unknown): StoreError {
  const hint = `List the sources: credveil sources ${folder}`;
  return new StoreError('SOURCE_MISSING', `the dataset has no source ${source}`, hint, { cause });
}

/** Deletes the run of a source, and its archive. @throws StoreError `SOURCE_MISSING` */
export function deleteRun(dataset: Dataset, source: string): void {
  // First, so that a removal that is killed between the two can be repeated.
  fs.rmSync(archivePath(dataset, source), { force: true });
  try {
    fs.rmSync(runPath(dataset, source));
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw sourceMissing(dataset, source, cause);
  }
  syncFolder(runsFolder(dataset));
}

/** Read block size. */
export const READ_BYTES = 252_000;

/**
 * Reads a run front to back, section by section. It checks each record by itself and, at the end,
 * the checksum; a merge checks the order. Callers must not act on the records before `finish`
 * returns.
 */
export class RunReader {
  readonly #run: Run;
  readonly #handle: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  readonly #sections: readonly RunSection[];
  #section = 0;
  #index: SectionName = 'account';
  #recordBytes = 0;
  #left = 0;
  #position = MAGIC.length;

  constructor(run: Run) {
    this.#run = run;
    this.#handle = openRunFile(run.file);
    this.#hash.update(MAGIC);
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
    if (fault !== undefined) throw corrupt(this.#run.file, fault);
    return block;
  }

  /** Reads the rest and compares the checksum. @throws StoreError `RUN_CORRUPT` */
  finish(): void {
    while (this.#left > 0) this.readBlock();
    for (; this.#section < this.#sections.length; this.#section++) {
      this.#enter(this.#sections[this.#section] as RunSection);
      while (this.#left > 0) this.readBlock();
    }
    const end = Buffer.alloc(this.#run.bytes - 32 - this.#position);
    this.#readFully(end, end.length);
    const same = this.#hash.digest('hex') === this.#run.sha256;
    this.close();
    if (!same) throw corrupt(this.#run.file, 'checksum mismatch: it was altered or the disk is failing');
  }

  close(): void {
    if (this.#position >= 0) fs.closeSync(this.#handle);
    this.#position = -1;
  }

  #enter({ index, records }: RunSection): void {
    this.#index = index;
    this.#recordBytes = SECTION_LAYOUTS[index].recordBytes;
    this.#left = records;
  }

  #readFully(buffer: Buffer, bytes: number): void {
    for (let at = 0; at < bytes; ) {
      const read = fs.readSync(this.#handle, buffer, at, bytes - at, this.#position + at);
      if (read === 0) throw corrupt(this.#run.file, 'truncated');
      at += read;
    }
    this.#position += bytes;
    this.#hash.update(buffer.subarray(0, bytes));
  }
}
