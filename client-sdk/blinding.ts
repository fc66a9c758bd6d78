// Hiding inputs from the evaluator: what a lookup needs of the group.

import type { BlindedElement, EvaluatedElement, PrfOutput, PrivateInput, Proof } from '../protocol/brands.ts';

export interface BlindedInput {
  readonly blindedElement: BlindedElement;
  /** @throws ProtocolError `ELEMENT_*` for an element that is not of the group */
  finalize(evaluatedElement: EvaluatedElement): PrfOutput;
}

export interface Blinding {
  /** With a fresh random scalar each time. */
  blind(input: PrivateInput): BlindedInput;
  /** VerifyProof, RFC 9497 §2.2.2. @throws ProtocolError `PROOF_INVALID`, `ELEMENT_*` */
  verifyProof(
    blindedElements: readonly BlindedElement[],
    evaluatedElements: readonly EvaluatedElement[],
    proof: Proof,
  ): void;
}
