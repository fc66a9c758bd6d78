// The fast path of signs compared with the plain one.

import { describe, expect, test } from 'vitest';
import { addSigns, SignCounter, type SignCounts } from '../../../ingest/report/signs.ts';
import { createRandom, type Random, testSeed } from '../../support/random.ts';

const PIECES = [
  ...[
    'ana',
    'B',
    '7',
    '123456789012',
    '@',
    'example.com',
    'http',
    'HTTPS',
    'chrome',
    'files',
    '://',
    ':',
    ';',
    ' ',
    '"',
  ],
  ...['{', '<', '|', '&amp;', '$', '_', '~', '\t', 'a'.repeat(32), '0'.repeat(40), 'INSERT ', ',', '`'],
];

const field = (random: Random): string => Array.from({ length: random.below(4) }, () => random.pick(PIECES)).join('');

/** Counts of the same credentials, as bytes and as text. */
function countBoth(random: Random, credentials: number): [SignCounts, SignCounts] {
  const [ofBytes, ofText] = [new SignCounter(7), new SignCounter(7)];
  for (let i = 0; i < credentials; i++) {
    const [name, password] = [field(random), field(random)];
    const hasName = random.below(8) > 0;
    const bytes = Buffer.from(`..${name}:${password}`).subarray(2);
    const at = name.length + 1;
    if (ofBytes.isDue) ofBytes.observeAscii(bytes, hasName ? 0 : -1, hasName ? name.length : -1, at, bytes.length);
    if (ofText.isDue) ofText.observe(hasName ? name : undefined, password);
  }
  return [ofBytes.counts(), ofText.counts()];
}

describe('the signs of a text', () => {
  test('a credential of plain ASCII shows the same signs as bytes and as text', () => {
    const random = createRandom(testSeed('signs'));
    for (let round = 0; round < 2000; round++) {
      const [ofBytes, ofText] = countBoth(random, 1 + random.below(3));
      expect(ofBytes).toEqual(ofText);
    }
    const [ofBytes, ofText] = countBoth(random, 40_000);
    expect(ofBytes).toEqual(ofText);
    expect(Object.keys(ofText.signs).length).toBeGreaterThan(10);
    expect(addSigns(ofBytes, ofText).observed).toBe(2 * ofText.observed);
  });

  test('a value of more than a fifth of all is among the frequent ones, with a lower bound of its count', () => {
    const random = createRandom(testSeed('frequent'));
    const counter = new SignCounter(7);
    let frequent = 0;
    for (let i = 0; i < 8000; i++) {
      const isFrequent = random.below(3) === 0;
      if (isFrequent) frequent++;
      counter.observe(`u${i}`, 'x'.repeat(isFrequent ? 99 : random.below(90)));
    }
    const count = new Map(counter.counts().lengths).get(99) ?? 0;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(frequent);
  });
});
