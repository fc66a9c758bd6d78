// Whom a checker believes: the holders of its key, or the publisher that its caller pinned.
// PROTOCOL.md §10.

import type { DatasetId, KeyId, SealKey } from '../../protocol/brands.ts';
import { type BucketAuth, createMacAuth, type Hashes } from '../../protocol/seal.ts';
import { createMac, type Verifier } from '../../protocol/signed/envelope.ts';
import type { Head } from '../../protocol/signed/head.ts';
import type { AuthName, LayerIndex, Statement } from '../../protocol/signed/statement.ts';
import { signingKeyId, type Trust } from '../../protocol/signed/trust.ts';
import { createPart } from '../part.ts';

export interface Authority {
  /** The pinned dataset. */
  readonly dataset: DatasetId;
  readonly auth: AuthName;
  /** The public name of the pinned publisher; undefined under `mac`. */
  readonly publisher: KeyId | undefined;
  /** The pinned key, which may make statements and heads. */
  pinned(): Promise<Verifier>;
  /** The keys that the publisher allows to make this head. */
  delegated(statement: Statement, head: Head): Promise<readonly Verifier[]>;
  /** How the buckets of a verified statement's index are authenticated. */
  bucketAuth(index: LayerIndex): Promise<BucketAuth>;
}

/** Believes every holder of the key. */
export function createMacAuthority(dataset: DatasetId, sealKey: SealKey, hashes?: Hashes): Authority {
  const mac = createMac(sealKey);
  const bucketAuth = createMacAuth(sealKey, hashes?.hmacSha256);
  return {
    dataset,
    auth: 'mac',
    publisher: undefined,
    pinned: async () => mac,
    delegated: async () => [],
    bucketAuth: async () => bucketAuth,
  };
}

const loadSignature = createPart(() => import('./signature.ts'));

/** Believes the publisher. Loads the curve at the first use. */
export function createSignatureAuthority({ dataset, publisher }: Trust, hashes?: Hashes): Authority {
  return {
    dataset,
    auth: 'signature',
    publisher: signingKeyId('publisher', publisher),
    pinned: async () => (await loadSignature()).createEd25519Verifier('publisher', publisher),
    delegated: async (statement, head) => {
      const { createEd25519Verifier, headKeysFor } = await loadSignature();
      return headKeysFor(statement, head).map((key) => createEd25519Verifier('head', key));
    },
    bucketAuth: async (index) => (await loadSignature()).createRootAuth(index, hashes?.sha256),
  };
}
