// The group operations that a lookup needs to hide its inputs from the evaluator, and to verify
// the evaluator's key.

import type { BlindedElement, EvaluatedElement, PrfOutput, PrivateInput, PublicKey } from '../protocol/brands.ts';
import type { Oprf } from '../protocol/oprf.ts';

/** The inputs of one request, blinded with fresh random scalars. */
export interface BlindedInputs {
  /** One for each input, in their order, and the element of the linear check last. */
  readonly blindedElements: readonly BlindedElement[];
  /**
   * Verifies that the pinned key evaluated all elements.
   * @param shares the evaluations by each evaluator, in the order of `blindedElements`; those of
   *   several evaluators add up
   * @returns a function that computes the output of the input at a position
   * @throws ProtocolError `EVALUATION_WRONG` if another key did; `ELEMENT_*`
   */
  open(shares: readonly (readonly EvaluatedElement[])[]): (position: number) => PrfOutput;
}

export interface Blinding {
  blind(inputs: readonly PrivateInput[]): BlindedInputs;
}

/**
 * A curve implementation for the suite `oprf`: ristretto255 with the operations of RFC 9497, and
 * optionally a blinding that is faster than the RFC's.
 * @example
 * ```ts
 * import { createLeakChecker, type Engine } from '@credveil/client';
 * import { createSodiumOprf } from '@credveil/client/sodium';
 *
 * const engine: Engine = await createSodiumOprf();
 * const leaks = createLeakChecker({ url, trust, engine });
 * ```
 */
export type Engine = Oprf & {
  /** @throws ProtocolError `ELEMENT_*` if the key is not an element of the group */
  createBlinding?(publicKey: PublicKey): Blinding;
};
