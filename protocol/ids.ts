// Names and ids as they appear in documents, URLs and file names, and the checks that make their
// brands.

import type { DatasetId, KeyId, SnapshotId } from './brands.ts';

/** Datasets, keys and clients: 64 bits in lower-case hex. */
export const HEX16 = /^[0-9a-f]{16}$/;
/** A snapshot: its sequence number, a hyphen and 64 bits of its content's digest. */
export const SNAPSHOT_ID = /^\d{6,12}-[0-9a-f]{16}$/;
/** The sequence number alone: it names the files of a snapshot. */
export const SNAPSHOT_SEQUENCE = /^\d{6,12}$/;
/** A source or a client, as its operator calls it. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** NAME in words, for error messages. */
export const NAME_RULE = '1 to 64 characters of a-z 0-9 . _ - and begins with a letter or digit';

export function isDatasetId(value: unknown): value is DatasetId {
  return typeof value === 'string' && HEX16.test(value);
}

export function isKeyId(value: unknown): value is KeyId {
  return typeof value === 'string' && HEX16.test(value);
}

export function isSnapshotId(value: unknown): value is SnapshotId {
  return typeof value === 'string' && SNAPSHOT_ID.test(value);
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}
