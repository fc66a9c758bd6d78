// The password filter: shows a client, without a request, that a password is not in the index.
// PROTOCOL.md §17.
//
//   struct FilterFile {
//     u8  magic[8] = "CVFLT" 00 00 02;
//     u8  dataset[8];              // DatasetId
//     u8  layer[16];               // LayerId
//     u8  zero[16];
//     u64 entries;
//     u8  index = 2;               // IndexNumber
//     u8  zero[3];
//     u32 blocks;
//     u8  bits[blocks][32];        // split-block.ts
//     u8  seal[16];                // first 16 bytes of HMAC-SHA-256, under the seal key,
//                                  // of "credveil filter 2" ‖ all preceding bytes
//   }

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { BucketHash, DatasetId, EntryTag, LayerId, PrfOutput, SealKey } from './brands.ts';
import { IndexNumber } from './bucket-id.ts';
import { encodeUtf8, equalBytes, fromHex, readU32, toHex, writeU32 } from './bytes.ts';
import { passwordBucketHash } from './entry.ts';
import { ProtocolError } from './errors.ts';
import { SEAL_BYTES } from './seal.ts';
import { BLOCK_BYTES, blockIndex, hasBits, MAX_BLOCKS } from './split-block.ts';

export const FILTER_HEADER_BYTES = 64;
/** Prefix of the message that the seal authenticates; the file's bytes follow it. */
export const FILTER_SEAL_LABEL = /* @__PURE__ */ encodeUtf8('credveil filter 2');

const MAGIC = /* @__PURE__ */ Uint8Array.of(0x43, 0x56, 0x46, 0x4c, 0x54, 0, 0, 2);
const DATASET_AT = 8;
const LAYER_AT = 16;
const LAYER_END = 32;
const ENTRIES_AT = 48;
const INDEX_AT = 56;
const BLOCKS_AT = 60;

export interface FilterHeader {
  readonly dataset: DatasetId;
  readonly layer: LayerId;
  /** Number of passwords in the filter. */
  readonly entries: number;
  readonly blocks: number;
}

/** Length in bytes of a file with this number of blocks. */
export function filterFileBytes(blocks: number): number {
  return FILTER_HEADER_BYTES + blocks * BLOCK_BYTES + SEAL_BYTES;
}

/**
 * The lower half of an entry's hash: the last four bytes of its tag. The upper half is its
 * `passwordBucketHash`.
 */
export function filterLow(tag: EntryTag): number {
  return (tag % 2 ** 32) | 0;
}

/** @returns the first FILTER_HEADER_BYTES bytes of a file */
export function encodeFilterHeader({ dataset, layer, entries, blocks }: FilterHeader): Uint8Array {
  const bytes = new Uint8Array(FILTER_HEADER_BYTES);
  bytes.set(MAGIC);
  bytes.set(fromHex(dataset), DATASET_AT);
  bytes.set(fromHex(layer), LAYER_AT);
  writeU32(bytes, ENTRIES_AT, Math.floor(entries / 2 ** 32));
  writeU32(bytes, ENTRIES_AT + 4, entries);
  bytes[INDEX_AT] = IndexNumber.password;
  writeU32(bytes, BLOCKS_AT, blocks);
  return bytes;
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(
    'FILTER_MALFORMED',
    `filter: ${what}`,
    'Use the whole file from the snapshots of a dataset or from /v1/filter/password.',
  );
}

/**
 * Decodes the first 64 bytes of a file. Do not trust them before the seal has been checked.
 * @throws ProtocolError `FILTER_MALFORMED`
 */
export function parseFilterHeader(bytes: Uint8Array): FilterHeader {
  if (bytes.length < FILTER_HEADER_BYTES) throw malformed('it is truncated');
  if (!equalBytes(bytes.subarray(0, DATASET_AT), MAGIC))
    throw malformed('not a Credveil filter, or an unsupported version');
  const entries = readU32(bytes, ENTRIES_AT) * 2 ** 32 + readU32(bytes, ENTRIES_AT + 4);
  const blocks = readU32(bytes, BLOCKS_AT);
  if (bytes.subarray(LAYER_END, ENTRIES_AT).some((byte) => byte !== 0)) throw malformed('a zero byte is not zero');
  if (entries > Number.MAX_SAFE_INTEGER) throw malformed('it has too many entries');
  if (readU32(bytes, INDEX_AT) !== IndexNumber.password << 24) throw malformed('it belongs to another index');
  if (blocks < 1 || blocks > MAX_BLOCKS) throw malformed('its number of blocks is out of range');
  return {
    dataset: toHex(bytes.subarray(DATASET_AT, LAYER_AT)) as DatasetId,
    layer: toHex(bytes.subarray(LAYER_AT, LAYER_END)) as LayerId,
    entries,
    blocks,
  };
}

/** Computes the seal of a file, fed piece by piece with all of its bytes but the seal. */
export interface FilterSeal {
  update(bytes: Uint8Array): void;
  /** @returns SEAL_BYTES bytes; call it once */
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

/** A filter whose origin has been verified. */
export interface PasswordFilter extends FilterHeader {
  /** Length of its file, all of which stays in memory. */
  readonly bytes: number;
  /**
   * False: the password is certainly not in the index. True: it is, or the filter errs.
   * @param output the PRF output for `passwordInput`
   */
  mayHold(output: PrfOutput): boolean;
}

/**
 * Decodes a whole file and compares its seal.
 * @param sealed the result of `createFilterSeal` over all bytes but the last 16
 * @throws ProtocolError `FILTER_MALFORMED`, `FILTER_FORGED`
 */
export function openFilter(file: Uint8Array, sealed: Uint8Array): PasswordFilter {
  const filter = decodeFilter(file);
  if (!equalBytes(file.subarray(file.length - SEAL_BYTES), sealed))
    throw new ProtocolError(
      'FILTER_FORGED',
      'the seal of the filter does not match this key',
      'Something between the publisher and this process altered it, or it belongs to another key.',
    );
  return filter;
}

/**
 * Decodes a whole file whose digest has been compared with that of a statement.
 * @throws ProtocolError `FILTER_MALFORMED`
 */
export function decodeFilter(file: Uint8Array): PasswordFilter {
  const header = parseFilterHeader(file);
  const { blocks } = header;
  if (file.length !== filterFileBytes(blocks)) throw malformed('its length does not match its header');
  return {
    ...header,
    bytes: file.length,
    mayHold: (output) => holds(file, blocks, passwordBucketHash(output), readU32(output, 2)),
  };
}

function holds(file: Uint8Array, blocks: number, high: BucketHash, low: number): boolean {
  return hasBits(file, FILTER_HEADER_BYTES + blockIndex(high, blocks) * BLOCK_BYTES, low);
}
