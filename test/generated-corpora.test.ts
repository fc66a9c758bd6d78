// The generator of corpus files: its files come from the seed alone, and hold what their truth
// says.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { seededKey } from './support/dataset.ts';
import { Content } from './support/generated/draft.ts';
import { ENCODINGS, encodeText, suits } from './support/generated/encodings.ts';
import { FAMILIES, isHeldOut } from './support/generated/families.ts';
import { generateFile } from './support/generated/generate.ts';
import { md4, ntlm } from './support/generated/md4.ts';
import { Vocabulary } from './support/generated/vocabulary.ts';
import { expectedRecords } from './support/judge/records.ts';
import { root } from './support/paths.ts';
import { createRandom } from './support/random.ts';

const FOLDER = path.join(root, 'test/support/generated');

describe('the generator of corpus files', () => {
  test('imports nothing of ingest', () => {
    const texts = fs.readdirSync(FOLDER).map((name) => fs.readFileSync(path.join(FOLDER, name), 'utf8'));
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(text).not.toMatch(/from '[^']*(ingest|cli|store|protocol)\//);
  });

  test('makes the same files from the same seed, and others from another', () => {
    for (let number = 0; number < 60; number++) {
      const [one, same, other] = [generateFile(7, number), generateFile(7, number), generateFile(8, number)];
      expect([...same.tree]).toEqual([...one.tree]);
      expect(same.truth).toEqual(one.truth);
      expect([...other.tree]).not.toEqual([...one.tree]);
    }
  });

  test('never makes a file of a held-out format where only those for building are asked for', () => {
    for (let number = 0; number < 300; number++) expect(generateFile(3, number, true).isHeldOut).toBe(false);
  });

  test('holds out about a quarter of the formats, and no whole family of many', () => {
    const formats = FAMILIES.map((family) =>
      family.dialects.flatMap((dialect) => family.separators.map((separator) => ({ family, dialect, separator }))),
    );
    const share = formats.flat().filter(isHeldOut).length / formats.flat().length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.3);
    for (const some of formats) expect(some.every(isHeldOut)).toBe(false);
  });

  test.each(FAMILIES.map((family) => [family.name, family] as const))('%s: the records hold the truth', (_, family) => {
    for (const dialect of family.dialects)
      for (const separator of family.separators) {
        const words = new Vocabulary(1, 'latin', 'q0k');
        const { head, records, truth } = family.make({ words, dialect, separator, size: 5 });
        const text = [...head, ...records].join('\n');
        // Usernames are written as they are in every format; passwords may be escaped.
        for (const { username } of truth.holds.pairs) expect(text).toContain(username);
        for (const { hex } of truth.holds.hashes) expect(text.toLowerCase()).toContain(hex);
        if (family.name === 'combo') for (const { password } of truth.holds.pairs) expect(text).toContain(password);
      }
  });

  test('encodes what TextDecoder decodes to the same text', () => {
    const texts = [
      'ann@example.test:Straße£\n',
      'Пароль: тест\n',
      '密码：我爱\n',
      'şifre ğ\n',
      'パス\n',
      'hasło ą\n',
      '비밀\n',
    ];
    let compared = 0;
    for (const { name } of ENCODINGS)
      for (const text of texts) {
        if (/,| and | inner /.test(name) || !suits(name, text)) continue;
        const label = name.replace(' with BOM', '');
        expect(new TextDecoder(label).decode(encodeText(name, text, createRandom(1))), name).toBe(text);
        compared++;
      }
    expect(compared).toBeGreaterThan(40);
    expect(suits('windows-1251', 'Straße')).toBe(false);
    expect(suits('windows-1251', 'plain')).toBe(false);
  });

  test('hashes as RFC 1320 and Windows do', () => {
    expect(md4(Buffer.from('')).toString('hex')).toBe('31d6cfe0d16ae931b73c59d7e0c089c0');
    expect(md4(Buffer.from('message digest')).toString('hex')).toBe('d9130a8164549fe818874806e1c7014b');
    expect(md4(Buffer.from('1234567890'.repeat(8))).toString('hex')).toBe('e33b4ddc9c38f2199c3e7b164fcc0536');
    expect(ntlm('password')).toBe('8846f7eaee8fb117ad06bdd830b7586c');
  });
});

describe('the records of a truth', () => {
  test('are a pair, a username and a password, or a hash', () => {
    const content = new Content();
    content.pairs.push({ username: 'Ann@Example.test', password: 'x' });
    content.passwords.push({ password: 'y', times: 7 });
    content.usernames.push('bob');
    content.hashes.push({ index: 'sha1', hex: 'AB'.repeat(20), times: 2 });
    const { items, times } = expectedRecords(seededKey('hmac', 1).createSuite(), content);
    expect(items.map((names) => names.map((name) => name.split(' ', 2).join(' ')))).toEqual([
      ['account 1', 'account 2', 'password 3'],
      ['password 3'],
      ['account 2'],
      ['sha1 0'],
    ]);
    expect(times.get(items[1]?.[0] as string)).toBe(7);
    expect(times.get(`sha1 0 ${'ab'.repeat(20)}`)).toBe(2);
  });
});
