// Hiding inputs from the evaluator: what a lookup needs of the group, and RFC 9497's own way to it.

import type {
  BlindedElement,
  EvaluatedElement,
  PrfOutput,
  PrivateInput,
  Proof,
  PublicKey,
} from '../protocol/brands.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Oprf } from '../protocol/oprf.ts';
import { LookupError } from './errors.ts';
import type { OprfSettings } from './options.ts';

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

/** Blind and Finalize of RFC 9497 §3.3, on whatever engine. */
export function createBlinding(oprf: Oprf, publicKey: PublicKey): Blinding {
  return {
    blind(input) {
      const { blind, blindedElement } = oprf.blind(input);
      return { blindedElement, finalize: (evaluatedElement) => oprf.finalize(input, blind, evaluatedElement) };
    },
    verifyProof: (blinded, evaluated, proof) => oprf.verifyProof(publicKey, blinded, evaluated, proof),
  };
}

/**
 * Without an engine the one on @noble/curves, loaded here so that a caller with a key loads no curve.
 * @throws LookupError (as a rejection) `KEY_MALFORMED` where the key is no element, `OPTION_MALFORMED` for the engine
 */
export async function loadBlinding({ engine, publicKey }: OprfSettings): Promise<Blinding> {
  try {
    if (engine) return createBlinding(await engine, publicKey);
    const { createAdditiveBlinding } = await import('./additive-blinding.ts');
    return createAdditiveBlinding(publicKey);
  } catch (cause) {
    if (cause instanceof ProtocolError)
      throw new LookupError('KEY_MALFORMED', 'key: it is not an element of the group', cause.hint, { cause });
    throw new LookupError('OPTION_MALFORMED', 'option engine: it cannot be loaded', 'Look at the cause.', { cause });
  }
}
