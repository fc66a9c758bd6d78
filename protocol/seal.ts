// What authenticates a bucket body, and binds it to its place: PROTOCOL.md §8.
//
//   struct BucketInput {
//     u8  label[17] = "credveil bucket 2";
//     u8  layer[16];                                    // LayerId
//     u8  index;                                        // IndexNumber
//     u8  prefixBits;
//     u32 bucketId;
//     u8  content[];                                    // the body before its tail
//   }
//
// Under `auth` "mac" the tail of a body is HMAC-SHA-256(sealKey, BucketInput)[0..16]: every holder
// of the key can make one. Under "signature" it is a path in a Merkle tree (merkle.ts), whose root
// the publisher signed.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { BucketId, LayerId, SealKey } from './brands.ts';
import { type IndexName, IndexNumber } from './bucket-id.ts';
import { encodeUtf8, equalBytes, fromHex, writeU32 } from './bytes.ts';

export const SEAL_BYTES = 16;
const LABEL = encodeUtf8('credveil bucket 2');
const LAYER_AT = LABEL.length;
const INDEX_AT = LAYER_AT + 16;
const CONTENT_AT = INDEX_AT + 6;

/** The one place in the one layer where a bucket body is valid. */
export interface BucketPlace {
  readonly layer: LayerId;
  readonly index: IndexName;
  readonly prefixBits: number;
  readonly id: BucketId;
}

/** HMAC-SHA-256 as a parameter, so that publishing can use the platform's implementation. */
export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array;
/** SHA-256 as a parameter, for the same reason. */
export type Sha256 = (message: Uint8Array) => Uint8Array;
/** The hashes of a platform, for callers that have them faster. */
export interface Hashes {
  readonly sha256: Sha256;
  readonly hmacSha256: HmacSha256;
}
export const nobleHmacSha256: HmacSha256 = (key, message) => hmac(sha256, key, message);

/** @param content the body before its tail @returns a BucketInput */
export function bucketInput({ layer, index, prefixBits, id }: BucketPlace, content: Uint8Array): Uint8Array {
  const input = new Uint8Array(CONTENT_AT + content.length);
  input.set(LABEL);
  input.set(fromHex(layer), LAYER_AT);
  input[INDEX_AT] = IndexNumber[index];
  input[INDEX_AT + 1] = prefixBits;
  writeU32(input, INDEX_AT + 2, id);
  input.set(content, CONTENT_AT);
  return input;
}

/** @param content the body before the seal @returns SEAL_BYTES bytes */
export function computeSeal(
  key: SealKey,
  place: BucketPlace,
  content: Uint8Array,
  hmacSha256: HmacSha256 = nobleHmacSha256,
): Uint8Array {
  return hmacSha256(key, bucketInput(place, content)).slice(0, SEAL_BYTES);
}

/** How the buckets of one index are authenticated. */
export interface BucketAuth {
  /** Length of the tail, which follows the content of a body. */
  readonly tailBytes: number;
  /** Length of what follows a padded body in an answer. */
  readonly upperBytes: number;
  /** @param tail tailBytes and upperBytes together */
  verify(place: BucketPlace, content: Uint8Array, tail: Uint8Array): boolean;
}

/** `auth` "mac". */
export function createMacAuth(key: SealKey, hmacSha256: HmacSha256 = nobleHmacSha256): BucketAuth {
  return {
    tailBytes: SEAL_BYTES,
    upperBytes: 0,
    verify: (place, content, tail) => equalBytes(computeSeal(key, place, content, hmacSha256), tail),
  };
}
