// Suite `hmac`: a keyed PRF where the caller may hold the key. PROTOCOL.md §4.
//
// Subkeys by HKDF-SHA-256 (RFC 5869) with salt "credveil hmac 1" and one info string for each use, 32 bytes each.

import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { HmacKey, KeyId, PrfOutput, SealKey } from './brands.ts';
import { readBucketHash } from './entry.ts';
import type { KeyedSuite } from './suite.ts';

const SALT = utf8ToBytes('credveil hmac 1');

/** The subkeys of the `hmac` suite. */
export type HmacSubkey = 'account' | 'entry' | 'seal' | 'key id';

/** @returns 32 bytes */
export function hmacSubkey(key: HmacKey, use: HmacSubkey): Uint8Array {
  return hkdf(sha256, key, SALT, utf8ToBytes(use), 32);
}

/** A public name for a key, which says nothing about it: the first 8 bytes of its subkey `key id`, in hex. */
export function hmacKeyId(key: HmacKey): KeyId {
  return bytesToHex(hmacSubkey(key, 'key id').subarray(0, 8)) as KeyId;
}

export function createHmacSuite(key: HmacKey): KeyedSuite {
  // The keyed state is prepared once; a clone for each message saves half of the compressions.
  const account = hmac.create(sha256, hmacSubkey(key, 'account'));
  const entry = hmac.create(sha256, hmacSubkey(key, 'entry'));
  // One working copy and one place for its output, written over each time: half of the time went into making objects.
  const working = entry.clone();
  const place = new Uint8Array(working.outputLen);
  return {
    name: 'hmac',
    keyId: hmacKeyId(key),
    sealKey: hmacSubkey(key, 'seal') as SealKey,
    accountBucketHash: (username) => readBucketHash(account.clone().update(username).digest(), 0),
    evaluate: (input) => {
      entry._cloneInto(working).update(input).digestInto(place);
      const output = place.slice() as PrfOutput;
      place.fill(0);
      return output;
    },
  };
}
