// What crackers and login testers print is read as its pairs; passwd files are not taken for it.

import { expect, test } from 'vitest';
import { md4 } from '../../../ingest/md4.ts';
import { readCorpus, refusalOf } from '../../support/corpus-text.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const random = createRandom(testSeed('tool output'));
const words = Array.from({ length: 60 }, (_, i) => `Pw:${'x'.repeat(i % 5)}${random.below(10_000)}`);
const pairs = words.map((word, i) => `user${i}|${word}`);
const ntlm = (text: string): string => md4(Buffer.from(text, 'utf16le')).toString('hex');
const textOf = (line: (word: string, i: number) => string): string => words.map((w, i) => `${line(w, i)}\n`).join('');
const CRACKED = '\n60 password hashes cracked, 2 left\n';
const LM = 'aad3b435b51404eeaad3b435b51404ee';

test.each<[string, (word: string, i: number) => string, string]>([
  ['john --show of Unix', (word, i) => `user${i}:${word}:${1000 + i}:100:Ann, B:/home/u${i}:/bin/sh`, CRACKED],
  ['john --show of Windows', (word, i) => `user${i}:${word}:${1000 + i}:${LM}:${ntlm(word)}:::`, CRACKED],
  ['hydra', (word, i) => `[22][ssh] host: 192.0.2.${i}   login: user${i}   password: ${word}`, ''],
  ['medusa', (word, i) => `ACCOUNT FOUND: [ssh] Host: 192.0.2.7 User: user${i} Password: ${word} [SUCCESS]`, ''],
])('%s', (_name, line, tail) => {
  expect(readCorpus(textOf(line) + tail).filter((found) => !/^!(?:blank|comment)$/.test(found))).toEqual(pairs);
});

test('accounts whose second field is a hash, or is not that of their hash, are none of it', () => {
  const passwd = textOf((_, i) => `user${i}:ab01cdEF./xyz:${1000 + i}:100:Ann:/home/u${i}:/bin/sh`);
  const other = textOf((word, i) => `user${i}:${word}:${1000 + i}:${LM}:${ntlm(`${word}x`)}:::`);
  for (const text of [passwd, other])
    expect(refusalOf(() => readCorpus(text))).toMatch(/^FORMAT_USELESS.*--format john-show/);
});
