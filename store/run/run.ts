// Run: the immutable sorted records of one source. PROTOCOL.md §11.
//
//   struct RunFile {
//     u8  magic[8] = "CVRUN" 00 00 02;
//     records[];                     // Record or RangeRecord, by the sections of the facts
//     tables[];                      // PartTable of each long section, in the same order
//     u8  facts[factsBytes];         // JSON, run-facts.ts
//     u32 factsBytes;                // big-endian
//     u8  sha256[32];                // of all preceding bytes
//   }

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { archivePath, type Dataset, mirrorPath, PRIVATE_FOLDER, runsFolder, workFolder } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { isMissing, openRegularFile, publishFile, syncFolder, writeFully } from '../files.ts';
import { PartTally, partTableBytes } from './part-table.ts';
import { countUsernames } from './record.ts';
import { assertRunBelongs, feedsOf, type NewRunFacts, parseRunFacts, type RunFacts } from './run-facts.ts';
import { SECTION_LAYOUTS, type SectionName } from './sections.ts';

export const RUN_MAGIC = Buffer.from('CVRUN\0\0\x02', 'latin1');
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
  readonly #madeFor: Pick<RunFacts, 'indexes' | 'similar' | 'usernameRules'>;
  readonly #target: string;
  readonly #aside: string;
  readonly #handle: number;
  readonly #hash: Hash = createHash('sha256');
  readonly #sections: OpenSection[] = [];
  readonly #parts: PartTally[] = [];
  #open = true;

  constructor(dataset: Dataset, source: string) {
    fs.mkdirSync(workFolder(dataset), PRIVATE_FOLDER);
    const { similar, usernameRules } = dataset.parameters;
    this.#madeFor = {
      indexes: feedsOf(dataset.parameters),
      ...(similar && { similar }),
      ...(usernameRules && { usernameRules }),
    };
    this.#target = runPath(dataset, source);
    this.#aside = path.join(workFolder(dataset), `${source}.run.part`);
    fs.rmSync(this.#aside, { force: true });
    this.#handle = fs.openSync(this.#aside, 'wx', 0o600);
    this.#write(RUN_MAGIC);
  }

  /** Starts the records of an index. Sections must come in the order of `SECTION_NAMES`. */
  beginSection(index: SectionName): void {
    this.#sections.push(index === 'account' ? { index, records: 0, usernames: 0 } : { index, records: 0 });
    this.#parts.push(new PartTally(SECTION_LAYOUTS[index].recordBytes));
  }

  /** Appends whole records. Within a section they must ascend strictly by key. */
  append(records: Uint8Array): void {
    const section = this.#sections.at(-1) as OpenSection;
    const { recordBytes } = SECTION_LAYOUTS[section.index];
    section.records += records.length / recordBytes;
    if (section.usernames !== undefined) section.usernames += countUsernames(records);
    this.#parts.at(-1)?.add(records);
    this.#write(records);
  }

  /** Makes the run durable and visible. */
  commit(facts: NewRunFacts): RunFacts {
    const whole: RunFacts = { ...facts, ...this.#madeFor, sections: this.#sections };
    for (const parts of this.#parts) this.#write(parts.finish());
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

export interface Run {
  readonly file: string;
  readonly facts: RunFacts;
  /** SHA-256 from the file's trailer: identifies the content. */
  readonly sha256: string;
  readonly bytes: number;
}

export const runPath = (dataset: Dataset, source: string): string => path.join(runsFolder(dataset), `${source}.run`);

export function corruptRun(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError(
    'RUN_CORRUPT',
    `run ${file}: ${why}`,
    'Delete this file and ingest its source again, or copy it again from its origin.',
    { cause },
  );
}

export const openRunFile = (file: string): number => openRegularFile(file, (why) => corruptRun(file, why));

/**
 * Reads the facts of a run and compares its length with them. run-reader.ts checks the records.
 * @throws StoreError `RUN_CORRUPT`
 */
export function openRun(file: string): Run {
  const handle = openRunFile(file);
  try {
    const { size } = fs.fstatSync(handle);
    if (size < RUN_MAGIC.length + TRAILER_BYTES) throw corruptRun(file, 'too short');
    const magic = Buffer.alloc(RUN_MAGIC.length);
    fs.readSync(handle, magic, 0, magic.length, 0);
    if (!magic.equals(RUN_MAGIC)) throw corruptRun(file, 'bad magic or unsupported version');
    const trailer = Buffer.alloc(TRAILER_BYTES);
    fs.readSync(handle, trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES);
    const factsBytes = trailer.readUInt32BE(0);
    const factsAt = size - TRAILER_BYTES - factsBytes;
    if (factsBytes > MAX_FACTS_BYTES || factsAt < RUN_MAGIC.length) throw corruptRun(file, 'truncated or altered');
    const json = Buffer.alloc(factsBytes);
    fs.readSync(handle, json, 0, factsBytes, factsAt);
    const facts = parseRunFacts(parseJson(file, json));
    if (!facts) throw corruptRun(file, 'invalid facts');
    const recordsBytes = facts.sections.reduce(
      (sum, { index, records }) => sum + records * SECTION_LAYOUTS[index].recordBytes + partTableBytes(records),
      0,
    );
    if (RUN_MAGIC.length + recordsBytes !== factsAt) throw corruptRun(file, 'its length does not match its facts');
    return { file, facts, sha256: trailer.toString('hex', 4), bytes: size };
  } finally {
    fs.closeSync(handle);
  }
}

function parseJson(file: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw corruptRun(file, 'truncated or altered', cause);
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
  fs.rmSync(mirrorPath(dataset, source), { force: true });
  try {
    fs.rmSync(runPath(dataset, source));
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw sourceMissing(dataset, source, cause);
  }
  syncFolder(runsFolder(dataset));
}
