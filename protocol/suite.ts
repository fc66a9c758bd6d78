// What the two suites have in common: PROTOCOL.md §4 and §15.

import type { BucketHash, KeyId, NormalizedUsername, PrfOutput, PrivateInput, PublicKey, SealKey } from './brands.ts';

export const SUITE_NAMES = ['hmac', 'oprf'] as const;
/** `hmac`: callers hold the key. `oprf`: they do not, and the evaluator does not see what it evaluates. */
export type SuiteName = (typeof SUITE_NAMES)[number];

/** What anyone who asks a dataset can compute: under `hmac` with its key, under `oprf` with its public key. */
export interface Suite {
  readonly name: SuiteName;
  readonly keyId: KeyId;
  readonly sealKey: SealKey;
  /** Under `oprf` alone. */
  readonly publicKey?: PublicKey;
  /** Names the bucket of a username in the account index. */
  accountBucketHash(username: NormalizedUsername): BucketHash;
}

/** What the holder of the secret key can compute without asking anyone. */
export interface KeyedSuite extends Suite {
  evaluate(input: PrivateInput): PrfOutput;
}
