// Random rules: printed and parsed they stay the same, and compiled they equal a naive interpreter.

import { expect, test } from 'vitest';
import { runRandomRules } from '../../support/gateway/rules/random-cases.ts';
import { testSeed } from '../../support/random.ts';

test('random rules of random requests are what a naive interpreter finds', () => {
  const counts = runRandomRules(20_000, testSeed('random rules'));
  // Each outcome occurs often enough to be a test of it.
  for (const outcome of ['true', 'false', 'undefined']) expect(counts[outcome]).toBeGreaterThan(2_000);
});
