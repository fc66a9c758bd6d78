// The error class of store/.

import { CredveilError } from '../protocol/errors.ts';

export type StoreErrorCode =
  | 'DATASET_MISSING'
  | 'DATASET_EXISTS'
  | 'DATASET_MALFORMED'
  | 'DATASET_VERSION'
  | 'DATASET_BUSY'
  | 'FILE_UNWRITABLE'
  | 'KEY_FILE_EXISTS'
  | 'KEY_FILE_MISSING'
  | 'KEY_FILE_EXPOSED'
  | 'KEY_FILE_MALFORMED'
  | 'KEY_FILE_INSIDE_DATASET'
  | 'KEY_MISMATCH'
  | 'KEY_UNSPLITTABLE'
  | 'PUBLISHER_KEY_REQUIRED'
  | 'PUBLISHER_KEY_MISMATCH'
  | 'HEAD_KEY_REFUSED'
  | 'STATEMENT_CORRUPT'
  | 'STATEMENT_TOO_LONG'
  | 'HEAD_CORRUPT'
  | 'SOURCE_NAME'
  | 'SOURCE_DATE'
  | 'SOURCE_EXISTS'
  | 'SOURCE_DUPLICATE'
  | 'SOURCE_MISSING'
  | 'RUN_CORRUPT'
  | 'RUN_FOREIGN'
  | 'RUN_UNSUPPRESSED'
  | 'EXPIRY_CORRUPT'
  | 'CLOCK_BEHIND'
  | 'DELTA_REFUSED'
  | 'NAMES_CORRUPT'
  | 'NAMES_MISSING'
  | 'NAMES_REQUIRED'
  | 'TOO_MANY_NAMES'
  | 'SNAPSHOT_MISSING'
  | 'SNAPSHOT_CORRUPT'
  | 'SNAPSHOT_REPLACED'
  | 'TOO_MANY_SOURCES'
  | 'THREAD_ENDED'
  | 'WORK_ALTERED'
  | 'CLIENT_NAME'
  | 'CLIENT_EXISTS'
  | 'CLIENT_MISSING'
  | 'CLIENTS_BUSY'
  | 'CLIENTS_EXPOSED'
  | 'CLIENTS_MALFORMED'
  | 'QUOTAS_BUSY'
  | 'QUOTAS_CORRUPT';

/**
 * A dataset, key file, run, snapshot or client list is missing, invalid or in use. Nothing on disk
 * has changed.
 */
export class StoreError extends CredveilError<StoreErrorCode> {
  override name = 'StoreError';
}

/** A file that a publish wrote and reads again has other bytes. */
export const workAltered = (file: string): StoreError =>
  new StoreError(
    'WORK_ALTERED',
    `${file} was altered while it was in use, or the disk is failing`,
    'Run the same command again. Nothing else may write in the dataset.',
  );
