// Suite `oprf`: an oblivious PRF, for callers that must not hold the key. PROTOCOL.md §15.
// This file holds the part that follows from the public key alone; oprf.ts holds the PRF.

import { sha256 } from '@noble/hashes/sha2.js';
import type { BucketHash, KeyId, PublicKey, SealKey } from './brands.ts';
import { encodeUtf8, readU32 } from './bytes.ts';
import { labelledId } from './ids.ts';
import { hkdf32, type Suite } from './suite.ts';

/** Length of a serialized group element (SerializeElement, RFC 9497 §4.1). */
export const ELEMENT_BYTES = 32;
/** Length of a serialized scalar (SerializeScalar, RFC 9497 §4.1). */
export const SCALAR_BYTES = 32;
/** Length of a DLEQ proof, c ‖ s (RFC 9497 §2.2.1). */
export const PROOF_BYTES = 64;

const SALT = /* @__PURE__ */ encodeUtf8('credveil oprf 1');
const ACCOUNT_LABEL = /* @__PURE__ */ encodeUtf8('credveil oprf 1 account');

/** `info` of DeriveKeyPair, RFC 9497 §3.2.1. */
export const KEY_INFO = SALT;

/**
 * The public name of a key: the first 8 bytes of SHA-256("credveil oprf 1 key id" ‖ publicKey), in
 * hex.
 */
export function oprfKeyId(publicKey: PublicKey): KeyId {
  return labelledId('credveil oprf 1 key id', publicKey) as KeyId;
}

/** The part of the `oprf` suite that needs no secret: a client computes it without an evaluator. */
export function createOprfSuite(publicKey: PublicKey): Suite & { readonly publicKey: PublicKey } {
  const account = sha256.create().update(ACCOUNT_LABEL);
  return {
    name: 'oprf',
    keyId: oprfKeyId(publicKey),
    publicKey,
    // Public: this seal detects accidents and buckets of another key; it does not bind the
    // evaluator.
    sealKey: hkdf32(publicKey, SALT, 'seal') as SealKey,
    accountBucketHash: (username) => readU32(account.clone().update(username).digest(), 0) as BucketHash,
  };
}
