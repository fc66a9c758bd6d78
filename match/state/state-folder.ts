// The state of a match: what a killed one goes on from. It names no person and no password, and
// its files are its user's alone.

import { createHmac, hash, hkdfSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { isMissing, PRIVATE_FILE, writeFileAtomically } from '../../store/files.ts';
import { takeLock } from '../../store/lock.ts';
import { MatchError } from '../errors.ts';
import { Journal, type JournalEntry } from './journal.ts';

const VERSION = 3;
const PRIVATE_FOLDER = 0o700;
const KEY_BYTES = 32;

/** Everything that a result depends on, besides the user table: plain JSON. */
export type JobDescription = { readonly [name: string]: unknown };

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
  readonly #journal: Journal;
  /** Whether there was the work of another job. */
  readonly hasReplaced: boolean;
  #isEmpty: boolean;

  private constructor(
    folder: string,
    secret: Buffer,
    { salt, check }: JobFile,
    hasReplaced: boolean,
    release: () => void,
  ) {
    this.folder = folder;
    this.key = deriveKey(secret, salt, 'state');
    this.#journal = new Journal(journalOf(folder), deriveKey(secret, salt, 'journal'), check);
    this.hasReplaced = hasReplaced;
    this.#isEmpty = this.earlier.length === 0;
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
    assertPrivate(folder);
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
    if (earlier?.version === VERSION && earlier.check === checkOf(secret, earlier.salt, description))
      return new MatchState(folder, secret, earlier, false, release);
    const hasReplaced = hasProgress(folder);
    for (const name of ['job.json', 'journal', 'candidates']) fs.rmSync(path.join(folder, name), { force: true });
    const salt = randomBytes(KEY_BYTES).toString('hex');
    const file: JobFile = { version: VERSION, salt, check: checkOf(secret, salt, description) };
    writeFileAtomically(path.join(folder, 'job.json'), `${JSON.stringify(file)}\n`, PRIVATE_FILE);
    return new MatchState(folder, secret, file, hasReplaced, release);
  }

  get spoolFile(): string {
    return path.join(this.folder, 'candidates');
  }

  /** What earlier processes of the same job wrote. */
  get earlier(): readonly JournalEntry[] {
    return this.#journal.earlier;
  }

  /** Whether no process of the job has appended to it. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  append(entry: JournalEntry): void {
    this.#isEmpty = false;
    this.#journal.append(entry);
  }

  close(): void {
    this.#journal.close();
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
export const hasProgress = (folder: string): boolean => fs.existsSync(journalOf(folder));

const journalOf = (folder: string): string => path.join(folder, 'journal');

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

/** Whoever may write to it could replace what is in it. */
function assertPrivate(folder: string): void {
  const { uid, mode } = fs.statSync(folder);
  if (process.getuid !== undefined && uid !== process.getuid()) throw unusable(folder, 'it belongs to another user');
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new MatchError(
    'STATE_UNUSABLE',
    `${folder}: others may enter it (mode ${(mode & 0o777).toString(8)})`,
    'Run chmod 700 on it, or name another folder with --state.',
  );
}

const unusable = (folder: string, why: string, cause?: unknown): MatchError =>
  new MatchError('STATE_UNUSABLE', `${folder}: ${why}`, 'Name a folder of its own with --state.', { cause });

const deriveKey = (secret: Buffer, salt: string, use: 'state' | 'journal'): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.from(salt, 'hex'), `credveil match ${use}`, KEY_BYTES));

/** Ties a state to its job and its users, and tells nothing of them. */
const checkOf = (secret: Buffer, salt: string, description: Buffer): string =>
  createHmac('sha256', deriveKey(secret, salt, 'state'))
    .update(hash('sha256', description))
    .digest('hex');

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
