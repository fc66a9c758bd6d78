// Verifying a publisher's signatures and the paths to its roots: loaded only where a publisher is
// pinned.

import { fromHex } from '../../protocol/bytes.ts';
import type { BucketAuth, Sha256 } from '../../protocol/seal.ts';
import { createMerkleAuth } from '../../protocol/signed/merkle.ts';
import type { LayerIndex } from '../../protocol/signed/statement.ts';

export { createEd25519Verifier } from '../../protocol/signed/ed25519.ts';
export { headKeysFor } from '../../protocol/signed/head.ts';

/** @param index of a statement under `auth` "signature", whose parser requires the root */
export function createRootAuth({ root = '', prefixBits }: LayerIndex, sha256?: Sha256): BucketAuth {
  return createMerkleAuth(fromHex(root), prefixBits, sha256);
}
