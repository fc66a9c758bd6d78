// What crackers and login testers print is read as its pairs; passwd files are not taken for it.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
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

test.each<[string, (word: string, i: number) => string, string]>([
  [
    'NetExec',
    (word, i) => `SMB         192.0.2.${i}       445    HOST${i}           [+] user${i}:${word} (Pwn3d!)`,
    '',
  ],
  ['CrackMapExec', (word, i) => `SMB         192.0.2.${i}       445    HOST${i}           [+] user${i}:${word} `, ''],
  [
    'NetExec over SSH',
    (word, i) => `SSH  192.0.2.${i}  22  192.0.2.${i}  [+] user${i}:${word}  Linux - Shell access!`,
    '',
  ],
  ['Ncrack', (word, i) => `192.0.2.${i} 22/tcp ssh: 'user${i}' '${word}'`, 'Ncrack finished.\n'],
  ['Metasploit', (word, i) => `[+] 192.0.2.${i}:22 - Success: 'user${i}:${word}' 'uid=0(root)'`, '[*] Done\n'],
  ['legba', (word, i) => `[INFO ] [2024-01-02 10:11:12] (ssh) <192.0.2.7:22> username=user${i} password=${word}`, ''],
  ['secretsdump', (word, i) => `user${i}:CLEARTEXT:${word}`, '[*] Cleaning up\n'],
])('%s', (_name, line, tail) => {
  expect(readCorpus(textOf(line) + tail).filter((found) => found !== '!comment')).toEqual(pairs);
});

test('NetExec: other lines are its log, domains are of the login, and passed hashes are no passwords', () => {
  const host = 'SMB         192.0.2.7       445    HOST           ';
  const text = textOf(
    (word, i) =>
      `${host}[*] Windows 10 (name:HOST)\n${host}[-] CORP\\x:${word} STATUS_LOGON_FAILURE\n${host}[+] CORP\\user${i}:${word}`,
  );
  const hash = `${host}[+] CORP\\eve:${ntlm('x')} (Pwn3d!)\n${host}[+] CORP\\eve:${LM}:${ntlm('x')}\n`;
  const found = readCorpus(text + hash).filter((each) => each !== '!comment');
  expect(found).toEqual([...pairs.map((pair) => `CORP\\${pair}`), '!hash-password', '!hash-password']);
});

test('NetExec: what Windows says of the right password alone is read', () => {
  const host = 'SMB         192.0.2.7       445    HOST           ';
  const text = textOf((word, i) => `${host}[-] CORP\\user${i}:${word} STATUS_PASSWORD_MUST_CHANGE`);
  const failed = `${host}[-] CORP\\eve:x STATUS_ACCOUNT_LOCKED_OUT\n${host}[+] CORP\\bob:pw1\n`;
  expect(readCorpus(text + failed)).toEqual([...pairs.map((pair) => `CORP\\${pair}`), '!comment', 'CORP\\bob|pw1']);
});

describe('mdxfind', () => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

  test('the hash tells the plaintext from a login behind it and a salt before it', () => {
    const text = words.map((word, i) =>
      i % 2 ? `MD5x01 ${md5(word)}:${word}:user${i}` : `MD5SALTx01 ${md5(`${word}s${i}`)}:s${i}:${word}`,
    );
    expect(readCorpus(`${text.join('\n')}\n`)).toEqual(words);
    expect(readCorpus(words.map((word) => `MD5x01 ${md5(word)}:${word}\n`).join(''))).toEqual(words);
  });

  test('what no hash is of is rejected, and salted hashes that are not computed end with it', () => {
    const text = words.map((word, i) =>
      i % 2
        ? `MD5x01 ${'a'.repeat(32)}:${word}`
        : `MD5SALTx02 ${'b'.repeat(32)}:s:${i}:$HEX[${Buffer.from(word).toString('hex')}]`,
    );
    expect(readCorpus(`${text.join('\n')}\n`)).toEqual(words.map((word, i) => (i % 2 ? '!bad-hash' : word)));
  });
});

describe('an address in brackets', () => {
  const lines = (write: (i: number, word: string) => string): string =>
    words.map((word, i) => `${write(i, word.replaceAll(/[\s:]/g, ''))}\n`).join('');

  test('and a password in brackets behind a mark is read', () => {
    const bare = words.map((word, i) => `ann${i}@x.example|${word.replaceAll(/[\s:]/g, '')}`);
    expect(readCorpus(lines((i, word) => `<ann${i}@x.example>:<${word}>`))).toEqual(bare);
    expect(readCorpus(lines((i, word) => `Ann <ann${i}@x.example> ${word}`))).toEqual(bare);
  });

  test.each([
    ['a handle', (i: number) => `@handle${i}x`],
    ['a name in brackets', (i: number) => `(handle${i})`],
    ['an address', (i: number) => `<bob${i}@x.example>`],
    ['a number', (i: number) => `555-12${i}`],
  ])('and %s is refused', (_name, write) => {
    expect(refusalOf(() => readCorpus(lines((i) => `Ann <ann${i}@x.example> ${write(i)}`)))).toContain(
      'FORMAT_UNRECOGNISED',
    );
  });
});
