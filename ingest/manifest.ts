// The finished parts of an ingest, from which the same command resumes.
//
//   work/ingest/manifest: lines of JSON TAB checksum LF, appended and fsynced
//     IngestJob                       // once, first
//     FinishedSegment | MergedChunks  // each after its chunks are durable
//
// A truncated line ends the manifest: it and all files that no line names are deleted.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { KeyId } from '../protocol/brands.ts';
import type { UsernameRule } from '../protocol/normalize.ts';
import { PRIVATE_FOLDER } from '../store/dataset.ts';
import { isMissing, readRegularFile, syncFolder, writeFully } from '../store/files.ts';
import type { LeftOutNames } from '../store/run/run-facts.ts';
import type { SectionName } from '../store/run/sections.ts';
import type { SegmentFindings } from './report/report.ts';

/** The parameters of an ingest. An ingest with other parameters cannot use its chunks. */
export interface IngestJob {
  readonly version: 5;
  readonly source: string;
  readonly date: string | null;
  /** The format that the operator named; null if texts are recognised. */
  readonly format: string | null;
  /** What else the operator stated, as text. */
  readonly options: { readonly [option: string]: string };
  readonly mirror: boolean;
  /** The run that unchanged files of a mirror are taken from: its SHA-256. */
  readonly base: string | null;
  readonly keyId: KeyId;
  readonly indexes: readonly SectionName[];
  readonly similar: boolean;
  readonly usernameRules: readonly UsernameRule[];
  /** Whether passwords in plaintext feed the indexes of hashes, without the key. */
  readonly hashPlaintext: boolean;
  /** The same size gives the same segments when an ingest resumes. */
  readonly segmentBytes: number;
  /** The names that are left out. */
  readonly names: LeftOutNames | null;
  readonly inputs: readonly { readonly name: string; readonly bytes: number | null }[];
}

/** Sorted records in a file of the work folder. */
export interface Chunk {
  readonly name: string;
  readonly bytes: number;
  /** Detects disk failures, not attackers: anyone who can write here can write runs. */
  readonly crc32: number;
}

export type Chunks = { readonly [index in SectionName]?: readonly Chunk[] };

export interface FinishedSegment extends SegmentFindings {
  readonly segment: number;
  /** See `fingerprint`. */
  readonly fingerprint: string;
  readonly chunks: Chunks;
}

/** A chunk that replaces several others. */
export interface MergedChunks {
  readonly index: SectionName;
  readonly merged: readonly string[];
  readonly chunk: Chunk;
}

const MANIFEST = 'manifest';
const checksum = (json: string): string => createHash('sha256').update(json).digest('hex').slice(0, 16);
const lineOf = (json: string): Buffer => Buffer.from(`${json}\t${checksum(json)}\n`);

/** The manifest of an unfinished ingest, and the chunks in its folder. */
export class Manifest {
  readonly folder: string;
  readonly job: IngestJob;
  readonly #segments = new Map<number, FinishedSegment>();
  readonly #chunks = new Map<SectionName, Map<string, Chunk>>();
  #handle: number;

  constructor(folder: string, job: IngestJob, handle: number, lines: readonly (FinishedSegment | MergedChunks)[]) {
    this.folder = folder;
    this.job = job;
    this.#handle = handle;
    for (const line of lines) this.#take(line);
  }

  get segments(): ReadonlyMap<number, FinishedSegment> {
    return this.#segments;
  }

  chunks(index: SectionName): Chunk[] {
    return [...(this.#chunks.get(index)?.values() ?? [])];
  }

  /** True if every chunk still has its length. */
  get isWhole(): boolean {
    const chunks = [...this.#chunks.values()].flatMap((byName) => [...byName.values()]);
    return chunks.every(({ name, bytes }) => fileBytes(path.join(this.folder, name)) === bytes);
  }

  /** Records a finished part, whose chunks must already be durable. */
  append(line: FinishedSegment | MergedChunks): void {
    syncFolder(this.folder);
    const bytes = lineOf(JSON.stringify(line));
    writeFully(this.#handle, bytes, bytes.length);
    fs.fdatasyncSync(this.#handle);
    this.#take(line);
    if ('merged' in line) for (const name of line.merged) fs.rmSync(path.join(this.folder, name), { force: true });
  }

  /** Closes the manifest and keeps it, so that the same command can resume. */
  leave(): void {
    this.#close();
    this.sweep();
  }

  /** Deletes the files that no line names. */
  sweep(): void {
    const named = new Set([MANIFEST, ...[...this.#chunks.values()].flatMap((chunks) => [...chunks.keys()])]);
    for (const name of fs.readdirSync(this.folder))
      if (!named.has(name)) fs.rmSync(path.join(this.folder, name), { recursive: true, force: true });
  }

  /** Deletes everything. */
  discard(): void {
    this.#close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  #close(): void {
    if (this.#handle >= 0) fs.closeSync(this.#handle);
    this.#handle = -1;
  }

  #take(line: FinishedSegment | MergedChunks): void {
    if ('merged' in line) {
      const chunks = this.#chunksOf(line.index);
      for (const name of line.merged) chunks.delete(name);
      chunks.set(line.chunk.name, line.chunk);
      return;
    }
    this.#segments.set(line.segment, line);
    for (const [index, chunks] of Object.entries(line.chunks) as [SectionName, readonly Chunk[]][])
      for (const chunk of chunks) this.#chunksOf(index).set(chunk.name, chunk);
  }

  #chunksOf(index: SectionName): Map<string, Chunk> {
    const chunks = this.#chunks.get(index) ?? new Map<string, Chunk>();
    this.#chunks.set(index, chunks);
    return chunks;
  }
}

/** Starts over: deletes the files of any other ingest. */
export function createManifest(folder: string, job: IngestJob): Manifest {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, PRIVATE_FOLDER);
  const handle = fs.openSync(path.join(folder, MANIFEST), 'wx', 0o600);
  const header = lineOf(JSON.stringify(job));
  writeFully(handle, header, header.length);
  fs.fdatasyncSync(handle);
  return new Manifest(folder, job, handle, []);
}

/** Resumes the same job if it finished anything, and starts over otherwise. */
export function openManifest(folder: string, job: IngestJob): Manifest {
  const file = path.join(folder, MANIFEST);
  const { header, lines, validBytes } = readLines(file);
  const fits = header === JSON.stringify(job) && job.inputs.every((input) => input.bytes !== null);
  if (!fits || lines.length === 0) return createManifest(folder, job);
  const handle = openAppending(file);
  if (handle === undefined) return createManifest(folder, job);
  fs.ftruncateSync(handle, validBytes);
  const manifest = new Manifest(folder, job, handle, lines);
  if (manifest.isWhole) {
    manifest.sweep();
    return manifest;
  }
  manifest.discard();
  return createManifest(folder, job);
}

const { O_WRONLY, O_APPEND, O_NOFOLLOW = 0 } = fs.constants;

/** Undefined for a link: nothing is written through one. */
function openAppending(file: string): number | undefined {
  try {
    return fs.openSync(file, O_WRONLY | O_APPEND | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
    throw error;
  }
}

/** A segment of 64 KiB takes less than a kilobyte here. */
const MAX_MANIFEST_BYTES = 2 ** 29 - 25;

/** Something else has its name: the ingest starts over. */
class NoManifest extends Error {}

/** Reads the lines up to the first damaged one. */
function readLines(file: string): {
  header: string | undefined;
  lines: (FinishedSegment | MergedChunks)[];
  validBytes: number;
} {
  let text = '';
  try {
    text = readRegularFile(file, MAX_MANIFEST_BYTES, (why) => new NoManifest(why));
  } catch (error) {
    if (!isMissing(error) && !(error instanceof NoManifest)) throw error;
  }
  const valid: string[] = [];
  let validBytes = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const [json = '', sum] = line.split('\t');
    if (sum !== checksum(json)) break;
    valid.push(json);
    validBytes += Buffer.byteLength(line) + 1;
  }
  const [header, ...rest] = valid;
  return { header, lines: rest.map((json) => JSON.parse(json) as FinishedSegment | MergedChunks), validBytes };
}

function fileBytes(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.size;
}
