// The interface of both suites: PROTOCOL.md §4 and §15.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { BucketHash, KeyId, NormalizedUsername, PrfOutput, PrivateInput, PublicKey, SealKey } from './brands.ts';
import { concatBytes, encodeUtf8 } from './bytes.ts';

export const SUITE_NAMES = ['hmac', 'oprf'] as const;
/** `hmac`: callers hold the key. `oprf`: they do not, and the evaluator does not see its input. */
export type SuiteName = (typeof SUITE_NAMES)[number];

/**
 * What every client of a dataset can compute: under `hmac` from the key, under `oprf` from the
 * public key.
 */
export interface Suite {
  readonly name: SuiteName;
  readonly keyId: KeyId;
  readonly sealKey: SealKey;
  /** Under `oprf` only. */
  readonly publicKey?: PublicKey;
  /** The BucketHash of a username: its leading bits name the bucket in the account index. */
  accountBucketHash(username: NormalizedUsername): BucketHash;
}

/** The operations that the secret key allows offline. */
export interface KeyedSuite extends Suite {
  /** @throws ProtocolError `FIELD_TOO_LONG` under `oprf`, for more than MAX_OPRF_INPUT_BYTES */
  evaluate(input: PrivateInput): PrfOutput;
}

const FIRST_BLOCK = /* @__PURE__ */ Uint8Array.of(1);

/**
 * HKDF-SHA-256 (RFC 5869): 32 bytes need one block of its second step.
 * @param info names the use of the output
 */
export function hkdf32(secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  const extracted = hmac(sha256, salt, secret);
  return hmac(sha256, extracted, concatBytes(encodeUtf8(info), FIRST_BLOCK));
}
