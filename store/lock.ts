// One writer at a time for a dataset or a file, across processes. It is SQLite's file lock:
// portable, and released by the kernel when its holder dies, even by SIGKILL.

import path from 'node:path';
import Database from 'better-sqlite3';
import { openDataset } from './dataset.ts';
import { StoreError } from './errors.ts';

/**
 * Takes the writer's lock without waiting.
 * @returns a function that releases it
 * @throws StoreError `DATASET_BUSY`, `FILE_UNWRITABLE`, and those of `openDataset`
 */
export function lockDataset(folder: string): () => void {
  // Only a dataset gets a lock file.
  openDataset(folder);
  return takeLock(path.join(folder, 'lock.sqlite'), 0, (cause) => {
    throw new StoreError(
      'DATASET_BUSY',
      `dataset ${folder}: another process is writing to it`,
      'Wait for the other ingest, publish or remove to finish, then run this again.',
      { cause },
    );
  });
}

/**
 * Takes the lock of this file; waits up to `timeoutMs`.
 * @param busy throws the caller's error if another process holds the lock
 * @returns a function that releases it
 */
export function takeLock(file: string, timeoutMs: number, busy: (cause: unknown) => never): () => void {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: timeoutMs });
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    assertWritable(file, cause);
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause;
    busy(cause);
  }
  return () => database?.close();
}

const UNWRITABLE = /^(SQLITE_CANTOPEN|SQLITE_READONLY|E(ACCES|PERM|ROFS|NOENT|NOTDIR|ISDIR)$)/;

/**
 * @throws StoreError `FILE_UNWRITABLE` if the platform or SQLite could not create or write the file
 */
export function assertWritable(file: string, cause: unknown): void {
  const code = (cause as { code?: string }).code ?? '';
  if (!UNWRITABLE.test(code)) return;
  throw new StoreError(
    'FILE_UNWRITABLE',
    `${file}: this file cannot be created or written`,
    'Let this user write to its folder, or choose another place: --quota-file for the quota book, --clients-file for the list of clients.',
    { cause },
  );
}
