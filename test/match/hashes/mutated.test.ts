// Mutated hashes: whatever a cell holds, parsing it ends with a reason or a hash that verifies
// without an error.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { HASH_FAULTS, isFault } from '../../../match/hashes/stored-hash.ts';
import { createRandom, type Random, testSeed } from '../../support/random.ts';

/** The hashes in the tests beside this one. */
const VECTORS = fs
  .readdirSync(import.meta.dirname)
  .flatMap(
    (name) => fs.readFileSync(path.join(import.meta.dirname, name), 'utf8').match(/(?<=')[^'\s]{24,}(?=')/g) ?? [],
  )
  .filter((text) => /[$:{]/.test(text));

const PIECES = [
  '$',
  ':',
  '{',
  '}',
  ',',
  '=',
  '0',
  '9',
  '1',
  '4294967295',
  '-1',
  ' ',
  '\0',
  'ä',
  '',
  'm=',
  'A',
  '/',
  '.',
];

function mutate(text: string, random: Random): string {
  let result = text;
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const at = random.below(result.length + 1);
    const end = Math.min(result.length, at + random.below(4));
    result = result.slice(0, at) + random.pick(PIECES) + result.slice(end);
  }
  return result;
}

test('never raise an error', () => {
  expect(VECTORS.length).toBeGreaterThan(100);
  const random = createRandom(testSeed('mutated hashes'));
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const text = mutate(random.pick(VECTORS), random);
    const parsed = parseHash(text, undefined);
    seen.add(isFault(parsed) ? parsed : 'parsed');
    if (isFault(parsed)) expect(HASH_FAULTS).toContain(parsed);
    // Verifying all of them would take hours: those that are cheap, and some of the others.
    else if (parsed.seconds < 1e-4 || (parsed.seconds < 0.02 && i % 20 === 0))
      expect(() => parsed.verify(Buffer.from('candidate')), text).not.toThrow();
  }
  expect([...seen].sort()).toEqual(
    ['parsed', 'malformed-hash', 'unknown-format', 'unsupported-hash', 'too-costly', 'login-disabled'].sort(),
  );
});
