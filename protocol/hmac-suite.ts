// Suite `hmac`: a keyed PRF, for callers that may hold the key. PROTOCOL.md §4.
//
// HKDF-SHA-256 (RFC 5869) with salt "credveil hmac 1" derives one subkey of 32 bytes for each use;
// `info` names the use.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { BucketHash, HmacKey, KeyId, PrfOutput, SealKey } from './brands.ts';
import { encodeUtf8, readU32, toHex } from './bytes.ts';
import { hkdf32, type KeyedSuite } from './suite.ts';

const SALT = encodeUtf8('credveil hmac 1');

/** The uses of subkeys. */
export type HmacSubkey = 'account' | 'entry' | 'seal' | 'key id';

/** Derives the subkey for one use. @returns 32 bytes */
export function hmacSubkey(key: HmacKey, use: HmacSubkey): Uint8Array {
  return hkdf32(key, SALT, use);
}

/**
 * The public name of a key, which reveals nothing about it: the first 8 bytes of its subkey `key
 * id`, in hex.
 */
export function hmacKeyId(key: HmacKey): KeyId {
  return toHex(hmacSubkey(key, 'key id').subarray(0, 8)) as KeyId;
}

/** The `hmac` suite under one key. HMAC-SHA-256, RFC 2104. */
export function createHmacSuite(key: HmacKey): KeyedSuite {
  // Keying once and cloning the state for each message saves half of the compressions.
  const account = hmac.create(sha256, hmacSubkey(key, 'account'));
  const entry = hmac.create(sha256, hmacSubkey(key, 'entry'));
  // One reused state and one reused output: creating objects took half of the time.
  const working = entry.clone();
  const digest = new Uint8Array(working.outputLen);
  const compute = (keyed: typeof entry, message: Uint8Array): void =>
    keyed._cloneInto(working).update(message).digestInto(digest);
  return {
    name: 'hmac',
    keyId: hmacKeyId(key),
    sealKey: hmacSubkey(key, 'seal') as SealKey,
    accountBucketHash: (username) => {
      compute(account, username);
      return readU32(digest, 0) as BucketHash;
    },
    evaluate: (input) => {
      compute(entry, input);
      const output = digest.slice() as PrfOutput;
      digest.fill(0);
      return output;
    },
  };
}
