// Additive blinding on @noble/curves: the default of a checker.

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import type { PublicKey } from '../../protocol/brands.ts';
import { assertElement, createNobleOprf, randomScalar } from '../../protocol/oprf.ts';
import type { Blinding } from '../engine.ts';
import { type BlindingGroup, createAdditiveBlinding } from './additive-blinding.ts';

const { Point } = ristretto255;
const { Fn } = Point;
/** "HashToGroup-" ‖ contextString, RFC 9497 §4.1, with the mode's byte. */
const HASH_TO_GROUP = { DST: 'HashToGroup-OPRFV1-\x01-ristretto255-SHA512' };
/** Window size of a table: 33 rows of 128 points. */
const WINDOW_BITS = 8;

/** Precomputes its tables, which takes about 30 ms. @throws ProtocolError `ELEMENT_*` */
export function createNobleBlinding(publicKey: PublicKey): Blinding {
  assertElement(publicKey);
  const key = Point.fromBytes(publicKey).precompute(WINDOW_BITS, false);
  const generator = Point.fromBytes(Point.BASE.toBytes()).precompute(WINDOW_BITS, false);
  const group: BlindingGroup<typeof key> = {
    randomScalar,
    hashToGroup: (input) => ristretto255_hasher.hashToCurve(input, HASH_TO_GROUP),
    multiplyGenerator: (scalar) => generator.multiply(Fn.fromBytes(scalar)),
    multiplyKeyNegated: (scalar) => key.multiply(Fn.fromBytes(scalar)).negate(),
    add: (a, b) => a.add(b),
    encode: (element) => element.toBytes(),
    decode(bytes) {
      assertElement(bytes);
      return Point.fromBytes(bytes);
    },
  };
  const { verifyProof } = createNobleOprf();
  return createAdditiveBlinding(group, (blinded, evaluated, proof) =>
    verifyProof(publicKey, blinded, evaluated, proof),
  );
}
