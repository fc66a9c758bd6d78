// Additive blinding: cheaper than RFC 9497's multiplicative blinding, if the public key is pinned.
//
// RFC 9497 §3.3 sends r·H(x) and multiplies k·r·H(x) by 1/r: two multiplications of points that are
// used only once. With pkS = k·G known in advance, the client sends H(x) + r·G, receives
// k·H(x) + r·pkS, and subtracts r·pkS. G and pkS are fixed, so precomputed tables make these
// multiplications fast. The element on the wire is uniformly random either way and the output is
// the same k·H(x), so an evaluator cannot distinguish the two.
//
// Source: Jarecki, Krawczyk, Xu, "On the (In)Security of the Diffie-Hellman Oblivious PRF with
// Multiplicative Blinding", PKC 2021. It is sound only if the evaluator cannot choose pkS: hence
// the pinned key.

import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { PrfOutput, PrivateInput } from '../../protocol/brands.ts';
import { ELEMENT_BYTES } from '../../protocol/oprf-suite.ts';
import type { Blinding } from '../engine.ts';
import { type CheckedGroup, checkRequest } from './checked-request.ts';

/** ristretto255 with a pinned pkS. */
export interface BlindingGroup<Element> extends CheckedGroup<Element> {
  /** HashToGroup, RFC 9497 §4.1, mode VOPRF. */
  hashToGroup(input: PrivateInput): Element;
}

export function createAdditiveBlinding<Element>(group: BlindingGroup<Element>): Blinding {
  return {
    blind(inputs) {
      const scalars = inputs.map(() => group.randomScalar());
      const blinded = inputs.map((input, i) =>
        group.add(group.hashToGroup(input), group.multiplyGenerator(at(scalars, i))),
      );
      const { blindedElements, open } = checkRequest(group, blinded);
      return {
        blindedElements,
        open(shares) {
          const evaluated = open(shares);
          return (i) => {
            const mask = group.multiplyKey(at(scalars, i));
            return finalOutput(at(inputs, i), group.encode(group.subtract(at(evaluated, i), mask)));
          };
        },
      };
    },
  };
}

/** @throws RangeError for a position without an item */
function at<T>(items: readonly T[], position: number): T {
  const item = items[position];
  if (item === undefined) throw new RangeError('no input has this position');
  return item;
}

const FINALIZE = utf8ToBytes('Finalize');

/** The last step of Finalize, RFC 9497 §3.3.1. */
function finalOutput(input: PrivateInput, unblindedElement: Uint8Array): PrfOutput {
  const inputBytes = Uint8Array.of(input.length >>> 8, input.length);
  const elementBytes = Uint8Array.of(0, ELEMENT_BYTES);
  return sha512(concatBytes(inputBytes, input, elementBytes, unblindedElement, FINALIZE)) as Uint8Array as PrfOutput;
}
