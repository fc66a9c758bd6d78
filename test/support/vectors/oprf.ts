// Vectors of PROTOCOL.md §15 and §16: encodings, both blindings, proofs, the linear check.

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import type { BlindScalar, PrivateInput } from '../../../protocol/brands.ts';
import { createNobleOprf, parseScalar } from '../../../protocol/oprf.ts';
import { fromHex, toHex } from '../examples/oprf-examples.ts';
import { readVectors } from '../oprf-engines.ts';
import { createRandom } from '../random.ts';
import { SECRET_KEY } from './inputs.ts';

const { Point } = ristretto255;
const DST = 'HashToGroup-OPRFV1-\x01-ristretto255-SHA512';
const oprf = createNobleOprf();
const publicKey = oprf.publicKey(SECRET_KEY);
const keys = { secretKey: SECRET_KEY, publicKey };

function scalarOf(seed: number): BlindScalar {
  const bytes = createRandom(seed).bytes(32);
  bytes[31] = (bytes[31] as number) & 0x0f;
  return parseScalar(bytes);
}

const INPUTS = ['61', '', 'c3a9'.repeat(40)].map((hex) => fromHex<PrivateInput>(hex));

const blindings = () =>
  INPUTS.map((input, i) => {
    const blind = scalarOf(i + 1);
    const multiplied = oprf.blind(input, blind).blindedElement;
    const [evaluated] = oprf.blindEvaluate(SECRET_KEY, [multiplied]);
    const number = Point.Fn.fromBytes(Uint8Array.from(blind));
    const added = ristretto255_hasher.hashToCurve(input, { DST }).add(Point.BASE.multiply(number));
    const [addedEvaluated] = oprf.blindEvaluate(SECRET_KEY, [added.toBytes() as never]);
    return {
      ...{ input: toHex(input), blind: toHex(blind), output: toHex(oprf.evaluate(SECRET_KEY, input)) },
      multiplication: { blindedElement: toHex(multiplied), evaluatedElement: toHex(evaluated as Uint8Array) },
      addition: { blindedElement: toHex(added.toBytes()), evaluatedElement: toHex(addedEvaluated as Uint8Array) },
    };
  });

function proofs() {
  const blinded = INPUTS.slice(0, 2).map((input, i) => oprf.blind(input, scalarOf(i + 10)).blindedElement);
  const evaluated = oprf.blindEvaluate(SECRET_KEY, blinded);
  const make = (count: number) => toHex(oprf.prove(keys, blinded.slice(0, count), scalarOf(20)));
  const both = { blindedElements: blinded.map(toHex), evaluatedElements: evaluated.map(toHex) };
  const swapped = {
    blindedElements: [...both.blindedElements].reverse(),
    evaluatedElements: [...both.evaluatedElements].reverse(),
  };
  const first = {
    blindedElements: both.blindedElements.slice(0, 1),
    evaluatedElements: both.evaluatedElements.slice(0, 1),
  };
  return [
    { name: 'one element', ...first, proof: make(1), valid: true },
    { name: 'two elements', ...both, proof: make(2), valid: true },
    { name: 'two elements in another order', ...swapped, proof: make(2), valid: false },
    { name: 'the proof of one element for two', ...both, proof: make(1), valid: false },
    { name: 'the proof of two elements for one', ...first, proof: make(2), valid: false },
    {
      name: 'one element twice',
      ...both,
      evaluatedElements: [both.evaluatedElements[0], both.evaluatedElements[0]],
      proof: make(2),
      valid: false,
    },
  ];
}

const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const littleEndian = (number: bigint): string =>
  toHex(Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn)));

/** Encodings that RFC 9496 refuses, and those that this page refuses besides. */
function encodings() {
  const { vectors } = readVectors('rfc9496-invalid-encodings.json') as { readonly vectors?: readonly string[] };
  const invalid =
    vectors ?? (Object.values(readVectors('rfc9496-invalid-encodings.json') as object).flat(2) as string[]);
  return {
    elements: [...invalid.filter((one) => /^[0-9a-f]{64}$/.test(one)), '00'.repeat(32), toHex(publicKey).slice(2)],
    scalars: [littleEndian(0n), littleEndian(order), 'ff'.repeat(32)],
  };
}

export const oprfVectors = () => ({
  ...{ secretKey: toHex(SECRET_KEY), publicKey: toHex(publicKey) },
  blindings: blindings(),
  proofs: proofs(),
  linearChecks: (readVectors('linear-check.json') as { vectors: { weights: string[] }[] }).vectors.filter(
    ({ weights }) => weights.length <= 7,
  ),
  refused: encodings(),
});
