// The table of accounts: names in all their spellings, faults by reason, and a digest of it all.

import { expect, test } from 'vitest';
import { asciiNameKey, nameKey, namesIn } from '../../../match/users/account-names.ts';
import { PackedTexts } from '../../../match/users/packed-texts.ts';
import { UserTable } from '../../../match/users/user-table.ts';

const HASH = '$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1';
const row = (id: string | undefined, names: (string | undefined)[], hash: string | undefined = HASH) => ({
  id,
  names,
  hash,
  salt: undefined,
});

test('finds the accounts of a name, by each of its spellings', () => {
  const table = new UserTable({});
  table.row(row('1', ['Alice ', 'A.Li.Ce+shop@GoogleMail.com']));
  table.row(row('2', ['alice', 'bob@BÜCHER.example']));
  const find = (name: string): string[] => {
    const ids: string[] = [];
    table.find(nameKey(name), (account) => ids.push(table.idOf(account)));
    return ids.sort();
  };
  expect(find('ALICE')).toEqual(['1', '2']);
  expect(find('alice@gmail.com')).toEqual(['1']);
  expect(find('a.lice+x@gmail.com')).toEqual(['1']);
  expect(find('bob@xn--bcher-kva.example')).toEqual(['2']);
  expect(find('carol')).toEqual([]);
  expect(find('')).toEqual([]);
});

test.each(['a@example.com', 'a+b@example.com', 'a.b@gmail.com', '+@x', 'a@b@gmail.com', 'a', '@', 'x@notgmail.com'])(
  'the key of %s is the same by both paths',
  (name) => {
    expect(asciiNameKey(name)).toBe(nameKey(name));
  },
);

test.each([
  '<ann@example.com>',
  'Ann Lee <ann@example.com>',
  '"Lee, Ann" <ann@example.com>',
  'mailto:ann@example.com',
  'ann@example.com.',
  "'ann@example.com'",
  '{ann@example.com}',
  '["ann@example.com"]',
  'ben@example.com;ann@example.com',
  'ben@example.com, ANN@example.com',
  'ben@example.com\u00a0ann@example.com\0',
  '@ann ann+shop@example.com',
])('finds the address in %j', (cell) => {
  const table = new UserTable({});
  table.row(row('1', [cell]));
  const found: number[] = [];
  for (const name of ['ann@example.com', cell]) table.find(nameKey(name), (account) => found.push(account));
  expect(found).toEqual([0, 0]);
});

test('takes no other address than those of a cell, and no part of one', () => {
  for (const name of ['ann', "o'neil@example.com", 'a{b}c@example.com', 'ann@example.com', '@ann', 'ann@', ''])
    expect(namesIn(name)).toEqual([name]);
  expect(namesIn('x'.repeat(60_000)).length).toBe(1);
  expect(namesIn('a@b '.repeat(60_000)).length).toBe(2);
  const many = Array.from({ length: 1000 }, (_, i) => `a@${i}`).join(' ');
  expect(namesIn(many).length).toBe(65);
});

test('counts kinds of hashes, and accounts without one by reason', () => {
  const table = new UserTable({});
  table.row(row('1', ['a']));
  table.row(row('2', ['b'], '$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u'));
  table.row(row('3', ['c'], ''));
  table.row(row('4', ['d'], 'nonsense'));
  table.row(row('5', ['', undefined, ' ']));
  table.row(row(undefined, ['e']));
  table.row(row(' ', ['f']));
  table.row(row('6', ['x'.repeat(100_000)]));
  table.reject('malformed-row');
  expect(table.accounts).toBe(5);
  expect(table.kinds.map(({ kind, accounts }) => [kind, accounts])).toEqual([
    ['md5-crypt', 2],
    ['bcrypt cost 10', 1],
  ]);
  expect([...table.faults]).toEqual([
    [2, 'no-hash'],
    [3, 'unknown-format'],
    [4, 'no-name'],
  ]);
  expect(table.rejects).toEqual({ 'malformed-row': 1, 'missing-column': 2, 'too-long': 1 });
});

test('has a digest of its rows and their order', () => {
  const digestOf = (rows: ReturnType<typeof row>[]): string => {
    const table = new UserTable({});
    for (const each of rows) table.row(each);
    return table.digest().toString('hex');
  };
  const [a, b] = [row('1', ['a']), row('2', ['b'])];
  expect(digestOf([a, b])).toBe(digestOf([a, b]));
  expect(digestOf([a, b])).not.toBe(digestOf([b, a]));
  expect(digestOf([a])).not.toBe(digestOf([row('1', ['a'], '')]));
});

test('packed texts come out as they went in', () => {
  const texts = new PackedTexts();
  const all = Array.from({ length: 5000 }, (_, i) => `${'ä€😀x'.repeat(i % 300)}${i}`);
  all.push('', 'x'.repeat(65_536), '€'.repeat(65_536));
  for (const text of all) texts.add(text);
  expect(texts.length).toBe(all.length);
  expect(all.every((text, i) => texts.at(i) === text)).toBe(true);
});
