// One writer at a time for a dataset or a file, across processes. It is SQLite's file lock:
// portable, and released by the kernel when its holder dies, even by SIGKILL.

import path from 'node:path';
import Database from 'better-sqlite3';
import { openDataset } from './dataset.ts';
import { StoreError } from './errors.ts';

/**
 * Takes the writer's lock without waiting.
 * @returns a function that releases it
 * @throws StoreError `DATASET_BUSY`, and those of `openDataset`
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
