// @credveil/client/sodium: the group operations of the `oprf` suite on libsodium, for the option
// `engine`.

import { createSodiumOprf as createOprf } from '../accel/oprf-sodium.ts';
import { createRfc9497Hash } from '../accel/rfc9497-hash.ts';
import { loadRistretto255 } from '../accel/ristretto-sodium.ts';
import type { BlindScalar, PublicKey } from '../protocol/brands.ts';
import { assertElementShape, refused } from '../protocol/oprf.ts';
import { SCALAR_BYTES } from '../protocol/oprf-suite.ts';
import type { Engine } from './engine.ts';
import { createAdditiveBlinding } from './oprf/additive-blinding.ts';

export type { Engine } from './engine.ts';

const ZERO = new Uint8Array(SCALAR_BYTES);

/**
 * Creates an engine on libsodium, whose WebAssembly is compiled once per process. Rejects if the
 * platform has no WebAssembly.
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 * import { createSodiumOprf } from '@credveil/client/sodium';
 *
 * const leaks = createLeakChecker({ url, publicKey, engine: createSodiumOprf() });
 * const { status } = await leaks.check({ username, password });
 * console.log(status); // pair
 * ```
 */
export async function createSodiumOprf(): Promise<Engine> {
  const [oprf, ristretto] = await Promise.all([createOprf(), loadRistretto255()]);
  const { hashToGroup } = createRfc9497Hash(ristretto, 'voprf');

  const decode = (bytes: Uint8Array): Uint8Array => {
    assertElementShape(bytes);
    if (!ristretto.isValid(bytes)) throw refused('ELEMENT_NOT_CANONICAL');
    return bytes;
  };
  /** Asserts the product of a nonzero scalar and an element other than the identity. */
  const notIdentity = (product: Uint8Array | undefined): Uint8Array => {
    if (!product) throw refused('SCALAR_MALFORMED');
    return product;
  };

  return {
    ...oprf,
    createBlinding(publicKey: PublicKey) {
      decode(publicKey);
      return createAdditiveBlinding(
        {
          randomScalar: () => ristretto.randomScalar() as BlindScalar,
          hashToGroup,
          multiplyGenerator: (scalar) => notIdentity(ristretto.multiplyBase(scalar)),
          multiplyKeyNegated: (scalar) =>
            notIdentity(ristretto.multiply(ristretto.subtractScalars(ZERO, scalar), publicKey)),
          add: ristretto.add,
          encode: (element) => element,
          decode,
        },
        (blinded, evaluated, proof) => oprf.verifyProof(publicKey, blinded, evaluated, proof),
      );
    },
  };
}
