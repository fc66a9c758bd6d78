// The password filter: which passwords are surely not in the index, decided without asking anyone. PROTOCOL.md §17.
//
//   struct FilterFile {
//     u8  magic[8] = "CVFLT" 00 00 01;
//     u8  dataset[8];              // its id
//     u8  snapshot[32];            // its id in ASCII, then zero bytes
//     u64 entries;
//     u8  index = 2;               // IndexNumber
//     u8  zero[3];
//     u32 blocks;
//     u8  bits[blocks][32];        // split-block.ts
//     u8  seal[16];                // HMAC-SHA-256(sealKey, "credveil filter 1" ‖ all before)[0..16]
//   }

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { BucketHash, DatasetId, EntryTag, PrfOutput, SealKey, SnapshotId } from './brands.ts';
import { IndexNumber } from './bucket-id.ts';
import { passwordBucketHash, readBucketHash } from './entry.ts';
import { ProtocolError } from './errors.ts';
import { equalBytes, SEAL_BYTES } from './seal.ts';
import { BLOCK_BYTES, blockIndex, hasBits, MAX_BLOCKS } from './split-block.ts';

export const FILTER_HEADER_BYTES = 64;
/** What comes before the file in the message of its seal. */
export const FILTER_SEAL_LABEL = utf8ToBytes('credveil filter 1');

const MAGIC = Uint8Array.of(0x43, 0x56, 0x46, 0x4c, 0x54, 0, 0, 1);
const DATASET_AT = 8;
const SNAPSHOT_AT = 16;
const ENTRIES_AT = 48;
const INDEX_AT = 56;
const BLOCKS_AT = 60;
const SNAPSHOT_ID = /^(\d{6,12}-[0-9a-f]{16})\0*$/;

export interface FilterHeader {
  readonly dataset: DatasetId;
  readonly snapshot: SnapshotId;
  /** Passwords in the filter. */
  readonly entries: number;
  readonly blocks: number;
}

/** Length of a file with so many blocks. */
export function filterFileBytes(blocks: number): number {
  return FILTER_HEADER_BYTES + blocks * BLOCK_BYTES + SEAL_BYTES;
}

/** The lower half of an entry's hash: the last four bytes of its tag. The upper half is its passwordHash. */
export function filterLow(tag: EntryTag): number {
  return (tag % 2 ** 32) | 0;
}

export function encodeFilterHeader({ dataset, snapshot, entries, blocks }: FilterHeader): Uint8Array {
  const bytes = new Uint8Array(FILTER_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes.set(hexToBytes(dataset), DATASET_AT);
  bytes.set(utf8ToBytes(snapshot), SNAPSHOT_AT);
  view.setBigUint64(ENTRIES_AT, BigInt(entries));
  bytes[INDEX_AT] = IndexNumber.password;
  view.setUint32(BLOCKS_AT, blocks);
  return bytes;
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(
    'FILTER_MALFORMED',
    `filter: ${what}`,
    'Take the file from the snapshots of a dataset, or from /v1/filter/password, whole.',
  );
}

/**
 * Reads the first 64 bytes of a file. They are not to be believed before the seal was checked.
 * @throws ProtocolError `FILTER_MALFORMED`
 */
export function parseFilterHeader(bytes: Uint8Array): FilterHeader {
  if (bytes.length < FILTER_HEADER_BYTES) throw malformed('it is cut');
  if (!equalBytes(bytes.subarray(0, DATASET_AT), MAGIC)) throw malformed('it is none, or of another version');
  const view = new DataView(bytes.buffer, bytes.byteOffset, FILTER_HEADER_BYTES);
  const [, snapshot] = SNAPSHOT_ID.exec(String.fromCharCode(...bytes.subarray(SNAPSHOT_AT, ENTRIES_AT))) ?? [];
  const entries = view.getBigUint64(ENTRIES_AT);
  const blocks = view.getUint32(BLOCKS_AT);
  if (snapshot === undefined) throw malformed('its snapshot is none');
  if (entries > Number.MAX_SAFE_INTEGER) throw malformed('it has too many entries');
  if (view.getUint32(INDEX_AT) !== IndexNumber.password << 24) throw malformed('it is of another index');
  if (blocks < 1 || blocks > MAX_BLOCKS) throw malformed('its number of blocks is out of range');
  return {
    dataset: bytesToHex(bytes.subarray(DATASET_AT, SNAPSHOT_AT)) as DatasetId,
    snapshot: snapshot as SnapshotId,
    entries: Number(entries),
    blocks,
  };
}

/** Collects a file's bytes but the seal, and gives the seal that they must have. */
export interface FilterSeal {
  update(bytes: Uint8Array): void;
  /** Once. */
  digest(): Uint8Array;
}

export function createFilterSeal(key: SealKey): FilterSeal {
  const mac = hmac.create(sha256, key).update(FILTER_SEAL_LABEL);
  return {
    update: (bytes) => {
      mac.update(bytes);
    },
    digest: () => mac.digest().subarray(0, SEAL_BYTES),
  };
}

/** A filter whose seal was checked. */
export interface PasswordFilter extends FilterHeader {
  /** The length of its file, which is held in memory. */
  readonly bytes: number;
  /** False: the password is surely not in the index. @param output of kind 3 */
  mayHold(output: PrfOutput): boolean;
}

/**
 * Makes a filter of a whole file.
 * @param sealed what createFilterSeal makes of all bytes but the last 16
 * @throws ProtocolError `FILTER_MALFORMED`, `FILTER_FORGED`
 */
export function openFilter(file: Uint8Array, sealed: Uint8Array): PasswordFilter {
  const header = parseFilterHeader(file);
  const { blocks } = header;
  if (file.length !== filterFileBytes(blocks)) throw malformed('its length does not fit its header');
  if (!equalBytes(file.subarray(file.length - SEAL_BYTES), sealed))
    throw new ProtocolError(
      'FILTER_FORGED',
      'the filter does not carry the seal of this key',
      'Something between the publisher and this process altered it, or it is of another key.',
    );
  return {
    ...header,
    bytes: file.length,
    mayHold: (output) => holds(file, blocks, passwordBucketHash(output), readBucketHash(output, 2)),
  };
}

function holds(file: Uint8Array, blocks: number, high: BucketHash, low: number): boolean {
  return hasBits(file, FILTER_HEADER_BYTES + blockIndex(high, blocks) * BLOCK_BYTES, low);
}
