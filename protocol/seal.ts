// The seal that binds a bucket body to its key, snapshot and place: PROTOCOL.md §8.
//
// Under `hmac` the server does not hold the seal key, so neither it nor a cache can alter, swap or
// empty a bucket. Under `oprf` anyone can derive the seal key from the public key: the seal then
// detects accidents, not malice.
//
//   seal = HMAC-SHA-256(sealKey, struct {
//     u8  label[17] = "credveil bucket 1";
//     u8  snapshotBytes;  u8 snapshot[snapshotBytes];   // SnapshotId in ASCII
//     u8  index;                                        // IndexNumber
//     u8  prefixBits;
//     u32 bucketId;
//     u8  content[];                                    // the body before the seal
//   })[0..16]

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { BucketId, SealKey, SnapshotId } from './brands.ts';
import { type IndexName, IndexNumber } from './bucket-id.ts';
import { writeU32 } from './bytes.ts';

export const SEAL_BYTES = 16;
const LABEL = utf8ToBytes('credveil bucket 1');

/** The one place in the one snapshot where a bucket body is valid. */
export interface BucketPlace {
  readonly snapshot: SnapshotId;
  readonly index: IndexName;
  readonly prefixBits: number;
  readonly id: BucketId;
}

/** HMAC-SHA-256 as a parameter, so that publishing can use the platform's implementation. */
export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array;
/** SHA-256 as a parameter, for the same reason. */
export type Sha256 = (message: Uint8Array) => Uint8Array;
export const nobleHmacSha256: HmacSha256 = (key, message) => hmac(sha256, key, message);

/** @param content the body before the seal @returns SEAL_BYTES bytes */
export function computeSeal(
  key: SealKey,
  place: BucketPlace,
  content: Uint8Array,
  hmacSha256: HmacSha256 = nobleHmacSha256,
): Uint8Array {
  const snapshot = utf8ToBytes(place.snapshot);
  const tail = new Uint8Array(6);
  tail[0] = IndexNumber[place.index];
  tail[1] = place.prefixBits;
  writeU32(tail, 2, place.id);
  const message = concatBytes(LABEL, Uint8Array.of(snapshot.length), snapshot, tail, content);
  return hmacSha256(key, message).slice(0, SEAL_BYTES);
}
