// Proof of discrete logarithm equality, RFC 9497 §2.2: one key made all evaluations. Callers have
// checked all elements.

import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { equalBytes } from '../protocol/bytes.ts';
import { ELEMENT_BYTES, SCALAR_BYTES } from '../protocol/oprf-suite.ts';
import { i2osp2, type Rfc9497Hash } from './rfc9497-hash.ts';
import type { Ristretto255 } from './ristretto-sodium.ts';
import { isScalar } from './scalar.ts';

const IDENTITY = new Uint8Array(ELEMENT_BYTES);
const COMPOSITE = utf8ToBytes('Composite');
const CHALLENGE = utf8ToBytes('Challenge');

type Bytes = Uint8Array;

export interface Dleq {
  /** GenerateProof, RFC 9497 §2.2.1. @param r a random scalar @returns c ‖ s, 64 bytes */
  prove(secretKey: Bytes, publicKey: Bytes, blinded: readonly Bytes[], evaluated: readonly Bytes[], r: Bytes): Bytes;
  /** VerifyProof, RFC 9497 §2.2.2. @param proof 64 bytes */
  verify(publicKey: Bytes, blinded: readonly Bytes[], evaluated: readonly Bytes[], proof: Bytes): boolean;
}

export function createDleq(group: Ristretto255, { context, hashToScalar }: Rfc9497Hash): Dleq {
  const seedDst = concatBytes(utf8ToBytes('Seed-'), context);
  const lengthFirst = (bytes: Bytes): Bytes => concatBytes(i2osp2(bytes.length), bytes);
  const multiply = (scalar: Bytes, element: Bytes): Bytes => group.multiply(scalar, element) ?? IDENTITY;
  const multiplyBase = (scalar: Bytes): Bytes => group.multiplyBase(scalar) ?? IDENTITY;

  /** The weights d_i of ComputeComposites, RFC 9497 §2.2.1. */
  const weights = (publicKey: Bytes, blinded: readonly Bytes[], evaluated: readonly Bytes[]): Bytes[] => {
    const seed = lengthFirst(group.sha512(lengthFirst(publicKey), lengthFirst(seedDst)));
    return blinded.map((element, i) =>
      hashToScalar(concatBytes(seed, i2osp2(i), lengthFirst(element), lengthFirst(evaluated[i] as Bytes), COMPOSITE)),
    );
  };
  const weightedSum = (scalars: readonly Bytes[], elements: readonly Bytes[]): Bytes =>
    elements.reduce((sum, element, i) => group.add(sum, multiply(scalars[i] as Bytes, element)), IDENTITY);
  const challenge = (...elements: readonly Bytes[]): Bytes =>
    hashToScalar(concatBytes(...elements.map(lengthFirst), CHALLENGE));

  return {
    prove(secretKey, publicKey, blinded, evaluated, r) {
      const m = weightedSum(weights(publicKey, blinded, evaluated), blinded);
      const z = multiply(secretKey, m);
      const c = challenge(publicKey, m, z, multiplyBase(r), multiply(r, m));
      return concatBytes(c, group.subtractScalars(r, group.multiplyScalars(c, secretKey)));
    },
    verify(publicKey, blinded, evaluated, proof) {
      const c = proof.subarray(0, SCALAR_BYTES);
      const s = proof.subarray(SCALAR_BYTES);
      if (!isScalar(c) || !isScalar(s)) return false;
      const d = weights(publicKey, blinded, evaluated);
      const m = weightedSum(d, blinded);
      const z = weightedSum(d, evaluated);
      const t2 = group.add(multiplyBase(s), multiply(c, publicKey));
      const t3 = group.add(multiply(s, m), multiply(c, z));
      return equalBytes(c, challenge(publicKey, m, z, t2, t3));
    },
  };
}
