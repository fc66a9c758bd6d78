// Recoding of the weights of the linear check.

import { expect, test } from 'vitest';
import { signedDigits } from '../../../client-sdk/oprf/signed-digits.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const sumOf = (digits: readonly number[]): bigint =>
  digits.reduce((sum, digit, i) => sum + BigInt(digit) * 2n ** BigInt(i), 0n);
const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => 256n * sum + BigInt(byte), 0n);

test('signed digits have the value of their bytes, are odd or 0, and stand apart', () => {
  const random = createRandom(testSeed('signed digits'));
  const edges = [new Uint8Array(8), new Uint8Array(8).fill(255), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 128)];
  for (const bytes of [...edges, ...Array.from({ length: 2_000 }, () => random.bytes(8))]) {
    const digits = signedDigits(bytes);
    expect(sumOf(digits)).toBe(littleEndian(bytes));
    const places = digits.flatMap((digit, i) => (digit === 0 ? [] : [i]));
    for (const [i, place] of places.entries()) {
      const digit = digits[place] ?? 0;
      expect([Math.abs(digit) % 2, Math.abs(digit) <= 7]).toEqual([1, true]);
      expect((places[i + 1] ?? Number.POSITIVE_INFINITY) - place).toBeGreaterThanOrEqual(4);
    }
  }
});
