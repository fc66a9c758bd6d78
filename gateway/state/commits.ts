// Writes of one turn of the event loop as one transaction: a write is answered once it is
// committed, and many together cost little more than one.

import type Database from 'better-sqlite3';

interface Open {
  readonly isDurable: boolean;
  readonly committed: Promise<void>;
  readonly settle: (error?: unknown) => void;
}

/**
 * Commits survive the end of the process. Durable ones survive that of the machine too, and wait
 * for its disk.
 */
export class Commits {
  readonly #database: Database.Database;
  readonly #explain: (cause: unknown) => unknown;
  readonly #beforeCommit: () => void;
  #open: Open | undefined;
  /** What the database was told last. Telling it costs as much as a commit. */
  #isDurable: boolean | undefined;

  constructor(database: Database.Database, explain: (cause: unknown) => unknown, beforeCommit: () => void) {
    this.#database = database;
    this.#explain = explain;
    this.#beforeCommit = beforeCommit;
  }

  /**
   * Runs statements now, and resolves once they are committed. If they fail, or their commit does,
   * nothing of this turn was written.
   */
  write<T>(statements: () => T, { isDurable = false }: { readonly isDurable?: boolean } = {}): Promise<T> {
    try {
      const open = this.#begin(isDurable);
      const result = statements();
      return open.committed.then(() => result);
    } catch (cause) {
      const error = this.#explain(cause);
      this.#rollBack(error);
      return Promise.reject(error);
    }
  }

  /** Resolves once what waits is committed, or has failed to be. */
  async settled(): Promise<void> {
    await this.#open?.committed.catch(() => undefined);
  }

  /** Commits what waits. */
  flush(): void {
    const open = this.#open;
    if (!open) return;
    try {
      this.#beforeCommit();
      this.#database.exec('COMMIT');
      this.#open = undefined;
      open.settle();
    } catch (cause) {
      this.#rollBack(this.#explain(cause));
    }
  }

  #begin(isDurable: boolean): Open {
    // SQLite does not change this setting within a transaction.
    if (this.#open && isDurable && !this.#open.isDurable) this.flush();
    if (this.#open) return this.#open;
    if (isDurable !== this.#isDurable) this.#database.pragma(`synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`);
    this.#isDurable = isDurable;
    this.#database.exec('BEGIN IMMEDIATE');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Its writers learn of it.
    promise.catch(() => undefined);
    this.#open = {
      isDurable,
      committed: promise,
      settle: (error) => (error === undefined ? resolve() : reject(error)),
    };
    setImmediate(() => this.flush());
    return this.#open;
  }

  #rollBack(error: unknown): void {
    const open = this.#open;
    this.#open = undefined;
    try {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    } catch {
      // A full disk has rolled back by itself.
    }
    open?.settle(error);
  }
}
