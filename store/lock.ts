// One writer at a time for a dataset or a file, across processes. SQLite's own file lock does it: it works the same on every
// platform, and the kernel lets go of it when the holder dies, by SIGKILL too.

import path from 'node:path';
import Database from 'better-sqlite3';
import { openDataset } from './dataset.ts';
import { StoreError } from './errors.ts';

/**
 * Takes the writer's lock or fails at once.
 * @returns a function that lets go of it
 * @throws StoreError `DATASET_BUSY`, and those of `openDataset`
 */
export function lockDataset(folder: string): () => void {
  // A lock file comes to be only where there is a dataset to lock.
  openDataset(folder);
  return takeLock(path.join(folder, 'lock.sqlite'), 0, (cause) => {
    throw new StoreError(
      'DATASET_BUSY',
      `dataset ${folder}: another process is writing to it`,
      'Wait for the other ingest, publish or remove to end, then run this again.',
      { cause },
    );
  });
}

/**
 * Takes the lock that a file stands for, waiting up to `timeoutMs` for it.
 * @param busy throws the error of the area where another process holds the lock
 * @returns a function that lets go of it
 */
export function takeLock(file: string, timeoutMs: number, busy: (cause: unknown) => never): () => void {
  const database = new Database(file, { timeout: timeoutMs });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause;
    busy(cause);
  }
  return () => database.close();
}
