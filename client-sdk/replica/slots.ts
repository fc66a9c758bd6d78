// Verifies slots, as they are on the disk or were fetched, by what the statement says of an index.

import type { BucketHash, BucketId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { toHex } from '../../protocol/bytes.ts';
import { type MerkleTree, SEGMENT_BITS } from '../../protocol/signed/merkle.ts';
import { longestBody, paddedBody } from '../../protocol/snapshot/slots.ts';
import { openLayer } from '../api.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { LayeredIndex, Snapshot } from '../publication/snapshot.ts';
import { answerOf, upperTree } from './reading.ts';

export interface SlotsOf {
  readonly snapshot: Snapshot;
  readonly index: IndexName;
  readonly facts: LayeredIndex;
}

/**
 * Verifies a slot as the answer to a request for its bucket, and its padding.
 * @throws LookupError `BODY_FORGED`, `BODY_MALFORMED`
 */
export function assertSlot(slot: Uint8Array, id: BucketId, of: SlotsOf, upper: MerkleTree | undefined): void {
  const { snapshot, index, facts } = of;
  const hash = (facts.prefixBits === 0 ? 0 : (id << (32 - facts.prefixBits)) >>> 0) as BucketHash;
  openLayer(answerOf(slot, facts, upper?.siblings(id >>> SEGMENT_BITS)), facts, snapshot, index, hash);
  if (slot.subarray(paddedBody(slot, facts).length, longestBody(facts)).some((byte) => byte !== 0))
    throw lookupFailure('BODY_MALFORMED', { detail: 'padding is not zero' });
}

/** Whether an error is about what was verified. */
export const isOfBody = (error: unknown): boolean => error instanceof LookupError && /^BODY_/.test(error.code);

/** An index without roots has none that could be wrong. */
export function leadToRoot(roots: Uint8Array, facts: LayeredIndex): boolean {
  const tree = upperTree(roots);
  return tree === undefined || toHex(tree.root) === facts.root;
}
