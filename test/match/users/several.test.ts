// What a user table has several of: tables of a dump, hashes of an account, rows of an id.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { openInput } from '../../../ingest/input/inputs.ts';
import { readUsers } from '../../../match/users/read-users.ts';
import { parseUserColumns, type UserColumns, type UserRow } from '../../../match/users/user-rows.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const COLUMNS = parseUserColumns('id=id,email=email,hash=hash') as UserColumns;

async function readText(folder: string, text: string, table?: string, columns = COLUMNS) {
  const file = path.join(folder, 'users');
  fs.writeFileSync(file, text);
  const rows: UserRow[] = [];
  const rejects: string[] = [];
  const sink = { row: (row: UserRow) => rows.push(row), reject: (reason: string) => rejects.push(reason) };
  await readUsers(openInput(file), { columns, ...(table !== undefined && { table }) }, sink);
  return { rows: rows.map(({ id, names, hash, salt }) => [id, ...names, hash, ...(salt ? [salt] : [])]), rejects };
}

describe('a dump with several tables that have the columns', () => {
  const insert = (table: string, hash: string): string =>
    `INSERT INTO ${table} (id, email, hash) VALUES (1,'a@example.com','${hash}');\n`;
  const copy = (table: string, hash: string): string =>
    `COPY ${table} (id, email, hash) FROM stdin;\n1\ta@example.com\t${hash}\n\\.\n`;

  test.for<[string, string, string, string]>([
    ['INSERT', insert('auth_user', 'new') + insert('auth_user_old', 'old'), 'auth_user', 'auth_user_old'],
    ['COPY', copy('public.users', 'new') + copy('archive.users', 'old'), 'public.users', 'archive.users'],
    [
      'names in quotes',
      insert('"public"."users"', 'new') + insert('"old"."users"', 'old'),
      'public.users',
      'old.users',
    ],
    [
      'quotes around one part',
      insert('public."users"', 'new') + insert('`old`.users', 'old'),
      'public.users',
      'old.users',
    ],
    ['databases', `USE \`a\`;\n${insert('u', 'new')}USE b;\n${insert('u', 'old')}`, 'a.u', 'b.u'],
  ])('is refused with their names, and --table picks one: %s', async ([, text, first, second], { place }) => {
    const reading = readText(place.home, text);
    await expect(reading).rejects.toMatchObject({ code: 'USERS_TABLE_AMBIGUOUS' });
    await expect(reading).rejects.toThrow(`"${first}", "${second}"`);
    expect((await readText(place.home, text, first.toUpperCase())).rows).toEqual([['1', 'a@example.com', 'new']]);
    expect((await readText(place.home, text, second)).rows).toEqual([['1', 'a@example.com', 'old']]);
    await expect(readText(place.home, text, 'nothing')).rejects.toThrow(/no table "nothing"/);
  });

  test('is refused where the one of --table has a column twice, however it is named', async ({ place }) => {
    const twice = `INSERT INTO s."a.u" (id, email, hash, HASH) VALUES (1,'a@example.com','new','old');\n`;
    for (const table of ['u', 's.a.u', undefined])
      await expect(readText(place.home, twice, table)).rejects.toMatchObject({ code: 'USERS_COLUMN_AMBIGUOUS' });
    const other = insert('other', 'h');
    expect((await readText(place.home, twice + other, 'other')).rows).toEqual([['1', 'a@example.com', 'h']]);
  });

  test('is refused where an archive has them apart, and read where it has one of them in parts', async ({ place }) => {
    const read = async (table: string | undefined, ...dumps: string[]): Promise<number> => {
      const folder = place.at(`dumps-${dumps.join('').length}`);
      fs.mkdirSync(folder, { recursive: true });
      for (const [i, dump] of dumps.entries()) fs.writeFileSync(path.join(folder, `${i}.sql`), dump);
      const archive = `${folder}.tar`;
      execFileSync('tar', ['-cf', archive, '-C', folder, ...dumps.map((_, i) => `${i}.sql`)]);
      let rows = 0;
      const sink = { row: () => rows++, reject: () => {} };
      await readUsers(openInput(archive), { columns: COLUMNS, ...(table !== undefined && { table }) }, sink);
      return rows;
    };
    const refused = { code: 'USERS_TABLE_AMBIGUOUS' };
    await expect(read(undefined, insert('auth_user', 'h'), copy('auth_user_old', 'h'))).rejects.toMatchObject(refused);
    await expect(read('u', insert('a.u', 'h'), insert('b.u', 'h'))).rejects.toMatchObject(refused);
    expect(await read(undefined, insert('u', 'h1'), insert('`u`', 'h2'))).toBe(2);
    expect(await read('u', insert('u', 'h') + insert('x', 'h'), insert('y', 'h') + insert('u', 'h3'))).toBe(2);
  });

  test('is read where the other one is empty, or the statements are of one table', async ({ place }) => {
    const empty = 'COPY public.users_old (id, email, hash) FROM stdin;\n\\.\n';
    expect((await readText(place.home, copy('public.users', 'h') + empty)).rows).toHaveLength(1);
    expect((await readText(place.home, insert('u', 'h') + insert('`u`', 'h'))).rows).toHaveLength(2);
    await expect(readText(place.home, 'id,email,hash\n1,a@example.com,h\n', 'u')).rejects.toThrow('--table');
  });

  test('counts the rows that are not in it', async ({ place }) => {
    const select =
      "INSERT INTO u SELECT 2, 'b@example.com', 'h';\nINSERT INTO u SET id=3;\nINSERT INTO other SELECT 1;\n";
    expect((await readText(place.home, insert('u', 'h') + select)).rejects).toEqual(['malformed-row', 'malformed-row']);
  });
});

describe('an account with several hashes', () => {
  test('in JSON has a row for each', async ({ place }) => {
    const text = [
      '{"id":1,"email":["a@example.com","b@example.com"],"hash":["h1","h2"]}',
      '{"id":2,"email":"c@example.com","hash":"h3","hash":"h4"}',
      '{"id":3,"email":"d@example.com","hash":[null,"h5"]}',
      '{"id":4,"email":"e@example.com","hash":null}',
    ].join('\n');
    for (const whole of [text, `[${text.replaceAll('\n', ',')}]`])
      expect((await readText(place.home, whole)).rows).toEqual([
        ['1', 'a@example.com', 'b@example.com', 'h1'],
        ['1', 'a@example.com', 'b@example.com', 'h2'],
        ['2', 'c@example.com', 'h3'],
        ['2', 'c@example.com', 'h4'],
        ['3', 'd@example.com', 'h5'],
        ['4', 'e@example.com', ''],
      ]);
  });

  test('has their salts in order, one salt for all, or is malformed, as with two ids', async ({ place }) => {
    const columns = parseUserColumns('id=id,email=email,hash=hash,salt=salt') as UserColumns;
    const text = [
      '{"id":1,"email":"a@example.com","hash":["h1","h2"],"salt":["s1","s2"]}',
      '{"id":2,"email":"b@example.com","hash":["h3","h4"],"salt":"s3"}',
      '{"id":3,"email":"c@example.com","hash":["h5"],"salt":["s4","s5"]}',
      '{"id":4,"id":5,"email":"c@example.com","hash":"h6","salt":"s6"}',
    ].join('\n');
    const { rows, rejects } = await readText(place.home, text, undefined, columns);
    expect(rows.map((row) => row.slice(2))).toEqual([
      ['h1', 's1'],
      ['h2', 's2'],
      ['h3', 's3'],
      ['h4', 's3'],
    ]);
    expect(rejects).toEqual(['malformed-row', 'malformed-row']);
  });
});

test('an object beside accounts is counted, whatever it lacks', async ({ place }) => {
  const account = '{"id":2,"email":"a@example.com","hash":"h","roles":[{"id":1}],"org":{"id":9}}';
  for (const text of [`[{"id":1},${account},{"x":1}]`, `{"realm":{"id":1},"users":[{"id":1},${account},{}]}`])
    expect(await readText(place.home, text)).toEqual({
      rows: [['2', 'a@example.com', 'h']],
      rejects: ['missing-column', 'missing-column'],
    });
});
