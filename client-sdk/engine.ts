// The group operations that a lookup needs to hide its inputs from the evaluator.

import type {
  BlindedElement,
  EvaluatedElement,
  PrfOutput,
  PrivateInput,
  Proof,
  PublicKey,
} from '../protocol/brands.ts';
import type { Oprf } from '../protocol/oprf.ts';

export interface BlindedInput {
  readonly blindedElement: BlindedElement;
  /** @throws ProtocolError `ELEMENT_*` if it is not an element of the group */
  finalize(evaluatedElement: EvaluatedElement): PrfOutput;
}

export interface Blinding {
  /** Blinds with a fresh random scalar. */
  blind(input: PrivateInput): BlindedInput;
  /** VerifyProof, RFC 9497 §2.2.2. @throws ProtocolError `PROOF_INVALID`, `ELEMENT_*` */
  verifyProof(
    blindedElements: readonly BlindedElement[],
    evaluatedElements: readonly EvaluatedElement[],
    proof: Proof,
  ): void;
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
 * const leaks = createLeakChecker({ url, publicKey, engine });
 * ```
 */
export type Engine = Oprf & {
  /** @throws ProtocolError `ELEMENT_*` if the key is not an element of the group */
  createBlinding?(publicKey: PublicKey): Blinding;
};
