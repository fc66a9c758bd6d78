// Run: the immutable sorted records of one source. PROTOCOL.md §11.
//
//   struct RunFile {
//     u8  magic[8] = "CVRUN" 00 00 01;
//     Record account[facts.sections[0].records];  // one area for each section of the facts
//     …
//     u8  facts[factsBytes];                      // JSON, run-facts.ts
//     u32 factsBytes;                             // big-endian
//     u8  sha256[32];                             // of all bytes before
//   }

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import { type Dataset, runsFolder, workFolder } from './dataset.ts';
import { StoreError } from './errors.ts';
import { isMissing, publishFile, syncFolder } from './files.ts';
import { RECORD_BYTES } from './record.ts';
import { parseRunFacts, type RunFacts, type RunSection } from './run-facts.ts';

const MAGIC = Buffer.from('CVRUN\0\0\x01', 'latin1');
const TRAILER_BYTES = 36;
const MAX_FACTS_BYTES = 1 << 24;
const WRITE_BYTES = 1 << 20;

/** Writes records front to back; nothing is seen of the run before `commit`. */
export class RunWriter {
  readonly #target: string;
  readonly #aside: string;
  readonly #handle: number;
  readonly #hash: Hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(WRITE_BYTES);
  readonly #sections: { index: IndexName; records: number }[] = [];
  #filled = 0;
  #open = true;

  constructor(dataset: Dataset, source: string) {
    fs.mkdirSync(workFolder(dataset), { recursive: true });
    this.#target = runPath(dataset, source);
    this.#aside = path.join(workFolder(dataset), `${source}.run.part`);
    this.#handle = fs.openSync(this.#aside, 'w', 0o644);
    this.#write(MAGIC, 0, MAGIC.length);
  }

  /** Later records belong to this index. Sections come in the order of `INDEX_NAMES`. */
  beginSection(index: IndexName): void {
    this.#sections.push({ index, records: 0 });
  }

  /** Takes the record at `bytes[at]`. Records of a section ascend strictly by key. */
  append(bytes: Uint8Array, at: number): void {
    (this.#sections.at(-1) as { records: number }).records++;
    this.#write(bytes, at, RECORD_BYTES);
  }

  /** Makes the run durable and visible. */
  commit(facts: Omit<RunFacts, 'sections'>): RunFacts {
    const whole: RunFacts = { ...facts, sections: this.#sections };
    const json = Buffer.from(JSON.stringify(whole));
    this.#write(json, 0, json.length);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(json.length);
    this.#write(length, 0, 4);
    this.#flush();
    const digest = this.#hash.digest();
    writeFully(this.#handle, digest, digest.length);
    this.#close();
    publishFile(this.#aside, this.#target);
    return whole;
  }

  /** Leaves nothing behind. */
  abort(): void {
    this.#close();
    fs.rmSync(this.#aside, { force: true });
  }

  #write(bytes: Uint8Array, at: number, length: number): void {
    if (this.#filled + length > WRITE_BYTES) this.#flush();
    if (length > WRITE_BYTES) {
      const slice = bytes.subarray(at, at + length);
      this.#hash.update(slice);
      writeFully(this.#handle, slice, length);
      return;
    }
    // A record is 18 bytes: a loop beats the call that copies.
    const buffer = this.#buffer;
    for (let i = 0; i < length; i++) buffer[this.#filled + i] = bytes[at + i] as number;
    this.#filled += length;
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#filled));
    writeFully(this.#handle, this.#buffer, this.#filled);
    this.#filled = 0;
  }

  #close(): void {
    if (this.#open) fs.closeSync(this.#handle);
    this.#open = false;
  }
}

/** `write` may take less than it was given; this does not. */
export function writeFully(handle: number, bytes: Uint8Array, length: number): void {
  for (let at = 0; at < length; ) at += fs.writeSync(handle, bytes, at, length - at);
}

export interface Run {
  readonly file: string;
  readonly facts: RunFacts;
  /** SHA-256 as the file's trailer gives it: names the content. */
  readonly sha256: string;
  readonly bytes: number;
}

export const runPath = (dataset: Dataset, source: string): string => path.join(runsFolder(dataset), `${source}.run`);

function corrupt(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError(
    'RUN_CORRUPT',
    `run ${file}: ${why}`,
    'Delete this file and ingest its source again, or copy it again from where it was made.',
    { cause },
  );
}

/**
 * Reads the facts of a run and checks that its length fits them. The records are checked when they are read.
 * @throws StoreError `RUN_CORRUPT`
 */
export function openRun(file: string): Run {
  const handle = fs.openSync(file, 'r');
  try {
    const { size } = fs.fstatSync(handle);
    if (size < MAGIC.length + TRAILER_BYTES) throw corrupt(file, 'it is too short');
    const magic = Buffer.alloc(MAGIC.length);
    fs.readSync(handle, magic, 0, magic.length, 0);
    if (!magic.equals(MAGIC)) throw corrupt(file, 'it does not begin as a run of this version does');
    const trailer = Buffer.alloc(TRAILER_BYTES);
    fs.readSync(handle, trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES);
    const factsBytes = trailer.readUInt32BE(0);
    const factsAt = size - TRAILER_BYTES - factsBytes;
    if (factsBytes > MAX_FACTS_BYTES || factsAt < MAGIC.length) throw corrupt(file, 'it was cut or altered');
    const json = Buffer.alloc(factsBytes);
    fs.readSync(handle, json, 0, factsBytes, factsAt);
    const facts = parseRunFacts(parseJson(file, json));
    if (!facts) throw corrupt(file, 'its footer is not what a run writes');
    const records = facts.sections.reduce((sum, section) => sum + section.records, 0);
    if (MAGIC.length + records * RECORD_BYTES !== factsAt) throw corrupt(file, 'its length does not fit its footer');
    return { file, facts, sha256: trailer.toString('hex', 4), bytes: size };
  } finally {
    fs.closeSync(handle);
  }
}

function parseJson(file: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw corrupt(file, 'it was cut or altered', cause);
  }
}

/** All runs of a dataset in the order of their dates, then names: a source's number is its place here, from 1. */
export function openRuns(dataset: Dataset): Run[] {
  const names = fs.readdirSync(runsFolder(dataset)).filter((name) => name.endsWith('.run'));
  const runs = names.map((name) => openRun(path.join(runsFolder(dataset), name)));
  for (const run of runs) {
    const { keyId, suite, normalization, source } = run.facts;
    const { parameters } = dataset;
    if (keyId !== parameters.keyId || suite !== parameters.suite || normalization !== parameters.normalization)
      throw new StoreError(
        'RUN_FOREIGN',
        `run ${run.file}: it was made with another key, suite or normalization`,
        'Delete it, or copy it to the dataset that it belongs to.',
      );
    if (path.basename(run.file) !== `${source}.run`)
      throw new StoreError('RUN_FOREIGN', `run ${run.file}: its source is named otherwise`, `Rename it ${source}.run.`);
  }
  const order = (run: Run): string => `${run.facts.date ?? '0000-00'} ${run.facts.source}`;
  return runs.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** @throws StoreError `SOURCE_MISSING` */
export function deleteRun(dataset: Dataset, source: string): void {
  try {
    fs.rmSync(runPath(dataset, source));
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new StoreError('SOURCE_MISSING', 'there is no source of this name', 'List them: credveil sources DATASET', {
      cause,
    });
  }
  syncFolder(runsFolder(dataset));
}

const READ_BYTES = RECORD_BYTES * 14_000;

/**
 * Reads a run front to back, section by section, and at its end compares the checksum of all that was read.
 * Whoever uses the records must reach the end before acting on them.
 */
export class RunReader {
  readonly #run: Run;
  readonly #handle: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  readonly #sections: readonly RunSection[];
  #section = 0;
  #left = 0;
  #position = MAGIC.length;

  constructor(run: Run) {
    this.#run = run;
    this.#handle = fs.openSync(run.file, 'r');
    this.#hash.update(MAGIC);
    this.#sections = run.facts.sections;
  }

  /** Positions at the records of an index. Sections must be taken in the order of `INDEX_NAMES`. */
  beginSection(index: IndexName): void {
    while (this.#left > 0) this.readBlock();
    for (; this.#section < this.#sections.length; this.#section++) {
      const section = this.#sections[this.#section] as RunSection;
      if (INDEX_NAMES.indexOf(section.index) > INDEX_NAMES.indexOf(index)) return;
      this.#left = section.records;
      if (section.index === index) {
        this.#section++;
        return;
      }
      // A section that nobody asked for is still part of the checksum.
      while (this.#left > 0) this.readBlock();
    }
  }

  /** The next records of the section, in a buffer that the next call reuses; empty at its end. */
  readBlock(): Uint8Array {
    const bytes = Math.min(READ_BYTES, this.#left * RECORD_BYTES);
    if (bytes === 0) return this.#buffer.subarray(0, 0);
    this.#readFully(this.#buffer, bytes);
    this.#left -= bytes / RECORD_BYTES;
    return this.#buffer.subarray(0, bytes);
  }

  /** @throws StoreError `RUN_CORRUPT` where the checksum differs */
  finish(): void {
    while (this.#left > 0) this.readBlock();
    for (; this.#section < this.#sections.length; this.#section++) {
      this.#left = (this.#sections[this.#section] as RunSection).records;
      while (this.#left > 0) this.readBlock();
    }
    const end = Buffer.alloc(this.#run.bytes - 32 - this.#position);
    this.#readFully(end, end.length);
    const same = this.#hash.digest('hex') === this.#run.sha256;
    this.close();
    if (!same) throw corrupt(this.#run.file, 'its checksum does not fit: it was altered or the disk is failing');
  }

  close(): void {
    if (this.#position >= 0) fs.closeSync(this.#handle);
    this.#position = -1;
  }

  #readFully(buffer: Buffer, bytes: number): void {
    for (let at = 0; at < bytes; ) {
      const read = fs.readSync(this.#handle, buffer, at, bytes - at, this.#position + at);
      if (read === 0) throw corrupt(this.#run.file, 'it ends early');
      at += read;
    }
    this.#position += bytes;
    this.#hash.update(buffer.subarray(0, bytes));
  }
}
