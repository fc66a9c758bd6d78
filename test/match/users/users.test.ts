// User tables in each format: the same accounts come out, and what is not read is counted.

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import Database from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { openInput } from '../../../ingest/input/inputs.ts';
import { readUsers, type TableFormat } from '../../../match/users/read-users.ts';
import { readSqliteUsers } from '../../../match/users/sqlite.ts';
import { parseUserColumns, type UserColumns, type UserRow } from '../../../match/users/user-rows.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const COLUMNS = parseUserColumns('id=ID,username=user_login,email=user_email,hash=user_pass') as UserColumns;
const HASH_A = '$P$BDMJH/qCLaUc5Lj8Oiwp7XmWzrCcJ21';
const HASH_B = '$wp$2y$05$hOURw4Z49t9HLpMyYUYcQO9CgCDis1cOLizDYtw9slU2F/C1YaUNe';
const ACCOUNTS = [
  { id: '1', names: ['alice', 'alice@example.com'], hash: HASH_A, salt: undefined },
  { id: '2', names: ['bob, "the" second', 'bob@example.org'], hash: HASH_B, salt: undefined },
  { id: '3', names: ['sso', 'sso@example.org'], hash: '', salt: undefined },
];

const CSV = [
  'ID,user_login,user_pass,user_nicename,user_email',
  `1,alice,${HASH_A},Alice,alice@example.com`,
  `2,"bob, ""the"" second",${HASH_B},Bob,bob@example.org`,
  '3,sso,,SSO,sso@example.org',
  '',
].join('\n');
const OBJECTS = ACCOUNTS.map(({ id, names, hash }) => ({
  ID: Number(id),
  user_login: names[0],
  user_email: names[1],
  user_pass: hash === '' ? null : hash,
}));
const SQL = `-- MySQL dump 10.13
CREATE TABLE \`wp_users\` (\`ID\` bigint, \`user_login\` varchar(60), \`user_pass\` varchar(255), \`user_email\` varchar(100));
INSERT INTO \`wp_options\` (\`option_id\`, \`option_name\`) VALUES (1,'siteurl');
INSERT INTO \`wp_users\` (\`ID\`, \`user_login\`, \`user_pass\`, \`user_email\`) VALUES (1,'alice','${HASH_A}','alice@example.com'),(2,'bob, \\"the\\" second','${HASH_B}','bob@example.org'),(3,'sso',NULL,'sso@example.org');
`;
const COPY = `-- PostgreSQL database dump
COPY public.users ("ID", user_login, user_email, user_pass) FROM stdin;
1\talice\talice@example.com\t${HASH_A}
2\tbob, "the" second\tbob@example.org\t${HASH_B}
3\tsso\tsso@example.org\t\\N
\\.
`;

interface Read {
  readonly rows: UserRow[];
  readonly rejects: string[];
}

async function read(file: string, columns = COLUMNS, format?: TableFormat): Promise<Read> {
  const found: Read = { rows: [], rejects: [] };
  const sink = { row: (row: UserRow) => found.rows.push(row), reject: (reason: string) => found.rejects.push(reason) };
  await readUsers(openInput(file), { columns, ...(format && { format }) }, sink);
  return found;
}

describe('a user table', () => {
  test.for<[string, string]>([
    ['CSV', CSV],
    ['CSV with semicolons', CSV.replaceAll(',', ';').replace('bob; ', 'bob, ')],
    ['JSON lines', OBJECTS.map((object) => JSON.stringify(object)).join('\n')],
    ['a JSON array', JSON.stringify(OBJECTS, null, 2)],
    ['JSON within an object', JSON.stringify({ realm: { ID: 7, name: 'x' }, users: OBJECTS })],
    ['a MySQL dump', SQL],
    ['a PostgreSQL dump', COPY],
  ])('is read from %s', async ([, text], { place }) => {
    const file = path.join(place.home, 'users');
    fs.writeFileSync(file, text);
    expect(await read(file)).toEqual({ rows: ACCOUNTS, rejects: [] });
  });

  test('is read from a compressed file, and from one in UTF-16', async ({ place }) => {
    const folder = place.home;
    fs.writeFileSync(path.join(folder, 'users.csv.gz'), zlib.gzipSync(CSV));
    fs.writeFileSync(
      path.join(folder, 'users.csv'),
      Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(CSV, 'utf16le')]),
    );
    for (const name of ['users.csv.gz', 'users.csv'])
      expect(await read(path.join(folder, name))).toEqual({ rows: ACCOUNTS, rejects: [] });
  });

  test('has nested members, and several addresses', async ({ place }) => {
    const file = path.join(place.home, 'users.json');
    const user = { id: 'u1', profile: { mail: ['a@example.com', 'b@example.com'] }, credentials: { hash: HASH_A } };
    fs.writeFileSync(file, JSON.stringify([user, { id: 'group', title: 'no account' }]));
    const columns = parseUserColumns('id=id,email=profile.mail,hash=credentials.hash') as UserColumns;
    expect(await read(file, columns)).toEqual({
      rows: [{ id: 'u1', names: ['a@example.com', 'b@example.com'], hash: HASH_A, salt: undefined }],
      rejects: ['missing-column'],
    });
  });

  test('has columns by place where it has no header, and a column of salts', async ({ place }) => {
    const file = path.join(place.home, 'users.csv');
    fs.writeFileSync(
      file,
      '7,alice,5f4dcc3b5aa765d61d8327deb882cf99,NaCl\n8,bob,5f4dcc3b5aa765d61d8327deb882cf99,KCl\n',
    );
    const columns = parseUserColumns('id=1,username=2,hash=3,salt=4') as UserColumns;
    const hash = '5f4dcc3b5aa765d61d8327deb882cf99';
    expect((await read(file, columns)).rows).toEqual([
      { id: '7', names: ['alice'], hash, salt: 'NaCl' },
      { id: '8', names: ['bob'], hash, salt: 'KCl' },
    ]);
  });

  test('loses only the rows that are malformed', async ({ place }) => {
    const file = path.join(place.home, 'users.csv');
    fs.writeFileSync(
      file,
      `${CSV}4,carol,an,unquoted,comma,carol@example.org\n5,short\n6,dave,${HASH_A},Dave,d@example.org\n`,
    );
    const { rows, rejects } = await read(file);
    expect(rows.map(({ id }) => id)).toEqual(['1', '2', '3', '6']);
    expect(rejects).toEqual(['malformed-row', 'malformed-row']);
    fs.writeFileSync(file, `${JSON.stringify(OBJECTS[0])}\n{"ID":9,\n${JSON.stringify(OBJECTS[1])}\n`);
    const lines = await read(file);
    expect(lines.rows.map(({ id }) => id)).toEqual(['1', '2']);
    expect(lines.rejects).toEqual(['malformed-row']);
  });

  test.for<[string, string, string]>([
    ['CSV', 'ID,login,mail,pass\n1,a,a@example.com,x\n', 'USERS_COLUMN_MISSING'],
    ['SQL', "INSERT INTO users (a, b) VALUES (1, 'x');\n", 'USERS_COLUMN_MISSING'],
    ['lines of pairs', 'a@example.com:secret\nb@example.com:secret2\n'.repeat(20), 'USERS_COLUMN_MISSING'],
    ['JSON of arrays', '[[1,2],[3,4]]', 'USERS_UNRECOGNISED'],
  ])('without the named columns is refused: %s', async ([, text, code], { place }) => {
    const file = path.join(place.home, 'users');
    fs.writeFileSync(file, text);
    await expect(read(file)).rejects.toMatchObject({ code });
  });
});

describe('a database of SQLite', () => {
  const readDatabase = (file: string, from: { table?: string; query?: string }, columns = COLUMNS): UserRow[] => {
    const rows: UserRow[] = [];
    readSqliteUsers({ file, ...from }, columns, { row: (row) => rows.push(row), reject() {} });
    return rows;
  };

  test('is read by table and by query, and not written', ({ place }) => {
    const file = path.join(place.home, 'users.db');
    const database = new Database(file);
    database.exec('CREATE TABLE "wp users" (ID INTEGER, user_login TEXT, user_email TEXT, user_pass TEXT, salt BLOB)');
    const insert = database.prepare('INSERT INTO "wp users" VALUES (?, ?, ?, ?, ?)');
    for (const { id, names, hash } of ACCOUNTS) insert.run(id, ...names, hash || null, Buffer.from([0, 255]));
    insert.run(9007199254740993n, 'big', 'big@example.com', HASH_A, Buffer.from('text'));
    database.close();
    const before = fs.readFileSync(file);
    const rows = readDatabase(file, { table: 'wp users' });
    expect(rows.slice(0, 2)).toEqual(ACCOUNTS.slice(0, 2));
    expect(rows.map(({ id }) => id)).toEqual(['1', '2', '3', '9007199254740993']);
    expect(rows[2]?.hash).toBeUndefined();
    const columns = parseUserColumns('id=ID,username=user_login,hash=user_pass,salt=salt') as UserColumns;
    const query = "SELECT * FROM \"wp users\" WHERE user_login IN ('alice', 'big')";
    expect(readDatabase(file, { query }, columns).map(({ salt }) => salt)).toEqual(['00ff', 'text']);
    for (const [from, why] of [
      [{ table: 'nothing' }, 'no such table'],
      [{ query: 'DELETE FROM "wp users"' }, 'returns no rows'],
      [{ query: 'SELECT user_login FROM "wp users"' }, 'no column "ID"'],
      [{ query: 'nonsense' }, 'syntax error'],
      [{ query: 'SELECT 1; SELECT 2' }, 'more than one'],
    ] as const)
      expect(() => readDatabase(file, from)).toThrow(why);
    expect(fs.readFileSync(file)).toEqual(before);
  });

  test('that is missing or none is refused', ({ place }) => {
    const file = path.join(place.home, 'users.db');
    expect(() => readDatabase(file, { table: 'users' })).toThrow(expect.objectContaining({ code: 'USERS_UNREADABLE' }));
    fs.writeFileSync(file, CSV);
    expect(() => readDatabase(file, { table: 'users' })).toThrow(expect.objectContaining({ code: 'USERS_UNREADABLE' }));
  });
});

test('columns are a list of roles', () => {
  expect(parseUserColumns('id=a,email=b,username=c,email=d,hash=e,salt=f')).toEqual({
    id: 'a',
    names: ['b', 'c', 'd'],
    hash: 'e',
    salt: 'f',
  });
  for (const wrong of ['', 'id=a,hash=b', 'id=a,username=b', 'username=a,hash=b', 'id=a,id=b,username=c,hash=d', 'x=y'])
    expect(parseUserColumns(wrong)).toBeUndefined();
});
