// Rows that resemble what programs write beside a table, and headers within one: what has the shape
// of a credential is read, and what is left out is rejected with an example.

import { describe, expect, test } from 'vitest';
import { createFormat } from '../../../ingest/format-registry.ts';
import { examplesOf, readCorpus } from '../../support/corpus-text.ts';

const COUNT = 40;
const USERS = Array.from({ length: COUNT }, (_, i) => `ann${i}@example.test`);
const LOGINS = Array.from({ length: COUNT }, (_, i) => `ann${i}`);
const secretOf = (user: string): string => `Secret-${user.split('@')[0]}`;
const rowsOf = (users: readonly string[], mark: string): string =>
  users.map((user) => `${user}${mark}${secretOf(user)}\n`).join('');
const pairsOf = (users: readonly string[]): string[] => users.map((user) => `${user}|${secretOf(user)}`);
const csv = `email,password\n${rowsOf(USERS, ',')}`;

describe('a last row that is a credential', () => {
  const WORDS = `accounts page.turner end report results source total exported sum.lee records.admin source-code
    end-user grand.master seite.eins count.dracula end_boss seite-5 7items`.split(/\s+/);

  test.each(['password1', '40', '2024'])('with the password %s is read, of addresses', (password) => {
    const last = WORDS.map((word) => `${word}@firm.example`);
    const expected = [...pairsOf(USERS), ...last.map((user) => `${user}|${password}`)];
    for (const mark of [',', '\t', ';']) {
      const rows = last.map((user) => `${user}${mark}${password}\n`).join('');
      expect(readCorpus(`email${mark}password\n${rowsOf(USERS, mark)}${rows}`)).toEqual(expected);
    }
    for (const mark of [':', ';', '\t'])
      for (const user of last)
        expect(readCorpus(`${rowsOf(USERS, mark)}${user}${mark}${password}\n`).at(-1)).toBe(`${user}|${password}`);
  });

  test('is read alone, before a header, and beside an address', () => {
    expect(readCorpus('email,password\ntotal@firm.example,abc\n')).toEqual(['total@firm.example|abc']);
    const joined = `${csv}end@firm.example,abc\npassword,email\npw,bob@x.example\n`;
    expect(readCorpus(joined).slice(-3)).toEqual(['end@firm.example|abc', '!comment', 'bob@x.example|pw']);
    expect(readCorpus('username,email,password\nann,ann@x.example,pw\nend,end@x.example,end\n').slice(-2)).toEqual([
      'end|end',
      'end@x.example|end',
    ]);
  });

  test('is read among logins, whatever the word', () => {
    for (const user of [...WORDS.filter((word) => word !== '7items'), 'sum', 'fin'])
      for (const mark of [',', ':']) {
        const head = mark === ',' ? 'username,password\n' : '';
        const found = readCorpus(`${head}${rowsOf(LOGINS, mark)}${user}${mark}pass123\n`);
        expect(found.at(-1)).toBe(`${user}|pass123`);
      }
    expect(readCorpus('username,password\nann,dragon12\nbob,blue77\nsum,4\nend,end\n').slice(-2)).toEqual([
      'sum|4',
      'end|end',
    ]);
  });

  test('of a vault has no username, and a title or a URL', () => {
    const head = 'name,url,username,password\n';
    const rows = USERS.map((user) => `Shop,https://shop.example/,${user},${secretOf(user)}\n`).join('');
    const found = readCorpus(`${head}${rows}Total Wine,https://wine.example/,,Grape55\nhttps://a.example/,,,Grape56\n`);
    expect(found.slice(-2)).toEqual(['Grape55', 'Grape56']);
  });
});

describe('what is unlike the rows', () => {
  test('is rejected with an example, anywhere among addresses', () => {
    const remarks = ['Total,20', 'Source,forum', 'Exported,2024-01-01', 'Page,1', 'End,of file', 'Sum,3', 'Rows,40'];
    const text = `${csv}${remarks.join('\n')}\n${rowsOf(USERS, ',')}`;
    expect(readCorpus(text)).toEqual([...pairsOf(USERS), ...remarks.map(() => '!remark'), ...pairsOf(USERS)]);
    expect(examplesOf(createFormat('csv'), text).remark).toHaveLength(3);
  });

  test('is rejected in lists of addresses', () => {
    const remarks = ['Total: 60', 'Good: 55', 'Checked by: zed', 'Time: 12:30', 'Contact: @seller', 'Price: 20$'];
    const found = readCorpus(`${remarks[0]}\n${rowsOf(USERS, ':')}${remarks.slice(1).join('\n')}\n`);
    expect(found).toEqual(['!remark', ...pairsOf(USERS), ...remarks.slice(1).map(() => '!remark')]);
  });
});

describe('a header within a table', () => {
  const rows = (write: (user: string, i: number) => string): string => USERS.map(write).join('\n');

  test('is read by where it names columns of its own', () => {
    const table = `id,email,password\n${rows((user, i) => `${i},${user},${secretOf(user)}`)}\n`;
    const other = `email,password,created_at\n${rows((user) => `${user},${secretOf(user)},2024-01-01`)}\n`;
    expect(readCorpus(table + other)).toEqual([...pairsOf(USERS), '!comment', ...pairsOf(USERS)]);
  });

  test('is read where it names a login as few tables do', () => {
    const other = `password,nickname\n${rows((user, i) => `${secretOf(user)},nick${i}`)}\n`;
    const expected = USERS.map((user, i) => `nick${i}|${secretOf(user)}`);
    expect(readCorpus(csv + other)).toEqual([...pairsOf(USERS), '!comment', ...expected]);
  });

  test.each([
    ['email,phone', (user: string, i: number) => `${user},+49301234${i}`],
    ['E-mail,Mobile No', (user: string, i: number) => `${user},+49301234${i}`],
    ['email,city', (user: string) => `${user},Berlin`],
    ['product,price', (_user: string, i: number) => `Chair,${i}`],
    ['id,name,city', (_user: string, i: number) => `${i},Ann,Berlin`],
  ])('%s has no passwords', (header, write) => {
    const found = readCorpus(`${csv}${header}\n${rows(write)}\n${csv}`);
    const none = Array.from({ length: COUNT + 1 }, () => '!missing-column');
    expect(found).toEqual([...pairsOf(USERS), ...none, '!comment', ...pairsOf(USERS)]);
  });

  test('is none where a person is called so', () => {
    const table = `username,password\n${rowsOf(LOGINS, ',')}user,mail\n${rowsOf(LOGINS, ',')}`;
    expect(readCorpus(table)).toEqual([...pairsOf(LOGINS), 'user|mail', ...pairsOf(LOGINS)]);
  });
});

test('a cell more than the header has is no part of the password', () => {
  const found = readCorpus(`${csv}ann@x.example,pw,\nbob@x.example,pw,x.example\ncay@x.example,a,b\n`);
  expect(found.slice(-3)).toEqual(['!malformed-row', '!malformed-row', 'cay@x.example|a,b']);
});
