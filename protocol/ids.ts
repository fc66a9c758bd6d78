// Names and ids as they appear in documents, URLs and file names, and the checks that make their
// brands.

import { sha256 } from '@noble/hashes/sha2.js';
import type { DatasetId, KeyId, LayerId, SnapshotId } from './brands.ts';
import { concatBytes, encodeUtf8, toHex } from './bytes.ts';

/** Datasets, keys and clients: 64 bits in lower-case hex. */
export const HEX16 = /^[0-9a-f]{16}$/;
/** A snapshot: its sequence number, a hyphen and 64 bits of its content's digest. */
export const SNAPSHOT_ID = /^\d{6,12}-[0-9a-f]{16}$/;
/** The sequence number alone: it names the files of a snapshot. */
export const SNAPSHOT_SEQUENCE = /^\d{6,12}$/;
/** A layer: 128 bits in lower-case hex. */
export const LAYER_ID = /^[0-9a-f]{32}$/;
/** 32 bytes in lower-case hex: a SHA-256 or a public key. */
export const HEX64 = /^[0-9a-f]{64}$/;
/** Digits of a sequence number: at least so many, and at most. */
export const SEQUENCE_DIGITS = 6;
export const MAX_SEQUENCE = 999_999_999_999;
/** A source or a client, as its operator calls it. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** NAME in words, for error messages. */
export const NAME_RULE = '1 to 64 characters of a-z 0-9 . _ - and begins with a letter or digit';

/** Month of a breach: YYYY-MM. */
export const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/**
 * The public name of a key: the first 8 bytes of the SHA-256 of a label, which names the kind of
 * key, and the key, in hex.
 */
export function labelledId(label: string, key: Uint8Array): string {
  return toHex(sha256(concatBytes(encodeUtf8(label), key)).subarray(0, 8));
}

export function isDatasetId(value: unknown): value is DatasetId {
  return typeof value === 'string' && HEX16.test(value);
}

export function isKeyId(value: unknown): value is KeyId {
  return typeof value === 'string' && HEX16.test(value);
}

export function isLayerId(value: unknown): value is LayerId {
  return typeof value === 'string' && LAYER_ID.test(value);
}

/** 32 bytes in lower-case hex: a digest or a public key. */
export function isHex64(value: unknown): value is string {
  return typeof value === 'string' && HEX64.test(value);
}

/** @param digest SHA-256 of the statement's payload, in hex */
export function formatSnapshotId(sequence: number, digest: string): SnapshotId {
  return `${String(sequence).padStart(SEQUENCE_DIGITS, '0')}-${digest.slice(0, 16)}` as SnapshotId;
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}
