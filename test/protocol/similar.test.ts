// Similarity forms: their definition, and equal entries from every code path that derives them.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { createHmacDeriver } from '../../ingest/derive/hmac-deriver.ts';
import { Sorters } from '../../ingest/sort/sorters.ts';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { createHmacSuite } from '../../protocol/hmac-suite.ts';
import { parseHmacKey } from '../../protocol/keys.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, MAX_OPRF_INPUT_BYTES, MAX_SIMILAR_FORMS } from '../../protocol/private-input.ts';
import { askedForms, similarForms } from '../../protocol/similar.ts';
import { TEST_CREDENTIALS } from '../../protocol/test-credentials.ts';
import { credentialRecords } from '../../store/run/credential-records.ts';
import { KIND_AT } from '../../store/run/record.ts';
import { seededKey } from '../support/dataset.ts';
import { mergedRecords } from '../support/merged-records.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const formsOf = (password: string): string[] =>
  similarForms(normalizePassword(password)).map((form) => Buffer.from(form).toString());
const askedOf = (password: string): string[] =>
  askedForms(normalizePassword(password)).map((form) => Buffer.from(form).toString());
const areSimilar = (a: string, b: string): boolean => formsOf(a).some((form) => formsOf(b).includes(form));

describe('the forms of a password', () => {
  test.each([
    ['Summer23', ['summer23', 'summer2', 'summer', 'ummer23']],
    ['abcdef', ['abcdef', 'abcde', 'abcd', 'bcdef']],
    ['abcde', ['abcde', 'abcd', 'bcde']],
    ['abcd', ['abcd']],
    ['abc', []],
    ['', []],
    ['aaaaaa', ['aaaaaa', 'aaaaa', 'aaaa']],
    ['AAaaA', ['aaaaa', 'aaaa']],
    [' Pass ', ['pass']],
    ['Summer2023!', ['summer2023', 'summer202', 'summer20', 'ummer2023', 'summer']],
    ['12summer', ['12summer', '12summe', '12summ', '2summer', 'summer']],
    ['1summer', ['isummer', 'isumme', 'isumm', 'summer']],
    ['2summer', ['2summer', '2summe', '2summ', 'summer']],
    ['abcd123', ['abcd123', 'abcd12', 'abcd1', 'bcd123']],
    ['P@$$w0rd', ['password', 'passwor', 'passwo', 'assword']],
    ['pa$$$$word', ['paword', 'pawor', 'pawo', 'aword']],
    ['l33th4x0r', ['leethaxor', 'leethaxo', 'leethax', 'eethaxor']],
    ['summer10', ['summer10', 'summer1', 'summer', 'ummer10']],
    ['!!!!', ['!!!!']],
    ['!!a!!', ['!!a!!', '!!a!', '!a!!']],
    ['PassPass', ['pass']],
    ['wordword1', ['wordword1', 'wordword', 'wordwor', 'ordword1']],
    ['1234567', ['1234567', '123456', '12345', '234567']],
    ['ab12cd99e', ['ab12cd99e', 'ab12cd99', 'ab12cd9', 'b12cd99e', 'abcde']],
    ['ab34cd345e', ['abeacd345e', 'abeacd345', 'abeacd34', 'beacd345e', 'abeacde']],
  ])('the forms of %j are as specified', (password, forms) => expect(formsOf(password)).toEqual(forms));

  test.each([
    ['Summer23', 'mmer23'],
    ['mycastle', 'castle'],
    ['abcd123', 'abcd'],
    ['anna19981', 'anna1'],
    ['12081987', '1208'],
    ['PassPassx', 'sspassx'],
    ['Ä🔋Öü🪨x', 'öü🪨x'],
  ])('a client asks for one form more of %j: %j', (password, more) =>
    expect(askedOf(password)).toEqual([...formsOf(password), more]),
  );

  test.each(['', 'abcde', '1234567', 'Summer2023!'])('a client asks for no form more of %j', (password) =>
    expect(askedOf(password)).toEqual(formsOf(password)),
  );

  test('forms are cut at code points, not at UTF-16 units or bytes', () => {
    expect(formsOf('🐴🔋📎🪨')).toEqual(['🐴🔋📎🪨']);
    expect(formsOf('🐴🔋📎')).toEqual([]);
    expect(formsOf('Ä🔋Öü🪨')).toEqual(['ä🔋öü🪨', 'ä🔋öü', '🔋öü🪨']);
  });

  test('composed and decomposed passwords have the same forms', () => {
    expect(formsOf('CAFE\u0301 12')).toEqual(formsOf('café 12'));
  });

  test('forms are lower-cased without a locale, each code point alone', () => {
    expect(formsOf('ISTANBUL')[0]).toBe('istanbul');
    // A final sigma would be another letter as soon as something follows it.
    expect(areSimilar('ΟΔΟΣ', 'ΟΔΟΣ1')).toBe(true);
    expect(formsOf('ΟΔΟΣ')).toEqual(['οδοσ']);
    // Two code points in lower case: they count as two.
    expect(formsOf('abİ')).toEqual(['abi\u0307']);
  });

  test('forms are fully lower-cased: folding again changes no letter with case and no mark', () => {
    const points = Array.from({ length: 0x11_0000 }, (_, point) => String.fromCodePoint(point));
    const changing = points.filter((point) => /[\p{Cased}\p{M}]/u.test(point));
    expect(changing.length).toBeGreaterThan(5000);
    const folded = changing.map((point) => formsOf(`wxyz${point}`)[0] ?? '');
    expect(folded.map((form) => formsOf(form)[0])).toEqual(folded);
  });
});

/** Passwords of letters that compose, grow in lower case, repeat, or lie beyond the BMP. */
function randomPassword(random: Random): string {
  const alphabet = random.pick(['aA1', 'aAbB12!', 'aE0@$ 37', 'eE\u0301ßİΣσς', '🐴🔋ﬀⱥȺ', 'a']);
  const letters = Array.from(alphabet);
  return Array.from({ length: random.below(12) }, () => random.pick(letters)).join('');
}

describe('similarity', () => {
  test('similarity does not depend on which password leaked', () => {
    const random = createRandom(testSeed('symmetry'));
    let similar = 0;
    for (let i = 0; i < 20_000; i++) {
      const [a, b] = [randomPassword(random), randomPassword(random)];
      expect(areSimilar(a, b)).toBe(areSimilar(b, a));
      if (areSimilar(a, b)) similar++;
    }
    expect(similar).toBeGreaterThan(100);
  });

  test('a password and its typical edits are similar', () => {
    for (const [leaked, typed] of [
      ['password1', 'Password1'],
      ['password', 'password1'],
      ['password1', 'password2'],
      ['password21', 'password22'],
      ['password', 'password99'],
      ['Password12', 'password'],
      ['password', '1password'],
      ['password!', 'password?1'],
      ['password', 'passw0rd'],
      ['password', 'P@ssword!'],
      ['password', 'password2019'],
      ['password2019', 'password77!'],
      ['password123', '123password'],
      ['password', 'passwordpassword'],
      // A number in front is none of letters in disguise.
      ['joyous10', '10joyous'],
      ['joyous50', '50joyous'],
      ['joyous', '0joyous'],
    ] as const)
      expect(areSimilar(leaked, typed), `${leaked} ${typed}`).toBe(true);
    for (const [leaked, typed] of [
      ['password', 'wordpass'],
      ['anna1985', 'anna7702'],
      ['abc', 'abc'],
      ['correct horse', 'battery staple'],
    ] as const)
      expect(areSimilar(leaked, typed), `${leaked} ${typed}`).toBe(false);
  });

  test('a password has at most the maximum number of forms, distinct and of four code points or more', () => {
    const random = createRandom(testSeed('forms'));
    for (let i = 0; i < 20_000; i++) {
      const forms = formsOf(randomPassword(random));
      expect(forms.length).toBeLessThanOrEqual(MAX_SIMILAR_FORMS);
      expect(new Set(forms).size).toBe(forms.length);
      for (const form of forms) expect(Array.from(form).length).toBeGreaterThanOrEqual(4);
    }
  });

  test('only the test credentials of pair and similar are similar', () => {
    const { pair, similar, username } = TEST_CREDENTIALS;
    expect(similar.username).toBe(pair.username);
    expect(similar.password).not.toBe(pair.password);
    expect(areSimilar(pair.password, similar.password)).toBe(true);
    expect(areSimilar(pair.password, username.password)).toBe(false);
  });
});

describe('entries of forms', () => {
  const key = parseHmacKey(createRandom(6).bytes(32));
  async function recordsOf(folder: string, fill: (sorters: Sorters) => void): Promise<string[]> {
    fs.mkdirSync(folder);
    const sorters = new Sorters(INDEX_NAMES, folder, 1 << 24);
    sorters.begin(0);
    fill(sorters);
    const chunks = sorters.finish();
    const records: string[] = [];
    for (const index of INDEX_NAMES)
      for (const record of await mergedRecords(folder, index, chunks[index] ?? [])) records.push(`${index} ${record}`);
    return records;
  }
  const kindOf = (record: string): number =>
    Number.parseInt(record.split(' ')[1]?.slice(2 * KIND_AT, 2 * KIND_AT + 2) ?? '', 16);

  test('entries of forms are the same from a batch as one by one, for any script and length', async ({ place }) => {
    const random = createRandom(testSeed('similar entries'));
    const credentials = Array.from({ length: 6000 }, () => ({
      username: random.pick([undefined, '', 'Ana', 'ana@example.test', 'ünï', 'x'.repeat(random.below(130))]),
      password: random.pick([randomPassword(random), `Pw${random.below(5000)}`, 'Aa1'.repeat(random.below(45))]),
      times: 1 + random.below(3),
    }));
    const plain = await recordsOf(place.at('plain'), (sorters) => {
      const records = credentialRecords(createHmacSuite(key), INDEX_NAMES, true);
      for (const { username, ...credential } of credentials)
        records.derive({ ...credential, ...(username !== undefined && { username }) }, sorters.emit);
    });
    const normalized = await recordsOf(place.at('normalized'), (sorters) => {
      const deriver = createHmacDeriver(key, sorters, true);
      for (const { username, password, times } of credentials)
        deriver.add(
          username === undefined ? undefined : normalizeUsername(username),
          normalizePassword(password),
          times,
        );
      deriver.flush();
    });
    const bytes = await recordsOf(place.at('bytes'), (sorters) => {
      const deriver = createHmacDeriver(key, sorters, true);
      for (const { username, password, times } of credentials) {
        const line = Buffer.from(`${username ?? ''}${password}`);
        const at = username?.length ?? 0;
        if (line.every((byte) => byte < 0x80))
          deriver.addBytes(line, username === undefined ? -1 : 0, at, at, line.length, times);
        else {
          const name = username === undefined ? undefined : normalizeUsername(username);
          deriver.add(name, normalizePassword(password), times);
        }
      }
      deriver.flush();
    });
    const similar = plain.filter((record) => kindOf(record) === EntryKind.similar);
    expect(similar.length).toBeGreaterThan(1000);
    expect(similar.every((record) => record.startsWith('account'))).toBe(true);
    expect(normalized).toEqual(plain);
    expect(bytes).toEqual(plain);
  });

  test('entries of forms are absent unless requested', async ({ place }) => {
    const without = await recordsOf(place.at('without'), (sorters) => {
      const deriver = createHmacDeriver(key, sorters);
      deriver.add(normalizeUsername('ana'), normalizePassword('Password1'), 1);
      deriver.flush();
    });
    expect(without.map(kindOf).sort()).toEqual([EntryKind.pair, EntryKind.username, EntryKind.password]);
  });

  test('entries of forms omit only a form that is too long in lower case', async () => {
    // U+023A has two bytes, its lower case three.
    const password = 'Ⱥ'.repeat(1_023);
    const username = 'x'.repeat(MAX_OPRF_INPUT_BYTES - 5 - 2 * 1_023);
    const kinds: number[] = [];
    const suite = seededKey('oprf', 1).createSuite(await createSodiumOprf());
    const records = credentialRecords(suite, INDEX_NAMES, true);
    records.derive({ username, password, times: 1 }, (_, record) => {
      kinds.push(record[KIND_AT] as number);
    });
    expect(kinds).toEqual([EntryKind.pair, EntryKind.username, EntryKind.password]);
  });
});
