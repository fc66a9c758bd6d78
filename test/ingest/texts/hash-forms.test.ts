// What stands behind hashes: a plaintext if the hash is of it, in any form that crackers write, and
// otherwise a salt, a count or the name of a file, which no password may become.

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFormat } from '../../../ingest/format-registry.ts';
import { isHashOf } from '../../../ingest/formats/hashes/hash-proofs.ts';
import { md4 } from '../../../ingest/md4.ts';
import { parseAll, readCorpus, refusalOf } from '../../support/corpus-text.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const random = createRandom(testSeed('hash forms'));
const hex = (digits: number): string => Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
const digest = (name: string, ...texts: (string | Buffer)[]): string =>
  texts.reduce((hash, text) => hash.update(text), createHash(name)).digest('hex');
const ntlm = (text: string): string => md4(Buffer.from(text, 'utf16le')).toString('hex');
const words = Array.from({ length: 200 }, (_, i) => `Wort${'x'.repeat(i % 5)}${random.below(10_000)}`);
const textOf = (line: (word: string, i: number) => string): string => words.map((w, i) => `${line(w, i)}\n`).join('');
const hexOf = (text: string): string => Buffer.from(text).toString('hex');

const HASHES: [string, (word: string) => string][] = [
  ['md5', (word) => digest('md5', word)],
  ['sha1', (word) => digest('sha1', word)],
  ['sha256', (word) => digest('sha256', word).toUpperCase()],
  ['sha512', (word) => digest('sha512', word)],
  ['ntlm', ntlm],
];

describe('plaintexts', () => {
  test.each(HASHES)('in hex behind %s are read as what they stand for', (_name, hashOf) => {
    expect(readCorpus(textOf((word) => `${hashOf(word)}:${hexOf(word)}`))).toEqual(words);
    expect(readCorpus(textOf((word) => `${hashOf(word)}:${word}:${hexOf(word)}`))).toEqual(words);
    expect(readCorpus(textOf((word) => `ann@x.example:${hashOf(word)}:${hexOf(word)}`))).toEqual(
      words.map((word) => `ann@x.example|${word}`),
    );
  });

  test('in hex behind a salt are found by the hash', () => {
    const text = textOf((word, i) => `${digest('sha1', word, `s${i}`)}:s${i}:${hexOf(word)}`);
    expect(readCorpus(text)).toEqual(words);
  });

  test('in hex that are none are rejected', () => {
    const lines = ['41', '4', '4g', '', '41 '].map((text) => `${hex(32)}:${text}\n`).join('');
    expect(parseAll(createFormat('hash-hexplain'), [lines])).toEqual([
      'A',
      '!malformed-row',
      '!malformed-row',
      '!empty-password',
      'A',
    ]);
  });

  const SALTED: [string, (word: string, salt: string) => string][] = [
    ['plain.salt', (word, salt) => digest('md5', word, salt)],
    ['salt.plain', (word, salt) => digest('sha256', salt, word)],
    ['salt.plain.salt', (word, salt) => digest('md5', salt, word, salt)],
    ['hash.salt', (word, salt) => digest('md5', digest('md5', word), salt)],
    ['two hashes', (word, salt) => digest('md5', digest('md5', salt), digest('md5', word))],
    ['UTF-16', (word, salt) => digest('sha1', Buffer.from(word, 'utf16le'), salt)],
    ['HMAC', (word, salt) => createHmac('sha256', salt).update(word).digest('hex')],
  ];
  test.each(SALTED)('behind a salt are found by the hash of %s', (_name, hashOf) => {
    const salts = words.map((_, i) => `a:${'b'.repeat(i % 4)}${i}`);
    expect(readCorpus(textOf((word, i) => `${hashOf(word, salts[i] as string)}:${salts[i]}:${word}`))).toEqual(words);
    expect(readCorpus(textOf((word) => `${hashOf(word, 'ÿa')}:${hexOf('ÿa')}:${word}`))).toEqual(words);
  });

  test('of LDAP are found by hashes that contain their salts', () => {
    const ssha = (word: string): string =>
      Buffer.concat([createHash('sha1').update(`${word}salt`).digest(), Buffer.from('salt')]).toString('base64');
    expect(readCorpus(textOf((word) => `{SSHA}${ssha(word)}:${word}`))).toEqual(words);
  });

  const MIXED: [string, number][] = [
    ['half', 2],
    ['few', 50],
  ];
  test.each(MIXED)('behind a salt in %s of the lines are found in each line', (_name, each) => {
    const write = (start: string) => (word: string, i: number) =>
      i % each === 1
        ? `${start}${digest('md5', word, `s:${i}`)}:s:${i}:${word}`
        : `${start}${digest('md5', word)}:${word}`;
    expect(readCorpus(textOf(write('')))).toEqual(words);
    expect(readCorpus(textOf(write('ann@x.example:')))).toEqual(words.map((word) => `ann@x.example|${word}`));
    const inverse = (word: string, i: number) => write('')(word, i % each === 1 ? 0 : 1);
    expect(readCorpus(textOf(inverse))).toEqual(words);
  });

  test('are proven in each line: a salt among them, or a hash of something else, is none', () => {
    const text = textOf((word, i) => `${i % 50 === 7 ? hex(32) : digest('md5', word)}:${word}`);
    const expected = words.map((word, i) => (i % 50 === 7 ? '!bad-hash' : word));
    expect(readCorpus(text)).toEqual(expected);
    expect(readCorpus(text.replaceAll('\n', ' \r\n'))).toEqual(expected);
    expect(parseAll(createFormat('hash-plain'), [text])).toEqual(words);
    const hexed = textOf((word, i) => `${i % 50 === 7 ? hex(32) : digest('md5', word)}:${hexOf(word)}`);
    expect(readCorpus(hexed)).toEqual(expected);
    const slow = textOf((word, i) => `${i % 50 === 7 ? `$2y$10$${hex(53)}` : digest('md5', word)}:${word}`);
    expect(readCorpus(slow)).toEqual(words);
  });

  test('of any encoding, and of old MySQL', () => {
    expect(isHashOf(digest('md5', Buffer.from('m\xfcller', 'latin1')), 'm\xfcller')).toBe(true);
    expect(isHashOf(digest('md5', 'm\xfcller'), '$HEX[6dc3bc6c6c6572]')).toBe(true);
    expect(isHashOf(digest('md5', Buffer.from([0xff])), '$HEX[ff]')).toBe(true);
    // A vector of hashcat's mode 200, which is PASSWORD('hashcat').
    expect(isHashOf('7196759210defdc0', 'hashcat')).toBe(true);
  });
});

describe('what is no plaintext is refused', () => {
  const NONE: [string, RegExp, (word: string, i: number) => string][] = [
    ['md5sum', /names of files/, (word) => `${hex(32)}  ${word}/${word}.jpg`],
    ['sha1sum', /names of files/, (word) => `${hex(40)}  ./${word}.tar.gz`],
    ['sha256sum of binaries', /names of files/, (word) => `${hex(64)} *${word}.iso`],
    ['md5sum with one blank', /names of files/, (word) => `${hex(32)} ${word}.jpg`],
    ['sha1:file', /names of files/, (word) => `${hex(40)}:${word}.jpg`],
    ['names of files in a table', /names of files/, (word) => `${hex(128)}\t${word}\\${word}.exe`],
    ['ClamAV', /salt or a password/, (word, i) => `${hex(32)}:${1000 + i}:Win.Trojan.${word}-${i}`],
    ['md5:username', /salt or a password/, (word) => `${hex(32)}:${word}`],
    ['md5:salt', /salt or a password/, () => `${hex(32)}:${hex(3 + random.below(7))}`],
    ['sha256:word', /salt or a password/, (word) => `${hex(64)}:${word}`],
    ['md5:salt:word', /salt or a password/, (word) => `${hex(32)}:${hex(6)}:${word}`],
    ['plaintexts in half of the lines', /salt or a password/, (w, i) => `${digest('md5', i % 2 ? w : '')}:${w}`],
    ['md5:address', /e-mail addresses/, (word) => `${hex(32)}:${word}@x.example`],
    ['bcrypt:address', /e-mail addresses/, (word) => `$2y$10$${hex(53)}:${word}@x.example`],
    ['bcrypt:hex', /hash-hexplain/, (word) => `$2y$10$${hex(53)}:${hexOf(word)}`],
    ['user:md5:salt', /salt or a password/, (word) => `${word}:${hex(32)}:${hex(3 + random.below(7))}`],
    ['user:sha1:word', /salt or a password/, (word) => `${word}:${hex(40)}:${word}`],
    ['user:bcrypt:hex', /hash-hexplain/, (word) => `${word}:$2y$10$${hex(53)}:${hexOf(word)}`],
    ['cards', /payment cards/, (_, i) => `4111111111111111|12|20${20 + (i % 9)}|${100 + i}`],
    ['cards with short years', /payment cards/, (_, i) => `378282246310005:0${1 + (i % 9)}/2${i % 9}:${1000 + i}`],
  ];
  test.each(NONE)('%s', (_name, what, line) => {
    const refusal = refusalOf(() => readCorpus(textOf(line)));
    expect(refusal).toMatch(/^FORMAT_USELESS/);
    expect(refusal).toMatch(what);
  });

  test('numbers of 16 digits with passwords are usernames, and no hashes', () => {
    const numbers = words.map(() => `3${Array.from({ length: 15 }, () => random.below(10)).join('')}`);
    expect(readCorpus(textOf((word, i) => `${numbers[i]}:${word}`))).toEqual(words.map((w, i) => `${numbers[i]}|${w}`));
  });
});
