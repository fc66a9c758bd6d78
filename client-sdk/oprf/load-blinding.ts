// Selects the blinding of a checker: that of the given engine, or the one on @noble/curves.

import type { PublicKey } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { Oprf } from '../../protocol/oprf.ts';
import type { Blinding } from '../engine.ts';
import { LookupError } from '../errors.ts';
import type { OprfSettings } from '../options.ts';

/**
 * Without an engine, loads the blinding on @noble/curves here, so that a caller with a key loads no
 * curve.
 * @throws LookupError (as a rejection) `KEY_MALFORMED` if the key is not an element,
 *   `OPTION_MALFORMED` if the engine fails
 */
export async function loadBlinding({ engine, publicKey }: OprfSettings): Promise<Blinding> {
  try {
    if (engine) {
      const loaded = await engine;
      return loaded.createBlinding?.(publicKey) ?? createBlinding(loaded, publicKey);
    }
    const { createNobleBlinding } = await import('./noble-blinding.ts');
    return createNobleBlinding(publicKey);
  } catch (cause) {
    if (cause instanceof ProtocolError)
      throw new LookupError('KEY_MALFORMED', 'key: not an element of the group', cause.hint, { cause });
    throw new LookupError('OPTION_MALFORMED', 'option engine: cannot be loaded', 'See the cause.', { cause });
  }
}

/** Blind and Finalize of RFC 9497 §3.3, on any engine. */
export function createBlinding(oprf: Oprf, publicKey: PublicKey): Blinding {
  return {
    blind(input) {
      const { blind, blindedElement } = oprf.blind(input);
      return {
        blindedElement,
        finalize: (evaluatedElement) => oprf.finalize(input, blind, evaluatedElement),
      };
    },
    verifyProof: (blinded, evaluated, proof) => oprf.verifyProof(publicKey, blinded, evaluated, proof),
  };
}
