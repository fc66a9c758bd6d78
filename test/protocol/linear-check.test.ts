// The linear check on its vectors: both groups and the Python client accept and refuse the same
// answers. PROTOCOL.md §16.

import { describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { loadRistretto255 } from '../../accel/ristretto-sodium.ts';
import { createSodiumGroup } from '../../accel/sodium-group.ts';
import { createNobleGroup } from '../../client-sdk/oprf/noble-group.ts';
import type { BlindedElement, OprfSecretKey, PublicKey } from '../../protocol/brands.ts';
import {
  drawLinearCheck,
  holdsLinearCheck,
  type LinearCheckGroup,
  linearCheckElement,
} from '../../protocol/linear-check.ts';
import { createNobleOprf, parseScalar } from '../../protocol/oprf.ts';
import { askPythonClient, hasPython } from '../support/client/python-client.ts';
import { fromHex, readVectors, toHex } from '../support/oprf-engines.ts';
import { createRandom, testSeed } from '../support/random.ts';

interface Vector {
  readonly name: string;
  readonly secretKey: string;
  readonly publicKey: string;
  readonly weights: readonly string[];
  readonly scalar: string;
  /** C_1 to C_n, and C_0 last. */
  readonly blindedElements: readonly string[];
  /** D_1 to D_n, and D_0 last. */
  readonly evaluatedElements: readonly string[];
  readonly holds: boolean;
}

const { vectors } = readVectors('linear-check.json') as { readonly vectors: readonly Vector[] };
const sodium = await createSodiumOprf();
const ristretto = await loadRistretto255();

type Group = LinearCheckGroup<unknown> & { decode(bytes: Uint8Array): unknown; encode(element: unknown): Uint8Array };
const GROUPS: readonly [string, (publicKey: PublicKey) => Group][] = [
  ['noble', (publicKey) => createNobleGroup(publicKey) as Group],
  ['libsodium', (publicKey) => createSodiumGroup(ristretto, publicKey) as Group],
];

test('the vectors have every kind of cheat, and one to 31 elements', () => {
  const kinds = new Set(vectors.map(({ name }) => name.replace(/ \(.*/, '')));
  expect(kinds).toEqual(
    new Set(['honest', 'one element off', 'another key', 'cancelling errors', 'swapped answers', 'only D_0 off']),
  );
  expect(vectors.filter(({ holds }) => holds).map(({ weights }) => weights.length)).toEqual([1, 3, 7, 31]);
  expect(vectors.filter(({ holds }) => !holds).length).toBeGreaterThan(10);
});

describe.each(GROUPS)('the linear check on %s', (_, createGroup) => {
  test.each(vectors.map((vector) => [vector.name, vector] as const))('vector: %s', (_, vector) => {
    const group = createGroup(fromHex(vector.publicKey));
    const secrets = {
      weights: vector.weights.map((weight) => fromHex(weight)),
      scalar: parseScalar<ReturnType<Group['randomScalar']>>(fromHex(vector.scalar)),
    };
    const decode = (hex: string): unknown => group.decode(fromHex(hex));
    const check = linearCheckElement(group, secrets, vector.blindedElements.slice(0, -1).map(decode));
    expect(toHex(group.encode(check))).toBe(vector.blindedElements.at(-1));
    const evaluated = vector.evaluatedElements.map(decode);
    expect(holdsLinearCheck(group, secrets, evaluated.slice(0, -1), evaluated.at(-1))).toBe(vector.holds);
  });

  test('accepts the evaluations of random elements, and no other number of them', () => {
    const random = createRandom(testSeed('linear check'));
    const { secretKey, publicKey } = sodium.deriveKeyPair(random.bytes(32), random.bytes(4));
    const group = createGroup(publicKey);
    for (let count = 1; count <= 31; count += 3) {
      const blinded = Array.from({ length: count }, () => ristretto.fromHash(random.bytes(64)));
      const secrets = drawLinearCheck(group, count);
      const check = group.encode(
        linearCheckElement(
          group,
          secrets,
          blinded.map((element) => group.decode(element)),
        ),
      );
      const evaluated = sodium
        .blindEvaluate(secretKey, [...blinded, check] as BlindedElement[])
        .map((element) => group.decode(element));
      const last = evaluated.pop();
      expect(holdsLinearCheck(group, secrets, evaluated, last)).toBe(true);
      expect(holdsLinearCheck(group, secrets, evaluated.slice(1), last)).toBe(false);
      expect(holdsLinearCheck(group, secrets, [...evaluated, last], last)).toBe(false);
      // As shares of colluding evaluators that cancel out.
      const nothing = group.subtract(last, last);
      expect(holdsLinearCheck(group, secrets, [nothing, ...evaluated.slice(1)], last)).toBe(false);
      expect(holdsLinearCheck(group, secrets, Array(count).fill(nothing), nothing)).toBe(false);
    }
  });

  test('draws odd weights of 64 bits, anew each time', () => {
    const group = createGroup(createNobleOprf().publicKey(Uint8Array.of(5, ...new Uint8Array(31)) as OprfSecretKey));
    const drawn = Array.from({ length: 50 }, () => drawLinearCheck(group, 7));
    const weights = drawn.flatMap((secrets) => secrets.weights.map(toHex));
    expect(new Set(weights).size).toBe(350);
    for (const weight of weights) expect(weight).toMatch(/^[0-9a-f][13579bdf][0-9a-f]{14}$/);
    // Every bit but the lowest takes both values: 350 equal ones have p = 2^-349.
    for (let bit = 1; bit < 64; bit++)
      expect(new Set(weights.map((weight) => ((fromHex(weight)[bit >> 3] as number) >> (bit & 7)) & 1)).size).toBe(2);
    expect(new Set(drawn.map(({ scalar }) => toHex(scalar))).size).toBe(50);
  });
});

test.skipIf(!hasPython)('the client from PROTOCOL.md alone agrees on every vector', async () => {
  expect(await askPythonClient({ linearChecks: vectors })).toEqual({
    linearChecks: vectors.map(({ blindedElements, holds }) => ({ element: blindedElements.at(-1), holds })),
  });
});
