// Hiding inputs from the evaluator: what a lookup needs of the group.

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

/** An engine that knows a faster way to blind than RFC 9497's. */
export type Engine = Oprf & {
  /** @throws ProtocolError `ELEMENT_*` where the key is no element of the group */
  createBlinding?(publicKey: PublicKey): Blinding;
};
