// ristretto255 on libsodium's own memory: what goes in is bounded, and nothing secret stays behind.

import sodium from 'libsodium-wrappers-sumo';
import { describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { loadRistretto255 } from '../../accel/ristretto-sodium.ts';
import type { PrivateInput } from '../../protocol/brands.ts';
import { fromHex, toHex } from '../support/oprf-engines.ts';
import { createRandom, testSeed } from '../support/random.ts';

const ORDER_LESS_ONE = fromHex('ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const ONE = fromHex(`01${'00'.repeat(31)}`);
const GENERATOR = 'e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76';

const group = await loadRistretto255();

describe('the group', () => {
  test('the group has the generator of RFC 9496 §4.1, whose multiple by the order minus one is its negative', () => {
    expect(toHex(group.multiplyBase(ONE) as Uint8Array)).toBe(GENERATOR);
    const negative = group.multiply(ORDER_LESS_ONE, fromHex(GENERATOR)) as Uint8Array;
    expect(toHex(group.add(negative, fromHex(GENERATOR)))).toBe('00'.repeat(32));
  });

  test('the group returns no product for the identity', () => {
    expect(group.multiplyBase(new Uint8Array(32))).toBeUndefined();
    expect(group.multiply(new Uint8Array(32), fromHex(GENERATOR))).toBeUndefined();
    expect(group.multiply(ONE, new Uint8Array(32))).toBeUndefined();
    expect(group.invertScalar(new Uint8Array(32))).toBeUndefined();
  });

  test('the group computes with scalars modulo the order', () => {
    const random = createRandom(testSeed('scalars'));
    for (let i = 0; i < 200; i++) {
      const a = group.reduceScalar(random.bytes(64));
      const b = group.reduceScalar(random.bytes(64));
      const inverse = group.invertScalar(b) as Uint8Array;
      expect(group.multiplyScalars(group.multiplyScalars(a, b), inverse)).toEqual(a);
      const difference = group.multiplyBase(group.subtractScalars(a, b)) as Uint8Array;
      expect(group.add(difference, group.multiplyBase(b) as Uint8Array)).toEqual(group.multiplyBase(a));
    }
    expect(group.subtractScalars(ONE, ONE)).toEqual(new Uint8Array(32));
  });

  test('the group generates distinct scalars in range', () => {
    const drawn = Array.from({ length: 200 }, () => group.randomScalar());
    expect(new Set(drawn.map(toHex)).size).toBe(200);
    for (const scalar of drawn)
      expect(group.reduceScalar(Uint8Array.from([...scalar, ...new Uint8Array(32)]))).toEqual(scalar);
  });

  test.each([0, 31, 33, 64, 100_000])('the group rejects an operand of %i bytes instead of 32', (length) => {
    const wrong = new Uint8Array(length).fill(1);
    const right = fromHex(GENERATOR);
    for (const call of [
      () => group.isValid(wrong),
      () => group.add(wrong, right),
      () => group.add(right, wrong),
      () => group.multiply(wrong, right),
      () => group.multiply(ONE, wrong),
      () => group.multiplyBase(wrong),
      () => group.invertScalar(wrong),
      () => group.multiplyScalars(wrong, ONE),
      () => group.subtractScalars(ONE, wrong),
    ])
      expect(call).toThrow(RangeError);
    if (length !== 64)
      for (const call of [() => group.fromHash(wrong), () => group.reduceScalar(wrong)])
        expect(call).toThrow(RangeError);
  });

  test('the group rejects a message that exceeds its memory', () => {
    const longest = new Uint8Array(66 * 1024);
    expect(group.sha512(longest)).toHaveLength(64);
    expect(() => group.sha512(longest, new Uint8Array(1))).toThrow(RangeError);
    expect(() => group.sha512(new Uint8Array(2 ** 24))).toThrow(RangeError);
  });
});

test('the memory of the module keeps nothing of a credential, a key or a blind', async () => {
  const random = createRandom(testSeed('wiped memory'));
  const oprf = await createSodiumOprf();
  const { libsodium } = sodium as unknown as { readonly libsodium: { readonly HEAPU8: Uint8Array } };
  const isThere = (bytes: Uint8Array): boolean => Buffer.from(libsodium.HEAPU8.buffer).includes(Buffer.from(bytes));
  const { secretKey, publicKey } = oprf.deriveKeyPair(random.bytes(32), new Uint8Array(0));

  const planted = random.bytes(16);
  libsodium.HEAPU8.set(planted, libsodium.HEAPU8.length - 16);
  expect(isThere(planted), 'the search finds what is there').toBe(true);

  for (const length of [16, 60, 300, 5000]) {
    const input = random.bytes(length) as PrivateInput;
    oprf.evaluate(secretKey, input);
    const { blind, blindedElement } = oprf.blind(input);
    const evaluated = oprf.blindEvaluate(secretKey, [blindedElement]);
    for (const element of evaluated) oprf.finalize(input, blind, element);
    oprf.verifyProof(publicKey, [blindedElement], evaluated, oprf.prove({ secretKey, publicKey }, [blindedElement]));
    for (const [name, secret] of Object.entries({
      input: input.subarray(0, 16),
      end: input.subarray(-16),
      secretKey,
      blind,
    }))
      expect(isThere(secret), `${name} of ${length} bytes`).toBe(false);
  }
});
