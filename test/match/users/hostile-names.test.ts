// User tables whose owners chose their names to hide other accounts: no name costs another row.

import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { openInput } from '../../../ingest/input/inputs.ts';
import { readUsers, type TableFormat } from '../../../match/users/read-users.ts';
import { readSqliteUsers } from '../../../match/users/sqlite.ts';
import { parseUserColumns, type UserColumns, type UserRow } from '../../../match/users/user-rows.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const COLUMNS = parseUserColumns('id=id,username=username,email=email,hash=hash') as UserColumns;

interface Read {
  readonly rows: UserRow[];
  readonly rejects: string[];
}

async function readText(folder: string, text: string, columns = COLUMNS, format?: TableFormat): Promise<Read> {
  const file = path.join(folder, 'users');
  fs.writeFileSync(file, text);
  const found: Read = { rows: [], rejects: [] };
  const sink = { row: (row: UserRow) => found.rows.push(row), reject: (reason: string) => found.rejects.push(reason) };
  await readUsers(openInput(file), { columns, ...(format && { format }) }, sink);
  return found;
}

const idsOf = ({ rows }: Read): string[] => rows.map(({ id }) => id ?? '');
const hashOf = (id: number): string => `{SHA}hash-of-${id}`;

/** As `mysql --batch` writes cells: MySQL's client/mysql.cc, safe_put_field. */
const batch = (text: string): string =>
  text.replace(/[\\\t\n\0]/g, (byte) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\0': '\\0' })[byte] as string);
/** As COPY writes them: PostgreSQL's commands/copyto.c, CopyAttributeOutText. */
const copy = (text: string): string =>
  text.replace(/[\\\b\f\n\r\t\v]/g, (byte) => `\\${'\\bfnrtv'['\\\b\f\n\r\t\v'.indexOf(byte)]}`);

const HOSTILE = [
  ...['"', '"bob', 'eve"', '"quoted"', '""', '"a""b"', '"x\ty', 'z\t"', "'", "'bob", "eve'", '`', '\\', '\\"', '"\\'],
  ...[
    'tab\tand\ttab',
    'line\nbreak',
    '"line\n',
    '9\tforged@example.com\t{SHA}x\n9',
    '\\N x',
    '\\t',
    '{"a":1}',
    '#',
    '--',
  ],
  ...['INSERT INTO users VALUES (1);', 'sep=,', ',,,,,,', ';', '<b>', '\x1b[2J', ' spaced ', '\ufeffbom', "'a'", "'b'"],
];
const NAMES = Array.from({ length: 120 }, (_, i) => (i % 3 === 1 ? (HOSTILE[(i - 1) / 3] ?? `u${i}`) : `user${i}`));

function tableOf(names: readonly string[], write: (text: string) => string, header: string): string {
  const rows = names.map((name, i) => [`${i}`, write(name), `user${i}@example.com`, hashOf(i)].join('\t'));
  return `${header}${rows.join('\n')}\n`;
}

describe('tab-separated rows', () => {
  test.for<[string, (text: string) => string]>([
    ['mysql --batch', batch],
    ['COPY of PostgreSQL', copy],
  ])('of %s come out whole, whatever names their owners chose', async ([, write], { place }) => {
    for (const [header, columns] of [
      ['id\tusername\temail\thash\n', COLUMNS],
      ['', parseUserColumns('id=1,username=2,email=3,hash=4') as UserColumns],
    ] as const) {
      const found = await readText(place.home, tableOf(NAMES, write, header), columns);
      expect(found.rejects).toEqual([]);
      expect(idsOf(found)).toEqual(NAMES.map((_, i) => `${i}`));
      expect(found.rows.map(({ hash }) => hash)).toEqual(NAMES.map((_, i) => hashOf(i)));
      for (const [i, name] of NAMES.entries()) {
        expect(found.rows[i]?.names).toContain(name);
        expect(found.rows[i]?.names).toContain(`user${i}@example.com`);
      }
    }
  });

  test('have no quotes of CSV unless the header has them, or the format is stated', async ({ place }) => {
    const body = '1\t"bob ""the"" first"\tb@example.com\th1\n2\t"two\tcells"\tc@example.com\th2\n';
    const plain = await readText(place.home, `id\tusername\temail\thash\n${body}`);
    expect([idsOf(plain), plain.rejects]).toEqual([['1'], ['malformed-row']]);
    expect(plain.rows[0]?.names).toContain('bob "the" first');
    const quoted = await readText(place.home, `"id"\t"username"\t"email"\t"hash"\n${body}`);
    expect(quoted.rows.map(({ names }) => names[0])).toEqual(['bob "the" first', 'two\tcells']);
    const stated = await readText(place.home, `id\tusername\temail\thash\n${body}`, COLUMNS, 'csv');
    expect(stated.rows.map(({ names }) => names[0])).toEqual(['bob "the" first', 'two\tcells']);
  });
});

describe('CSV', () => {
  const row = (i: number, name: string): string => `${i},${name},user${i}@example.com,${hashOf(i)}`;

  test('that quotes nothing loses no row in silence, and gives none to another account', async ({ place }) => {
    for (const [open, close] of [
      ['"bob', 'eve"'],
      ['"', '"'],
      ['"bob', 'eve",x'],
      ['"bob', 'x\neve"'],
    ] as const)
      for (const gap of [1, 2, 5, 80]) {
        const names = Array.from({ length: 100 }, (_, i) => (i === 3 ? open : i === 3 + gap ? close : `u${i}`));
        const found = await readText(
          place.home,
          `id,username,email,hash\n${names.map((n, i) => row(i, n)).join('\n')}\n`,
        );
        const others = names.map((_, i) => i).filter((id) => id < 3 || id > 3 + gap);
        expect(idsOf(found)).toEqual(others.map(String));
        for (const { id, hash } of found.rows) expect(hash).toBe(hashOf(Number(id)));
        expect(idsOf(found).length + found.rejects.length).toBeGreaterThanOrEqual(names.length);
      }
  });

  test('has cells of several lines, in columns that are not read', async ({ place }) => {
    const text = `id,about,username,email,hash\n1,"I write,\nand read",ann,"a@example.com\n",h1\n2,,bob,b@example.com,h2\n`;
    const found = await readText(place.home, text);
    expect([idsOf(found), found.rejects]).toEqual([['1', '2'], []]);
    const last = await readText(
      place.home,
      `id,username,email,hash,about\n1,a,a@example.com,h,"I write,\nread,\nand"\n`,
    );
    expect([idsOf(last), last.rejects]).toEqual([['1'], []]);
  });

  test('keeps its quotes where a few names have others', async ({ place }) => {
    const names = Array.from({ length: 40 }, (_, i) => (i % 8 === 0 ? `'x${i}'` : `"Last, First ${i}"`));
    const text = `id,username,email,hash\n${names.map((name, i) => row(i, name)).join('\n')}\n`;
    const found = await readText(place.home, text);
    expect([found.rows.length, found.rejects]).toEqual([40, []]);
    expect(found.rows[1]?.names[0]).toBe('Last, First 1');
    const single = await readText(place.home, "id,username,email,hash\n'1','a, b','a@example.com','h'\n");
    expect(single.rows[0]?.names).toEqual(['a, b', 'a@example.com']);
  });

  test('has no accounts, names or salts in what stands for NULL', async ({ place }) => {
    const columns = parseUserColumns('id=id,username=username,hash=hash,salt=salt') as UserColumns;
    for (const separator of [',', '\t'])
      for (const none of ['NULL', '\\N']) {
        const text = `id,username,hash,salt\n1,${none},${none},${none}\n${none},b,h,s\n`.replaceAll(',', separator);
        const [first, second] = (await readText(place.home, text, columns)).rows;
        expect(first).toMatchObject({ id: '1', names: [undefined], hash: undefined, salt: undefined });
        expect(second?.id).toBeUndefined();
      }
  });
});

describe('two columns of one name are refused', () => {
  test.for<[string, string]>([
    ['hashes', 'id,username,email,hash,hash\n1,a,a@example.com,x,y\n'],
    ['names', 'id,username,email,Email ,hash\n1,a,,a@example.com,x\n'],
    ['ids', 'id\tusername\temail\thash\tID\n1\ta\ta@example.com\tx\t2\n'],
  ])('in a header: %s', async ([, text], { place }) => {
    const reading = readText(place.home, text);
    await expect(reading).rejects.toMatchObject({ code: 'USERS_COLUMN_AMBIGUOUS' });
    await expect(reading).rejects.toThrow(/2 columns .*, at the places \d and \d/);
  });

  test('in a query, and a place names one of them in a file', async ({ place }) => {
    const database = new Database(path.join(place.home, 'users.db'));
    database.exec('CREATE TABLE u (id, username, email); CREATE TABLE c (id, user_id, hash)');
    database.exec("INSERT INTO u VALUES (1, 'a', 'a@example.com'); INSERT INTO c VALUES (501, 1, 'x')");
    database.close();
    const rows: UserRow[] = [];
    const read = (query: string): void =>
      readSqliteUsers({ file: path.join(place.home, 'users.db'), query }, COLUMNS, {
        row: (row) => rows.push(row),
        reject() {},
      });
    const join = 'FROM c JOIN u ON u.id = c.user_id';
    expect(() => read(`SELECT * ${join}`)).toThrow(expect.objectContaining({ code: 'USERS_COLUMN_AMBIGUOUS' }));
    expect(() => read(`SELECT * ${join}`)).toThrow('2 columns "id", at the places 1 and 4');
    read(`SELECT u.*, c.hash ${join}`);
    expect(rows.map(({ id }) => id)).toEqual(['1']);
    const columns = parseUserColumns('id=1,username=2,email=3,hash=5') as UserColumns;
    const found = await readText(place.home, 'id,username,email,hash,hash\n1,a,a@example.com,x,y\n', columns);
    expect(found.rows[0]?.hash).toBe('y');
  });
});
