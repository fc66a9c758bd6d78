// The buckets of an index in slots of one size, so that finding one takes no index. All lengths
// follow from the statement. PROTOCOL.md §12.
//
//   struct SlotFile {
//     struct {
//       u8  body[bodyBytes.last];         // BucketBody, then zeros
//       u32 length;                       // of the body without the zeros
//     } slots[2^prefixBits];
//     u8 roots[2^upperSiblings][32];      // with signatures and more than 10 prefixBits only
//   }

import { readU32 } from '../bytes.ts';
import { malformedBucket } from '../golomb-rice.ts';
import { NODE_BYTES, upperSiblings } from '../signed/merkle.ts';
import type { LayerIndex } from '../signed/statement.ts';

export const LENGTH_BYTES = 4;

export type SlotFacts = Pick<LayerIndex, 'prefixBits' | 'bodyBytes' | 'root'>;

export const longestBody = ({ bodyBytes }: Pick<SlotFacts, 'bodyBytes'>): number => bodyBytes.at(-1) ?? 0;
export const slotBytes = (facts: SlotFacts): number => longestBody(facts) + LENGTH_BYTES;

/** Number of the roots that follow the slots. */
export const countRoots = ({ prefixBits, root }: SlotFacts): number =>
  root === undefined || upperSiblings(prefixBits) === 0 ? 0 : 2 ** upperSiblings(prefixBits);

/** Where the roots begin. */
export const slotsBytes = (facts: SlotFacts): number => 2 ** facts.prefixBits * slotBytes(facts);

export const slotFileBytes = (facts: SlotFacts): number => slotsBytes(facts) + countRoots(facts) * NODE_BYTES;

/**
 * The body in a slot, padded as a server answers it. Nothing of it is verified.
 * @throws ProtocolError `BUCKET_MALFORMED` for a length that the index does not have
 */
export function paddedBody(slot: Uint8Array, { bodyBytes }: SlotFacts): Uint8Array {
  const length = readU32(slot, slot.length - LENGTH_BYTES);
  const padded = bodyBytes.find((size) => size >= length);
  if (padded === undefined) throw malformedBucket('longer than its slot');
  return slot.subarray(0, padded);
}
