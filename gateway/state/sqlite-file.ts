// The SQLite file of the state: created for its owner alone, recognised, and upgraded when it is
// opened again.

import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { LOST_WITH_STATE, StateError } from './state.ts';

const { O_RDWR, O_CREAT, O_NONBLOCK = 0 } = fs.constants;
const PRIVATE_FILE = 0o600;
/** `CrVG`, as SQLite's application_id. */
const APPLICATION_ID = 0x4372_5647;
/** A gateway that stops lets go of the file. */
const BUSY_TIMEOUT_MS = 5_000;
const PAGE_BYTES = 4_096;
const CACHE_KIB = 16_384;

/** Each brings the file from the version of its place to the next. They are never changed. */
const UPGRADES: readonly string[] = [
  `CREATE TABLE entries (
     room TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, owner TEXT, expires INTEGER NOT NULL,
     PRIMARY KEY (room, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX entries_by_owner ON entries (room, owner, expires) WHERE owner IS NOT NULL;
   CREATE INDEX entries_by_expiry ON entries (room, expires);
   CREATE TABLE windows (
     key TEXT PRIMARY KEY, times BLOB NOT NULL, ends INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE clock (now INTEGER NOT NULL) STRICT;
   INSERT INTO clock (now) VALUES (0);`,
  `ALTER TABLE clock ADD COLUMN mark TEXT;
   ALTER TABLE clock ADD COLUMN restored INTEGER NOT NULL DEFAULT 0;`,
];

export interface SqliteFileOptions {
  /** Default: 5,000. */
  readonly busyTimeoutMs?: number;
  /** The disk that the file may take. */
  readonly maxBytes: number;
}

/**
 * @throws StateError `STATE_CORRUPT`, `STATE_VERSION`, `STATE_BUSY`, `STATE_UNWRITABLE`,
 * `STATE_FULL`
 */
export function openStateFile(
  file: string,
  { busyTimeoutMs = BUSY_TIMEOUT_MS, maxBytes }: SqliteFileOptions,
): Database.Database {
  let database: Database.Database | undefined;
  try {
    createPrivateFile(file);
    database = new Database(file, { timeout: busyTimeoutMs });
    assertOurs(database, file);
    // With WAL, the first access of this mode keeps others out until the file is closed.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
    upgrade(database, file);
    return database;
  } catch (cause) {
    database?.close();
    throw explainStateFault(file, cause);
  }
}

/**
 * Of the folders of a state, only the last one is created: with a misspelled path, no ban of before
 * would be in force.
 * @throws StateError `STATE_UNWRITABLE`
 */
export function assertFolder(file: string): void {
  const folder = path.dirname(file);
  if (fs.existsSync(path.dirname(folder))) return;
  throw new StateError(
    'STATE_UNWRITABLE',
    `state ${file}: there is no folder ${path.dirname(folder)}`,
    'Correct the path, or create the folder.',
  );
}

function createPrivateFile(file: string): void {
  assertFolder(file);
  const folder = path.dirname(file);
  if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o700 });
  const handle = fs.openSync(file, O_RDWR | O_CREAT | O_NONBLOCK, PRIVATE_FILE);
  try {
    const stat = fs.fstatSync(handle);
    if (!stat.isFile()) throw corrupt(file);
    if ((stat.mode & 0o077) !== 0) fs.fchmodSync(handle, PRIVATE_FILE);
  } finally {
    fs.closeSync(handle);
  }
}

const readMark = (database: Database.Database, mark: 'application_id' | 'user_version'): unknown =>
  database.pragma(mark, { simple: true });

/** A database of others stays as it is. */
function assertOurs(database: Database.Database, file: string): void {
  if (readMark(database, 'application_id') === APPLICATION_ID) return;
  const isEmpty = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
  if (!isEmpty || readMark(database, 'application_id') !== 0) throw corrupt(file);
}

function upgrade(database: Database.Database, file: string): void {
  const run = database.transaction(() => {
    const version = Number(readMark(database, 'user_version'));
    if (version > UPGRADES.length) throw tooNew(file);
    for (const step of UPGRADES.slice(version)) database.exec(step);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${UPGRADES.length}`);
  });
  run.immediate();
}

/** An error that may reach the operator, from one of SQLite or the platform. */
export function explainStateFault(file: string, cause: unknown): unknown {
  if (cause instanceof StateError) return cause;
  const { code = '' } = cause as { code?: string };
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return new StateError(
      'STATE_BUSY',
      `state ${file}: another process holds it`,
      'Stop the other gateway, or give this one a stateDirectory of its own.',
      { cause },
    );
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new StateError(
      'STATE_FULL',
      `state ${file}: its disk is full, or it has reached its own limit`,
      'Make room on the disk of stateDirectory.',
      { cause },
    );
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_IOERR|SQLITE_PERM|E[A-Z]+$)/.test(code))
    return new StateError(
      'STATE_UNWRITABLE',
      `state ${file}: it cannot be created, read or written`,
      'Let this user write to stateDirectory, and check its disk.',
      { cause },
    );
  // SQLITE_ERROR: a table or column is not there.
  if (/^SQLITE_(NOTADB|ERROR|CORRUPT)/.test(code)) return corrupt(file, cause);
  return cause;
}

const corrupt = (file: string, cause?: unknown): StateError =>
  new StateError(
    'STATE_CORRUPT',
    `state ${file}: it is damaged, or the file of another program`,
    `Restore it from a backup, or move it away: ${LOST_WITH_STATE}.`,
    { cause },
  );

const tooNew = (file: string): StateError =>
  new StateError(
    'STATE_VERSION',
    `state ${file}: a newer version of credveil wrote it`,
    `Run that version, or move the file away: ${LOST_WITH_STATE}.`,
  );
