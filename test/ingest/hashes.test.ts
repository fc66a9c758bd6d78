// Texts of hashes: lists, potfiles and accounts, by what their lines show.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFormat, detectFormat } from '../../ingest/format-registry.ts';
import type { CorpusFormat } from '../../ingest/formats/format.ts';
import { createSample } from '../../ingest/formats/sample.ts';
import { md4 } from '../../ingest/md4.ts';
import { parseAll, readCorpus, refusalOf } from '../support/corpus-text.ts';
import { createRandom, testSeed } from '../support/random.ts';

const digest = (name: string, text: string | Buffer): string => createHash(name).update(text).digest('hex');
const ntlm = (text: string): string => md4(Buffer.from(text, 'utf16le')).toString('hex');
const random = createRandom(testSeed('hashes'));
const hex = (digits: number): string => Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
const nameOf = (text: string): string => detectFormat(createSample(Buffer.from(text), true)).format.name;
const many = (line: (i: number) => string): string => Array.from({ length: 40 }, (_, i) => `${line(i)}\n`).join('');

describe('lists', () => {
  test.each([':', ' ', '\t', ',', ';', '|'])(
    'counts stand before or after a hash, with the separator %j',
    (separator) => {
      for (const digits of [40, 32]) {
        const hash = hex(digits);
        const name = digits === 40 ? 'sha1' : 'ntlm';
        const lists = [
          many((i) => [hex(digits), 50 - i].join(separator)),
          many((i) => [50 - i, hex(digits)].join(separator)),
        ];
        if (digits === 40) expect(nameOf(many((i) => `${hex(40)}:${' '.repeat(i % 5)}${50 - i}`))).toBe('sha1');
        for (const [at, list] of lists.entries())
          if (digits === 40 || (separator === ':' && at === 0)) expect(nameOf(list)).toBe(name);
          else expect(refusalOf(() => nameOf(list))).toMatch(/MD5 or NTLM.*--format ntlm/);
        const format = createFormat(name);
        const text = `${hash}${separator}7\n 7${separator}${hash}\n${hash} ${separator} 7\n${hash}\n${hash}${separator}0\n${hash}${separator}x\n`;
        expect(parseAll(format, [text])).toEqual([
          `${hash}*7`,
          `${hash}*7`,
          `${hash}*7`,
          hash,
          '!padding',
          '!bad-count',
        ]);
      }
    },
  );

  test('a list is read the same from text as from bytes, as a dry run and an ingest do', () => {
    for (const name of ['sha1', 'ntlm', 'pwdump', 'user-sha1']) {
      const { lines } = createFormat(name);
      for (const line of [
        hex(40),
        `${hex(32)}:4`,
        `ann:5:${hex(32)}:${hex(32)}:::`,
        `ann:${hex(40)}`,
        'x',
        ' ',
        'a:b',
      ]) {
        const fields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 0 };
        const bytes = Buffer.from(`#${line}#`);
        const reason = lines?.parseAscii?.(bytes, 1, bytes.length - 1, fields);
        const password = bytes.toString('latin1', fields.passwordFrom, fields.passwordTo);
        expect(lines?.parseLine(line), `${name} ${line}`).toEqual(reason ?? { password, times: fields.times });
      }
    }
  });

  test('numbers beside hashes are counts in an order, and plaintexts if the hashes are theirs', () => {
    const pins = ['482915', '19870412', '774411', '20010911', '5550123'];
    const pot = (hashOf: (pin: string) => string): string => pins.map((pin) => `${hashOf(pin)}:${pin}\n`).join('');
    for (const hashOf of [ntlm, (pin: string) => digest('md5', pin), (pin: string) => digest('sha1', pin)])
      expect(readCorpus(pot(hashOf))).toEqual(pins);
    // By an algorithm that is not computed here.
    for (const digits of [32, 40]) {
      const refusal = refusalOf(() => readCorpus(pot(() => hex(digits))));
      expect(refusal).toMatch(/counts or passwords.*--format (ntlm|sha1) .*--format hash-plain/);
    }
    expect(refusalOf(() => readCorpus(many((i) => `${hex(32)}:0${i}`)))).toMatch(/counts or passwords/);
    expect(nameOf(many((i) => `${hex(32)}:${9000 - 7 * i}`))).toBe('ntlm');
    expect(nameOf(many((i) => `0${i + 10}${hex(29)}:${1 + random.below(300)}`))).toBe('ntlm');
    expect(nameOf(many(() => `${hex(40)}:${1 + random.below(300)}`))).toBe('sha1');
  });

  test('hashes of 32 digits must be named unless they are the list of Have I Been Pwned', () => {
    const lists = [() => hex(32), () => hex(32).toUpperCase(), () => `${hex(32)}:${1 + random.below(300)}`];
    for (const line of lists)
      expect(refusalOf(() => readCorpus(many(line)))).toMatch(/MD5 or NTLM.*--format ntlm.*No index takes MD5/);
  });

  test('SHA-1 in base64 feeds the index of SHA-1', () => {
    const hashes = Array.from({ length: 20 }, () => hex(40));
    const base64 = hashes.map((hash) => `{SHA}${Buffer.from(hash, 'hex').toString('base64')}`);
    expect(readCorpus(base64.join('\n'))).toEqual(hashes);
    expect(readCorpus(base64.map((text, i) => `user${i}:${text}\r\n`).join(''))).toEqual(hashes);
    const { feeds, createParser } = createFormat('sha1-base64');
    expect(feeds).toEqual(['sha1']);
    expect(parseAll({ createParser } as CorpusFormat, [`{SHA}${hex(28)}\n{SSHA}${hex(32)}\n\n`])).toEqual([
      '!bad-hash',
      '!bad-hash',
      '!blank',
    ]);
  });

  test('hashes that no index takes are refused with what they are', () => {
    expect(refusalOf(() => readCorpus(many(() => hex(64))))).toMatch(/^FORMAT_USELESS: .*SHA-256/);
    expect(refusalOf(() => readCorpus(many(() => `$2y$10$${hex(53)}`)))).toMatch(/^FORMAT_USELESS: .*bcrypt/);
  });
});

describe('cracked hashes', () => {
  const words = Array.from({ length: 40 }, (_, i) => `word${'x'.repeat(i % 5)}${i}`);
  test.each<[string, (word: string) => string]>([
    ['MD5', (word) => digest('md5', word)],
    ['SHA-1', (word) => digest('sha1', word).toUpperCase()],
    ['SHA-256', (word) => digest('sha256', word)],
    ['NTLM', ntlm],
    ['bcrypt', () => `$2a$05$${hex(53)}`],
    ['phpass', () => `$P$B${hex(30)}`],
    ['sha512crypt', () => `$6$${hex(8)}$${hex(86)}`],
    ['NTLM of john', (word) => `$NT$${ntlm(word)}`],
    ['MD5 of john', (word) => `$dynamic_0$${digest('md5', word)}`],
    ['LDAP', (word) => `{SHA}${createHash('sha1').update(word).digest('base64')}`],
    ['MySQL', (word) => `*${digest('sha1', createHash('sha1').update(word).digest()).toUpperCase()}`],
    ['MD5 of MD5', (word) => digest('md5', digest('md5', word))],
    ['two algorithms', (word) => digest(word.length % 2 === 0 ? 'md5' : 'sha1', word)],
  ])('a potfile of %s gives its plaintexts', (_name, hashOf) => {
    expect(readCorpus(words.map((word) => `${hashOf(word)}:${word}\n`).join(''))).toEqual(words);
  });

  test('a plaintext is what follows the hash, in hex or with separators', () => {
    const lines = ['a:b', ':', '$HEX[c3a93a]', ' x ', '$HEX[41'].map((plain) => `${hex(32)}:${plain}`);
    expect(parseAll(createFormat('hash-plain'), [`${lines.join('\n')}\n${hex(32)}:\nx:y\n\n`])).toEqual([
      'a:b',
      ':',
      'é:',
      ' x ',
      '$HEX[41',
      '!empty-password',
      '!bad-hash',
      '!blank',
    ]);
  });

  test('a salt is told from a plaintext by the hash', () => {
    const salted = words.map((word, i) => `${digest('md5', `${word}s:${i}`)}:s:${i}:${word}\n`).join('');
    expect(readCorpus(salted)).toEqual(words);
    // Plaintexts of john with colons.
    const plain = words.map((word) => `a:${word}`);
    expect(readCorpus(plain.map((word) => `${digest('md5', word)}:${word}\n`).join(''))).toEqual(plain);
    // Salts alone.
    expect(refusalOf(() => readCorpus(many(() => `${hex(32)}:${hex(6)}`)))).toMatch(/salt or a password/);
  });

  test('usernames with hashes and plaintexts are pairs', () => {
    const pairs = words.map((word) => `${word}@example.test|${word}`);
    for (const hashOf of [ntlm, (word: string) => digest('sha1', word), () => `$2y$10$${hex(53)}`])
      expect(readCorpus(words.map((word) => `${word}@example.test:${hashOf(word)}:${word}\n`).join(''))).toEqual(pairs);
    expect(readCorpus(words.map((word) => `${word}@example.test;${ntlm(word)};${word}\n`).join(''))).toEqual(pairs);
    expect(refusalOf(() => readCorpus(many((i) => `u${i}@example.test:${hex(32)}:${hex(6)}`)))).toMatch(
      /^FORMAT_USELESS: .*usernames.*salt or a password.*--format user-hash-plain/,
    );
  });
});

describe('accounts', () => {
  test('pwdump gives the NTLM hashes of its accounts', () => {
    const lm = 'aad3b435b51404eeaad3b435b51404ee';
    const hashes = Array.from({ length: 5 }, () => hex(32));
    const text = hashes.map((hash, i) => `CORP\\user${i}:${1100 + i}:${lm}:${hash}:::\n`).join('');
    const found = [...hashes, '!empty-password', '!empty-password'];
    const more = `guest:501:${lm}:31d6cfe0d16ae931b73c59d7e0c089c0:::\nx:502:NO PASSWORD*********************:NO PASSWORD*********************:::\n`;
    expect(readCorpus(text + more)).toEqual(found);
    expect(readCorpus(text.replaceAll(':::', '::: (status=Enabled)') + more)).toEqual(found);
    expect(createFormat('pwdump').feeds).toEqual(['ntlm']);
  });

  test('usernames with SHA-1 hashes feed the index of SHA-1', () => {
    const hashes = Array.from({ length: 20 }, () => hex(40));
    expect(readCorpus(hashes.map((hash, i) => `u${i}@example.test:${hash}\n`).join(''))).toEqual(hashes);
    expect(createFormat('user-sha1').feeds).toEqual(['sha1']);
  });

  test.each([
    ['MD5', (i: number) => `u${i}@example.test:${hex(32)}`],
    ['SHA-256', (i: number) => `u${i}@example.test|${hex(64)}`],
    ['bcrypt', (i: number) => `u${i}@example.test:$2y$10$${hex(53)}`],
    ['shadow', (i: number) => `user${i}:$6$${hex(8)}$${hex(86)}:19000:0:99999:7:::`],
    ['passwd', (i: number) => `user${i}:x:${i}:${i}:User ${i}:/home/u${i}:/bin/sh`],
  ])('usernames with hashes of %s are refused with what they are', (what, line) => {
    const refusal = refusalOf(() => readCorpus(many(line)));
    expect(refusal).toMatch(/^FORMAT_USELESS/);
    expect(refusal).toContain(what);
  });
});
