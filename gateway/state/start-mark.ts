// Whether a state is the one that this gateway wrote last. The state has a mark, and a file beside
// it the same one, until both have another one: at each start, each end, and now and then. A state
// that was put back from a backup has a mark of before.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';

const PRIVATE_FILE = 0o600;
const MARK = /^[0-9a-f]{32}$/;
const MARK_BYTES = 16;
/** Somebody else's file is read no further. */
const MAX_LENGTH = 1_000;

export const markFile = (stateFile: string): string => `${stateFile}.mark`;

export class StartMark {
  readonly #database: Database.Database;
  readonly #file: string;
  readonly #set: Database.Statement;
  #current: string | null;
  #restoredAt: number;
  #isRestored = false;

  /** @param stateFile of the database, which is ours */
  constructor(database: Database.Database, stateFile: string) {
    this.#database = database;
    this.#file = markFile(stateFile);
    this.#set = database.prepare('UPDATE clock SET mark = ?');
    const row = database.prepare('SELECT mark, restored FROM clock').get() as { mark: string | null; restored: number };
    this.#current = row.mark;
    this.#restoredAt = row.restored;
  }

  /** A state of before was put in place at this start. */
  get isRestored(): boolean {
    return this.#isRestored;
  }

  /** When that was last: milliseconds since 1970; 0 if it never was. */
  get restoredAt(): number {
    return this.#restoredAt;
  }

  /** Before anything else reads the state: of one from before, no session is worth anything. */
  start(): void {
    this.#isRestored = this.#isOlder();
    const next = this.#begin();
    this.#database.pragma('synchronous = FULL');
    const write = this.#database.transaction(() => {
      if (this.#isRestored) this.#restore();
      this.#set.run(next);
    });
    write.immediate();
    this.#finish(next);
  }

  /** Whatever ends the machine meanwhile, the file has the mark that the state has then. */
  async move(write: (set: () => void) => Promise<void>): Promise<void> {
    const next = this.#begin();
    await write(() => this.#set.run(next));
    this.#finish(next);
  }

  /** A copy of the file that was taken while the gateway ran is from before. */
  end(): void {
    try {
      const next = this.#begin();
      this.#database.pragma('synchronous = FULL');
      this.#set.run(next);
      this.#finish(next);
    } catch {
      // What was there stays good.
    }
  }

  /**
   * Also where its file is not there: the state was moved to another place, or an operator says so.
   * A state that has never had a mark is none of before, unless there is one beside it.
   */
  #isOlder(): boolean {
    const marks = readMarks(this.#file);
    return this.#current === null ? marks !== undefined : !marks?.includes(this.#current);
  }

  #restore(): void {
    this.#restoredAt = Date.now();
    this.#database.prepare("DELETE FROM entries WHERE room = 'session'").run();
    this.#database.prepare('UPDATE clock SET restored = ?').run(this.#restoredAt);
  }

  #begin(): string {
    const next = randomBytes(MARK_BYTES).toString('hex');
    writeMarks(this.#file, this.#current === null ? [next] : [this.#current, next]);
    return next;
  }

  #finish(next: string): void {
    this.#current = next;
    writeMarks(this.#file, [next]);
  }
}

/** Undefined without a file. */
function readMarks(file: string): readonly string[] | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if (!stat.isFile() || stat.size > MAX_LENGTH) return [];
  return fs
    .readFileSync(file, 'latin1')
    .split('\n')
    .filter((line) => MARK.test(line));
}

/** The file appears whole, and stays. */
function writeMarks(file: string, marks: readonly string[]): void {
  const aside = `${file}.new`;
  fs.rmSync(aside, { force: true });
  const handle = fs.openSync(aside, 'wx', PRIVATE_FILE);
  try {
    fs.writeSync(handle, `${marks.join('\n')}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(aside, file);
  const folder = fs.openSync(path.dirname(file), 'r');
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}
