// ristretto255 with a pinned key, on @noble/curves.

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import type { PublicKey } from '../../protocol/brands.ts';
import { assertElementShape, randomScalar, refused } from '../../protocol/oprf.ts';
import type { BlindingGroup } from './additive-blinding.ts';
import { signedDigits } from './signed-digits.ts';

const { Point } = ristretto255;
const { Fn } = Point;
type Element = InstanceType<typeof Point>;

/** "HashToGroup-" ‖ contextString, RFC 9497 §4.1, with the mode's byte. */
const HASH_TO_GROUP = { DST: 'HashToGroup-OPRFV1-\x01-ristretto255-SHA512' };
/** Window size of a table: 33 rows of 128 points. */
const WINDOW_BITS = 8;

/** Precomputes its tables, which takes about 30 ms. @throws ProtocolError `ELEMENT_*` */
export function createNobleGroup(publicKey: PublicKey): BlindingGroup<unknown> {
  const key = decode(publicKey).precompute(WINDOW_BITS, false);
  const generator = Point.fromBytes(Point.BASE.toBytes()).precompute(WINDOW_BITS, false);
  const group: BlindingGroup<Element> = {
    randomScalar,
    hashToGroup: (input) => ristretto255_hasher.hashToCurve(input, HASH_TO_GROUP),
    multiplyGenerator: (scalar) => generator.multiply(Fn.fromBytes(scalar)),
    multiplyKey: (scalar) => key.multiply(Fn.fromBytes(scalar)),
    add: (a, b) => a.add(b),
    subtract: (a, b) => a.subtract(b),
    sumWeighted,
    areEqual: (a, b) => a.equals(b),
    encode: (element) => element.toBytes(),
    decode,
  };
  // The library's type of an element has no name, so that a declaration cannot contain it.
  return group as BlindingGroup<unknown>;
}

/** @throws ProtocolError `ELEMENT_*` */
function decode(bytes: Uint8Array): Element {
  assertElementShape(bytes);
  try {
    return Point.fromBytes(bytes);
  } catch {
    throw refused('ELEMENT_NOT_CANONICAL');
  }
}

/**
 * Interleaved multiplication of Straus ("Addition chains of vectors", 1964; Möller, SAC 2001): all
 * elements share the doublings.
 */
function sumWeighted(weights: readonly Uint8Array[], elements: readonly Element[]): Element {
  const digits = weights.map(signedDigits);
  const tables = elements.map(oddMultiples);
  let sum = Point.ZERO;
  for (let bit = Math.max(0, ...digits.map(({ length }) => length)) - 1; bit >= 0; bit--) {
    sum = sum.double();
    for (const [i, table] of tables.entries()) {
      const digit = digits[i]?.[bit] ?? 0;
      if (digit === 0) continue;
      const multiple = table[Math.abs(digit) >>> 1] as Element;
      sum = digit > 0 ? sum.add(multiple) : sum.subtract(multiple);
    }
  }
  return sum;
}

/** 1, 3, 5 and 7 times an element. */
function oddMultiples(element: Element): readonly Element[] {
  const twice = element.double();
  const multiples = [element];
  for (let i = 0; i < 3; i++) multiples.push((multiples[i] as Element).add(twice));
  return multiples;
}
