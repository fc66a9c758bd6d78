// The outbox's SQLite file: created for its owner alone, and recognised when it is opened again.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import Database from 'better-sqlite3';
import { NotifyError } from './errors.ts';

const { O_RDWR, O_CREAT, O_NONBLOCK = 0 } = fs.constants;
export const PRIVATE_FILE = 0o600;
/** `CrVO`, as SQLite's application_id. */
const APPLICATION_ID = 0x4372_564f;
const VERSION = 1;
const KEY_BYTES = 32;
const CACHE_KIB = 32_768;
/** Several processes may use one outbox; their transactions are short. */
const BUSY_TIMEOUT_MS = 15_000;

const SCHEMA = `
  CREATE TABLE secret (key BLOB NOT NULL) STRICT;
  CREATE TABLE events (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, content TEXT NOT NULL
  ) STRICT;
  CREATE TABLE deliveries (
    event INTEGER NOT NULL REFERENCES events (number) ON DELETE CASCADE, sink TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL, failure TEXT, holder INTEGER,
    PRIMARY KEY (event, sink)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_due ON deliveries (sink, state, due);
  CREATE INDEX by_holder ON deliveries (holder) WHERE holder IS NOT NULL;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/**
 * Opens the file, and creates it if it is to be created.
 * @throws NotifyError `OUTBOX_MISSING`, `OUTBOX_UNWRITABLE`, `OUTBOX_CORRUPT`, `OUTBOX_BUSY`
 */
export function openOutboxFile(file: string, { create }: { readonly create: boolean }): Database.Database {
  let database: Database.Database | undefined;
  try {
    createPrivateFile(file, create);
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    // A database of others stays as it is.
    assertOurs(database, file);
    hideFile(file);
    database.pragma('journal_mode = TRUNCATE');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('secure_delete = ON');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.transaction(createSchema).immediate(database);
    return database;
  } catch (cause) {
    database?.close();
    throw explainFault(file, cause);
  }
}

function createPrivateFile(file: string, create: boolean): void {
  const handle = fs.openSync(file, O_RDWR | O_NONBLOCK | (create ? O_CREAT : 0), PRIVATE_FILE);
  try {
    if (!fs.fstatSync(handle).isFile()) throw corrupt(file);
  } finally {
    fs.closeSync(handle);
  }
}

/** What it holds names accounts that an attacker can enter. */
function hideFile(file: string): void {
  if ((fs.statSync(file).mode & 0o077) !== 0) fs.chmodSync(file, PRIVATE_FILE);
}

function assertOurs(database: Database.Database, file: string): void {
  if (isOurs(database)) return;
  const isEmpty = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
  if (!isEmpty || readMark(database, 'application_id') !== 0) throw corrupt(file);
}

const readMark = (database: Database.Database, mark: 'application_id' | 'user_version'): unknown =>
  database.pragma(mark, { simple: true });

const isOurs = (database: Database.Database): boolean =>
  readMark(database, 'application_id') === APPLICATION_ID && readMark(database, 'user_version') === VERSION;

/** Another process may have created it meanwhile. */
function createSchema(database: Database.Database): void {
  if (isOurs(database)) return;
  database.exec(SCHEMA);
  database.prepare('INSERT INTO secret (key) VALUES (?)').run(randomBytes(KEY_BYTES));
}

/** From which ids are derived. @throws NotifyError `OUTBOX_CORRUPT` */
export function readOutboxKey(database: Database.Database, file: string): Buffer {
  try {
    const key = database.prepare<[], unknown>('SELECT key FROM secret').pluck().get();
    if (Buffer.isBuffer(key) && key.length === KEY_BYTES) return key;
  } catch (cause) {
    database.close();
    throw explainFault(file, cause);
  }
  database.close();
  throw corrupt(file);
}

const UNWRITABLE = /^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_FULL|SQLITE_IOERR|E(ACCES|PERM|ROFS|NOTDIR|ISDIR)$)/;

/** An error that may reach the operator, from one of SQLite or the platform. */
export function explainFault(file: string, cause: unknown): unknown {
  if (cause instanceof NotifyError) return cause;
  const { code = '' } = cause as { code?: string };
  if (code === 'ENOENT')
    return new NotifyError('OUTBOX_MISSING', `${file}: there is no such outbox`, 'Name it with --outbox-file.', {
      cause,
    });
  if (code === 'SQLITE_BUSY')
    return new NotifyError('OUTBOX_BUSY', `outbox ${file}: another process holds it`, 'Run the command again.', {
      cause,
    });
  if (UNWRITABLE.test(code))
    return new NotifyError(
      'OUTBOX_UNWRITABLE',
      `outbox ${file}: it cannot be created or written`,
      'Let this user write to its folder, see that its disk has room, or name another file with --outbox-file.',
      { cause },
    );
  // SQLITE_ERROR: a table or column is not there.
  if (/^SQLITE_(NOTADB|ERROR|CORRUPT)/.test(code)) return corrupt(file, cause);
  return cause;
}

const corrupt = (file: string, cause?: unknown): NotifyError =>
  new NotifyError(
    'OUTBOX_CORRUPT',
    `outbox ${file}: it is damaged, of another version, or no outbox`,
    'Name another file with --outbox-file, or restore this one from a backup.',
    { cause },
  );
