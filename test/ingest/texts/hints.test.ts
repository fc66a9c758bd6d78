// Texts of a known kind that ingest cannot read as they stand: the refusal says what they are and
// what to do next.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFormat } from '../../../ingest/format-registry.ts';
import { parseAll, readCorpus, refusalOf } from '../../support/corpus-text.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const random = createRandom(testSeed('hints'));
const hex = (digits: number): string => Buffer.from(random.bytes(digits)).toString('hex').slice(0, digits);
const PAIRS = Array.from({ length: 60 }, (_, i) => [`ann${i}`, `Sun${hex(6)}`] as const);
const linesOf = (write: (user: string, password: string, i: number) => string): string =>
  PAIRS.map(([user, password], i) => `${write(user, password, i)}\n`).join('');
const refusedAs = (text: string): string | undefined => refusalOf(() => readCorpus(text));
const expected = PAIRS.map(([user, password]) => `${user}|${password}`);

test('rows of SQL without names of columns are refused with the flag that gives places', () => {
  const text = linesOf((user, password, i) => `INSERT INTO users VALUES (${i},'${user}','${password}');`);
  expect(refusedAs(text)).toMatch(/^COLUMN_MISSING: .*name no columns.* \/ .*--columns username=2,password=3/);
  expect(readCorpus(text, { columns: { username: '2', password: '3' } })).toEqual(expected);
  expect(refusedAs(`CREATE TABLE users (id int, login text, password text);\n${text}`)).toBeUndefined();
});

describe('JSON with passwords by username', () => {
  const map = Object.fromEntries(PAIRS);
  test.each([
    JSON.stringify(map),
    JSON.stringify(map, undefined, 2),
    JSON.stringify({ users: map }),
    JSON.stringify([map]),
    linesOf((user, password) => JSON.stringify({ [user]: password })),
  ])('is refused with a way to make lines of it (%#)', (text) => {
    expect(refusedAs(text)).toMatch(/^FORMAT_UNRECOGNISED: .*passwords by username \/ .*jq .*--format combo/);
  });

  test('is none where names come again', () => {
    const records = JSON.stringify(PAIRS.map(([colour, shape]) => ({ colour, shape, edge: 'x' })));
    expect(refusedAs(records) ?? '').not.toContain('by username');
  });
});

test.each([':', ';', '\t'])('words behind logins and %j are refused with the flag that reads them', (mark) => {
  const lines = linesOf((user, password) => `${user}${mark}sunny ${password} day`);
  expect(refusedAs(lines)).toContain(`pass --format combo --separator ${JSON.stringify(mark)}`);
});

test.each(['(admin)', '(Pwn3d!)', '(Administrator)', '(local admin)'])('NetExec writes %s behind passwords', (mark) => {
  const text = linesOf((user, password) => `SMB  192.0.2.7  445  DC01  [+] corp.test\\${user}:${password} ${mark}`);
  expect(readCorpus(text)).toEqual(expected.map((pair) => `corp.test\\${pair}`));
});

test.each(['<!DOCTYPE html>\n<html>\n<body>\n<pre>\n', '<html><body><pre class="x">', '<html><textarea>'])(
  'a page that shows text is refused with the way to it (%#)',
  (head) => {
    const page = `${head}${linesOf((user, password) => `${user}:${password}`)}</pre></body></html>\n`;
    expect(refusedAs(page)).toMatch(/^INPUT_BINARY: it is a web page.* \/ Save the text between <pre>/);
  },
);

describe('hashes with a login behind them', () => {
  const digest = (...texts: string[]): string =>
    texts.reduce((hash, text) => hash.update(text), createHash('md5')).digest('hex');
  const mails = expected.map((pair) => pair.replace('|', '@example.test|'));

  test.each([':', ';', '\t'])('and the plaintext are read, if the hash is of it (%j)', (mark) => {
    for (const hashOf of [
      (_mail: string, password: string) => digest(password),
      (mail: string, password: string) => digest(mail, password),
      () => `$2y$10$${hex(53)}`,
    ]) {
      const text = linesOf((user, password) => {
        const mail = `${user}@example.test`;
        return [hashOf(mail, password), mail, password].join(mark);
      });
      expect(readCorpus(text)).toEqual(mails);
    }
  });

  test('and another field are refused with the format to name', () => {
    const text = linesOf((user, password) => `${hex(32)}:${user}@example.test:${password}`);
    expect(refusedAs(text)).toMatch(/^FORMAT_USELESS: .*e-mail addresses .* \/ .*--format hash-user-plain/);
    expect(parseAll(createFormat('hash-user-plain'), [text])).toEqual(mails);
    expect(refusedAs(text.replaceAll('@example.test', ''))).toContain('--format hash-user-plain for a login');
  });
});

describe('tables with several passwords', () => {
  const other = (i: number): string => `Moon${i * 7}${hex(3)}`;
  test.each<[header: string, columns: string, write: (user: string, password: string, i: number) => string]>([
    ['login,pass,pwd', 'username=1,password=3', (u, p, i) => `${u},${i % 3 ? 'yes' : 'no'},${p}`],
    ['login,password,,login,password', 'username=4,password=5', (u, p, i) => `bob${i},${other(i)},,${u},${p}`],
    ['login;password;user;pw', 'username=3,password=4', (u, p, i) => `bob${i};${other(i)};${u};${p}`],
  ])('are refused with the places of each: %s', (header, columns, write) => {
    const text = `${header}\n${linesOf(write)}`;
    expect(refusedAs(text)).toMatch(/^FORMAT_UNRECOGNISED: the header names several passwords/);
    expect(refusedAs(text)).toContain(`--columns ${columns}`);
    const [username, password] = [...columns.matchAll(/\d/g)].map(String) as [string, string];
    expect(readCorpus(text, { columns: { username, password } })).toEqual(expected);
  });

  test.each<[header: string, write: (user: string, password: string) => string]>([
    ['login,password,pwd', (u, p) => `${u},${p},${p}`],
    ['login,password,pass', (u, p) => `${u},${p},${hex(32)}`],
    ['login,password,pass', (u, p) => `${u},${p},`],
    ['login,password,pass', (u, p) => `${u},${p},1`],
    ['login,pass,plain', (u, p) => `${u},${hex(12)},${p}`],
  ])('are read where the others are none: %s (%#)', (header, write) => {
    expect(readCorpus(`${header}\n${linesOf(write)}`)).toEqual(expected);
  });
});
