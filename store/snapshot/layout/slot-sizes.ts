// Lengths of a file of slots, which follow from the facts of its index: slot-file.ts.

import { NODE_BYTES, upperSiblings } from '../../../protocol/signed/merkle.ts';
import type { IndexFacts } from './snapshot-facts.ts';

export const LENGTH_BYTES = 4;

export type SlotFacts = Pick<IndexFacts, 'prefixBits' | 'bodyBytes' | 'root'>;

export const longestBody = ({ bodyBytes }: SlotFacts): number => bodyBytes.at(-1) ?? 0;
export const slotBytes = (facts: SlotFacts): number => longestBody(facts) + LENGTH_BYTES;

/** Number of the roots that follow the slots. */
export const countRoots = ({ prefixBits, root }: SlotFacts): number =>
  root === undefined || upperSiblings(prefixBits) === 0 ? 0 : 2 ** upperSiblings(prefixBits);

export const slotFileBytes = (facts: SlotFacts): number =>
  2 ** facts.prefixBits * slotBytes(facts) + countRoots(facts) * NODE_BYTES;
