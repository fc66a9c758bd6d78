// Plaintexts beside their hashes, in any order and with the algorithm named: each line is proven.

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readCorpus } from '../../support/corpus-text.ts';

const WORDS = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? `sun set:${i}` : `Sun-${i}rise`));
const hashOf = (name: string, word: string): string => createHash(name).update(word).digest('hex');
const text = (write: (word: string) => string, head = ''): string =>
  head + WORDS.map((word) => `${write(word)}\n`).join('');
const withoutRejects = (found: readonly string[]): readonly string[] => found.filter((line) => !line.startsWith('!'));

test.each([':', ';', '\t', ','])('plain%jhash is read as the plaintexts', (sign) => {
  for (const name of ['md5', 'sha1', 'sha256'])
    expect(readCorpus(text((word) => `${word}${sign}${hashOf(name, word)}`))).toEqual(WORDS);
  const ldap = text((word) => `${word}${sign}{SHA}${createHash('sha1').update(word).digest('base64')}`);
  expect(readCorpus(ldap)).toEqual(WORDS);
});

test('plain:hash has a line left out aloud whose hash is of something else', () => {
  const other = hashOf('sha1', 'other');
  const found = readCorpus(text((word) => `${word}:${word === 'Sun-7rise' ? other : hashOf('sha1', word)}`));
  expect(found).toEqual(WORDS.map((word) => (word === 'Sun-7rise' ? '!bad-hash' : word)));
});

test('user:hash stays what it is', () => {
  expect(readCorpus(text((word) => `user${word.length}:${hashOf('sha1', word)}`))[0]).toBe(
    hashOf('sha1', WORDS[0] ?? ''),
  );
});

test.each<[string, (hash: string, word: string) => string, string]>([
  ['word,sha1', (hash, word) => `${word},${hash}`, 'word,sha1\n'],
  ['hash:plain:ALGO', (hash, word) => `${hash}:${word}:SHA1`, ''],
  ['hash, algorithm, plain', (hash, word) => `${hash}\tsha1\t${word}`, 'Hash\tType\tResult\n'],
  ['hash,plaintext,algorithm', (hash, word) => `${hash},${word},SHA1`, 'hash,plaintext,algorithm\n'],
])('%s is proven', (_, write, head) => {
  expect(withoutRejects(readCorpus(text((word) => write(hashOf('sha1', word), word), head)))).toEqual(WORDS);
});

test('blanks at the end of a plaintext are its own if the hash says so', () => {
  const padded = WORDS.map((word, i) => (i % 3 === 0 ? `${word} ` : word));
  const lines = padded.map((word) => `${hashOf('md5', word)}:${word}\r\n`).join('');
  expect(readCorpus(lines)).toEqual(padded);
});
