// The quota book: what clients have used of their daily quotas, in one SQLite file. PROTOCOL.md
// §18.
//
// The server writes a count before granting it and, when it stops, corrects it to the used count. A
// restart therefore continues with the exact counts. After a kill, unused written counts are
// charged, so clients never get more than their quota. SQLite's lock admits one server at a time.

import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { ClientId } from '../../protocol/brands.ts';
import { StoreError } from '../../store/errors.ts';
import { assertWritable } from '../../store/lock.ts';
import type { QuotaPolicy } from './policy.ts';

const { O_RDWR, O_CREAT, O_NONBLOCK = 0 } = fs.constants;

/** Days kept in the book, so that a clock that jumps and comes back finds its counts. */
const KEPT_WINDOWS = 62;
/** A stopping server releases the file within its deadline. */
const BUSY_TIMEOUT_MS = 5_000;
const VERSION = 1;

/** Beside the dataset: it changes all day, while a dataset may be on a read-only disk. */
export function quotaBookFor(folder: string): string {
  return `${path.resolve(folder)}.quota.sqlite`;
}

export interface QuotaBook {
  /** The written count of a client in a window; 0 without one. */
  read(client: ClientId, policy: QuotaPolicy, window: number): number;
  /** Durable on return. */
  write(client: ClientId, policy: QuotaPolicy, window: number, used: number): void;
  /** Deletes windows that have ended. */
  forget(policy: QuotaPolicy, current: number): void;
  close(): void;
}

/** @throws StoreError `QUOTAS_BUSY`, `QUOTAS_CORRUPT`, `FILE_UNWRITABLE` */
export function openQuotaBook(file: string, busyTimeoutMs = BUSY_TIMEOUT_MS): QuotaBook {
  const database = openDatabase(file, busyTimeoutMs);
  const select = database
    .prepare<[string, string, number], number>('SELECT used FROM used WHERE client = ? AND policy = ? AND window = ?')
    .pluck();
  const upsert = database.prepare(
    'INSERT INTO used (client, policy, window, used) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET used = excluded.used',
  );
  const remove = database.prepare('DELETE FROM used WHERE policy = ? AND abs(window - ?) >= ?');
  return {
    read: (client, policy, window) => select.get(client, policy, window) ?? 0,
    write: (client, policy, window, used) => {
      upsert.run(client, policy, window, used);
    },
    forget: (policy, current) => {
      remove.run(policy, current, KEPT_WINDOWS);
    },
    close: () => database.close(),
  };
}

/** Creates the file for its owner alone: it tells how much each client asks. */
function assertBookFile(file: string): void {
  const handle = fs.openSync(file, O_RDWR | O_CREAT | O_NONBLOCK, 0o600);
  try {
    if (!fs.fstatSync(handle).isFile()) throw corrupt(file);
  } finally {
    fs.closeSync(handle);
  }
}

function openDatabase(file: string, timeout: number): Database.Database {
  let database: Database.Database | undefined;
  try {
    assertBookFile(file);
    database = new Database(file, { timeout });
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = TRUNCATE');
    database.pragma('synchronous = FULL');
    // Two open books would double the quotas: from now on no other server can open this one.
    database.exec('BEGIN EXCLUSIVE');
    const version = database.pragma('user_version', { simple: true });
    if (version !== 0 && version !== VERSION) throw corrupt(file);
    database.exec(`
      CREATE TABLE IF NOT EXISTS used (
        client TEXT NOT NULL, policy TEXT NOT NULL, window INTEGER NOT NULL, used INTEGER NOT NULL,
        PRIMARY KEY (client, policy, window)
      ) STRICT, WITHOUT ROWID;
      PRAGMA user_version = ${VERSION};
      COMMIT`);
    return database;
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    database?.close();
    const code = (cause as { code?: string }).code ?? '';
    if (code === 'SQLITE_BUSY')
      throw new StoreError(
        'QUOTAS_BUSY',
        `quota book ${file}: another server holds it`,
        'Run one server with several workers instead of several servers, or give each its own quota file.',
        { cause },
      );
    assertWritable(file, cause);
    if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) throw corrupt(file, cause);
    throw cause;
  }
}

function corrupt(file: string, cause?: unknown): StoreError {
  return new StoreError(
    'QUOTAS_CORRUPT',
    `quota book ${file}: it is damaged, or of another version`,
    'Delete it to start the day with full quotas, or restore it from a backup.',
    { cause },
  );
}
