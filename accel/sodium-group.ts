// ristretto255 with a pinned key, on libsodium: blinding and the linear check.

import type { BlindScalar, PrivateInput, PublicKey } from '../protocol/brands.ts';
import { equalBytes } from '../protocol/bytes.ts';
import type { LinearCheckGroup } from '../protocol/linear-check.ts';
import { assertElementShape, refused } from '../protocol/oprf.ts';
import { ELEMENT_BYTES, SCALAR_BYTES } from '../protocol/oprf-suite.ts';
import { createRfc9497Hash } from './rfc9497-hash.ts';
import type { Ristretto255 } from './ristretto-sodium.ts';

type Bytes = Uint8Array;

export interface SodiumGroup extends LinearCheckGroup<Bytes> {
  /** HashToGroup, RFC 9497 §4.1, mode VOPRF. */
  hashToGroup(input: PrivateInput): Bytes;
  encode(element: Bytes): Bytes;
  /** @throws ProtocolError `ELEMENT_*` */
  decode(bytes: Bytes): Bytes;
}

/** @throws ProtocolError `ELEMENT_*` if the key is not an element of the group */
export function createSodiumGroup(ristretto: Ristretto255, publicKey: PublicKey): SodiumGroup {
  const decode = (bytes: Bytes): Bytes => {
    assertElementShape(bytes);
    if (!ristretto.isValid(bytes)) throw refused('ELEMENT_NOT_CANONICAL');
    return bytes;
  };
  decode(publicKey);
  return {
    randomScalar: () => ristretto.randomScalar() as BlindScalar,
    hashToGroup: createRfc9497Hash(ristretto, 'voprf').hashToGroup,
    multiplyGenerator: (scalar) => notIdentity(ristretto.multiplyBase(scalar)),
    multiplyKey: (scalar) => notIdentity(ristretto.multiply(scalar, publicKey)),
    add: ristretto.add,
    subtract: ristretto.subtract,
    // Each operation decodes and encodes its elements: interleaved additions would cost more.
    // The shares of colluding evaluators may add up to the identity: no error, but a wrong answer.
    sumWeighted: (weights, elements) =>
      elements
        .map((element, i) => ristretto.multiply(toScalar(weights[i]), element) ?? IDENTITY)
        .reduce((sum, product) => ristretto.add(sum, product)),
    areEqual: equalBytes,
    encode: (element) => element,
    decode,
  };
}

/** RFC 9496 §4.3.2 encodes it as zeros. */
const IDENTITY = new Uint8Array(ELEMENT_BYTES);

/** Asserts the product of a nonzero scalar and an element other than the identity. */
function notIdentity(product: Bytes | undefined): Bytes {
  if (!product) throw refused('ELEMENT_IDENTITY');
  return product;
}

/** Extends a weight of the linear check to the length of a scalar. */
function toScalar(weight: Bytes | undefined): Bytes {
  const scalar = new Uint8Array(SCALAR_BYTES);
  scalar.set(weight ?? []);
  return scalar;
}
