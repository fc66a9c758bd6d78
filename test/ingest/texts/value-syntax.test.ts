// Values in a syntax of their own, such as hex notation and hashes: no mark of it is a separator.

import { describe, expect, test } from 'vitest';
import { readCorpus, refusalOf } from '../../support/corpus-text.ts';

const WORDS = ['Sunrise', 'blue-horse', 'kettle', 'waterfall', 'Ann:Bob', 'mäuse', 'p w', '7;8'];
const passwordOf = (i: number): string => `${WORDS[i % WORDS.length]}${(i * 7919) % 10_000}`;
const hexOf = (i: number): string => `$HEX[${Buffer.from(passwordOf(i)).toString('hex')}]`;
const lines = (line: (i: number) => string, count = 400): string =>
  Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('');
const PAIRS = Array.from({ length: 400 }, (_, i) => `user${i}@example.test|${passwordOf(i)}`);

describe('the notation of hex', () => {
  test.each([':', ';', '|', '\t', ',', ' ', '::', '~', '----', '->', ' - '])('is a password behind %j', (s) => {
    expect(readCorpus(lines((i) => `user${i}@example.test${s}${hexOf(i)}`))).toEqual(PAIRS);
  });

  test.each([2, 10, 60, 95])('is one in %i of a hundred lines', (share) => {
    const corpus = lines((i) => `user${i}@example.test:${i % 100 < share ? hexOf(i) : `Word${passwordOf(i)}`}`);
    const expected = PAIRS.map((pair, i) => (i % 100 < share ? pair : pair.replace('|', '|Word')));
    expect(readCorpus(corpus)).toEqual(expected);
  });

  test('is one behind a URL, and of a username without @', () => {
    expect(readCorpus(lines((i) => `https://shop${i}.example.test/login:user${i}@example.test:${hexOf(i)}`))).toEqual(
      PAIRS,
    );
    expect(readCorpus(lines((i) => `user${i}${i % 7}x:${hexOf(i)}`))[1]).toBe(`user11x|${passwordOf(1)}`);
  });
});

describe('a hash in a syntax of its own is refused, never read as a password without its mark', () => {
  const body = (i: number): string => Buffer.from(`${i}-of-many-hashes-of-a-list-${i * i}`).toString('base64');
  test.each(['$2y$10$', '$6$', '$P$B', '$argon2id$v=19$m=65536,t=3,p=4$', '{SHA}', '{SSHA512}'])('%s', (start) => {
    expect(refusalOf(() => readCorpus(lines((i) => `user${i}@example.test:${start}${body(i)}`)))).toMatch(/^FORMAT_/);
  });
});
