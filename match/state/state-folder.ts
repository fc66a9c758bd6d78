// The state of a match: what a killed one goes on from. It names no person and no password, and
// its files are its user's alone.

import { createHmac, hash, hkdfSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { isMissing, writeFileAtomically, writeFully } from '../../store/files.ts';
import { takeLock } from '../../store/lock.ts';
import { MatchError } from '../errors.ts';
import { PRIVATE_FILE, stateCorrupt } from './spool.ts';

const VERSION = 2;
const PRIVATE_FOLDER = 0o700;
const KEY_BYTES = 32;
const SYNC_MS = 1000;

/** Everything that a result depends on, besides the user table: plain JSON. */
export type JobDescription = { readonly [name: string]: unknown };

/** A result of verification: the candidate that fits an account's hash. */
export interface Hit {
  readonly account: number;
  readonly source: number;
  /** The place of the candidate, and of its variant if it is not the password itself. */
  readonly sequence: number;
}

export type PassName = 'exact' | 'similar';

/** A line of the journal. */
export type JournalEntry =
  | { readonly scanned: unknown }
  | {
      readonly pass: PassName;
      /** The half-open range of sequences that is settled. */
      readonly from: number;
      readonly to: number;
      readonly hits: readonly Hit[];
      /** Accounts whose hash could not be computed. */
      readonly failed?: readonly number[];
    };

interface JobFile {
  readonly version: number;
  readonly salt: string;
  readonly check: string;
}

export class MatchState {
  readonly folder: string;
  /** Of the spool. */
  readonly key: Buffer;
  readonly #release: () => void;
  #journal: number | undefined;
  #syncedMs = Number.NEGATIVE_INFINITY;
  /** What an earlier process of the same job wrote. */
  readonly earlier: readonly JournalEntry[];
  /** Whether there was the work of another job. */
  readonly hasReplaced: boolean;
  #isEmpty: boolean;

  private constructor(
    folder: string,
    key: Buffer,
    earlier: readonly JournalEntry[],
    hasReplaced: boolean,
    release: () => void,
  ) {
    this.folder = folder;
    this.key = key;
    this.earlier = earlier;
    this.hasReplaced = hasReplaced;
    this.#isEmpty = earlier.length === 0;
    this.#release = release;
  }

  /**
   * Opens the folder for this job. A state of another job is discarded.
   * @param secret known to whoever has the user table: the key is derived from it
   * @throws MatchError `STATE_BUSY`, `STATE_UNUSABLE`, `STATE_CORRUPT`
   */
  static open(folder: string, secret: Buffer, job: JobDescription): MatchState {
    assertUsable(folder);
    fs.mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    const lock = path.join(folder, 'lock.sqlite');
    const release = takeLock(lock, 0, (cause) => {
      throw new MatchError('STATE_BUSY', `${folder}: another match uses this state`, 'Wait for it, or pass --state.', {
        cause,
      });
    });
    try {
      fs.chmodSync(lock, PRIVATE_FILE);
      return MatchState.#openLocked(folder, secret, job, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  static #openLocked(folder: string, secret: Buffer, job: JobDescription, release: () => void): MatchState {
    const description = Buffer.from(JSON.stringify(job));
    const earlier = readJob(folder);
    if (earlier) {
      const key = deriveKey(secret, Buffer.from(earlier.salt, 'hex'));
      if (earlier.version === VERSION && earlier.check === checkOf(key, description))
        return new MatchState(folder, key, readJournal(path.join(folder, 'journal')), false, release);
    }
    const hasReplaced = hasProgress(folder);
    for (const name of ['job.json', 'journal', 'candidates']) fs.rmSync(path.join(folder, name), { force: true });
    const salt = randomBytes(KEY_BYTES);
    const key = deriveKey(secret, salt);
    const file: JobFile = { version: VERSION, salt: salt.toString('hex'), check: checkOf(key, description) };
    writeFileAtomically(path.join(folder, 'job.json'), `${JSON.stringify(file)}\n`, PRIVATE_FILE);
    return new MatchState(folder, key, [], hasReplaced, release);
  }

  get spoolFile(): string {
    return path.join(this.folder, 'candidates');
  }

  /** Whether no process of the job has appended to it. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  append(entry: JournalEntry): void {
    this.#isEmpty = false;
    this.#journal ??= openJournal(path.join(this.folder, 'journal'));
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    writeFully(this.#journal, line, line.length);
    // What a power failure takes is done again.
    const now = performance.now();
    if (now - this.#syncedMs < SYNC_MS) return;
    this.#syncedMs = now;
    fs.fsyncSync(this.#journal);
  }

  close(): void {
    if (this.#journal !== undefined) fs.closeSync(this.#journal);
    this.#release();
  }

  /** Deletes the state. */
  discard(): void {
    this.close();
    for (const name of OWN_FILES) fs.rmSync(path.join(this.folder, name), { force: true });
    try {
      fs.rmdirSync(this.folder);
    } catch {
      // Others put something into the folder.
    }
  }
}

/** Whether a match has left something in a folder to go on from. */
export const hasProgress = (folder: string): boolean => fs.existsSync(path.join(folder, 'journal'));

const OWN_FILES = ['candidates', 'journal', 'job.json', 'lock.sqlite', 'lock.sqlite-journal'];

/** A folder with other files is none of ours. */
function assertUsable(folder: string): void {
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw unusable(folder, 'not a folder', error);
  }
  if (names.some((name) => !OWN_FILES.includes(name) && !name.endsWith('.part')))
    throw unusable(folder, 'it holds other files');
}

const unusable = (folder: string, why: string, cause?: unknown): MatchError =>
  new MatchError('STATE_UNUSABLE', `${folder}: ${why}`, 'Name a folder of its own with --state.', { cause });

const deriveKey = (secret: Buffer, salt: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, 'credveil match state', KEY_BYTES));

/** Ties a state to its job and its users, and tells nothing of them. */
const checkOf = (key: Buffer, description: Buffer): string =>
  createHmac('sha256', key).update(hash('sha256', description)).digest('hex');

function readJob(folder: string): JobFile | undefined {
  try {
    const job: unknown = JSON.parse(fs.readFileSync(path.join(folder, 'job.json'), 'utf8'));
    const { version, salt, check } = job as Partial<JobFile>;
    return typeof version === 'number' && typeof salt === 'string' && typeof check === 'string'
      ? { version, salt, check }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A line that a killed process did not finish does not count.
 * @throws MatchError `STATE_CORRUPT`
 */
function readJournal(file: string): JournalEntry[] {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const lines = text.split('\n').slice(0, -1);
  try {
    return lines.map((line) => JSON.parse(line) as JournalEntry);
  } catch (cause) {
    throw stateCorrupt('the journal in the state folder is damaged', cause);
  }
}

/** Cuts off an unfinished line, which the next one would be joined to. */
function openJournal(file: string): number {
  const handle = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_APPEND, PRIVATE_FILE);
  const text = fs.readFileSync(file);
  fs.ftruncateSync(handle, text.lastIndexOf(0x0a) + 1);
  return handle;
}
