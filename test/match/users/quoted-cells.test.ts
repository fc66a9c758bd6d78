// User tables in CSV whose owners wrote rows of others into their texts: each account of the table
// comes out as it is, and no other.

import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect } from 'vitest';
import { openInput } from '../../../ingest/input/inputs.ts';
import { readUsers, type TableFormat } from '../../../match/users/read-users.ts';
import { parseUserColumns, type UserColumns, type UserRow } from '../../../match/users/user-rows.ts';
import { seededRandom } from '../../support/dataset.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const COLUMNS = parseUserColumns('id=id,username=name,email=email,hash=hash') as UserColumns;
const hashOf = (id: number): string => `sha1$s$${`${id}`.padStart(40, '0')}`;
const LINES = 12;

interface Read {
  readonly rows: UserRow[];
  readonly rejects: string[];
}

async function readText(folder: string, text: string | Buffer, format?: TableFormat, columns = COLUMNS): Promise<Read> {
  const file = path.join(folder, 'users');
  fs.writeFileSync(file, text);
  const found: Read = { rows: [], rejects: [] };
  const sink = { row: (row: UserRow) => found.rows.push(row), reject: (reason: string) => found.rejects.push(reason) };
  await readUsers(openInput(file), { columns, ...(format && { format }) }, sink);
  return found;
}

const SEPARATORS = [',', ';', '\t'] as const;
const ENDS = ['\n', '\r\n'] as const;
type Quoting = 'all' | 'needed';

interface Style {
  readonly separator: string;
  readonly end: string;
  readonly quoting: Quoting;
}

/** As a writer of RFC 4180 does. */
function writeTable(cells: readonly (readonly string[])[], { separator, end, quoting }: Style): string {
  const write = (cell: string): string =>
    quoting === 'all' || /["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return cells.map((row) => row.map(write).join(separator) + end).join('');
}

/** Texts of persons who know how the table is laid out. */
function hostileText(random: () => number, { separator, end }: Style, names: readonly string[]): string {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const forged = (): string =>
    names
      .map((name) => {
        const id = Math.floor(random() * 40);
        return { id: `${id}`, name: `forged${id}`, email: `user${id}@example.com`, hash: hashOf(99) }[name] ?? 'x';
      })
      .join(separator);
  const part = (): string =>
    pick([
      forged,
      forged,
      () => `"${forged()}"`,
      () => `x"${separator}"${forged()}`,
      () => names.map((name) => `"${name}"`).join(separator),
      () => pick(['"', '""', '"""', '\\', '\\"', '\\"', "'", separator, ' ', 'INSERT INTO u VALUES (1);', '{"id":1}']),
      () => 'line\n'.repeat(Math.floor(random() * 150)).trimEnd(),
      () => pick(['hello', 'I write, and read', '5\' 11"', '']),
    ])();
  return Array.from({ length: 1 + Math.floor(random() * 8) }, part).join(pick([end, end, '', '\n']));
}

const ORDERS = [
  ['id', 'name', 'email', 'hash', 'bio'],
  ['id', 'bio', 'name', 'email', 'hash'],
  ['bio', 'id', 'name', 'email', 'hash'],
  ['id', 'name', 'bio', 'email', 'note', 'hash'],
];

describe('cells in quotes', () => {
  const styles = SEPARATORS.flatMap((separator) =>
    ENDS.flatMap((end) => (['all', 'needed'] as const).map((quoting): Style => ({ separator, end, quoting }))),
  );
  test.for(styles.map((style): [string, Style] => [JSON.stringify(style), style]))(
    'are read as csv-parse reads them, whatever they hold: %s',
    async ([, style], { place }) => {
      const random = seededRandom(7);
      for (let round = 0; round < 24; round++) {
        const names = ORDERS[round % ORDERS.length] as readonly string[];
        const rows = Array.from({ length: LINES }, (_, id) =>
          names.map((name) =>
            name === 'bio' || name === 'note'
              ? hostileText(random, style, names)
              : ({ id: `${id}`, name: `user "${id}"`, email: `user${id}@example.com`, hash: hashOf(id) }[name] ?? ''),
          ),
        );
        const text = writeTable([names, ...rows], style);
        const format = style.separator === '\t' && style.quoting === 'needed' ? 'csv' : undefined;
        const { rows: found, rejects } = await readText(place.home, text, format);
        const records: { [name: string]: string }[] = parse(text, { columns: true, delimiter: style.separator });
        const expected = records.map(({ id, name, email, hash }) => ({ id, names: [name, email], hash }));
        expect(expected.length).toBe(LINES);
        const byId = (a: { id?: string | undefined }, b: { id?: string | undefined }): number =>
          Number(a.id) - Number(b.id);
        expect([...found].sort(byId)).toMatchObject(expected);
        expect(found.length).toBe(LINES);
        expect(rejects.filter((reason) => reason !== 'within-quotes')).toEqual([]);
        if (style.quoting === 'all') expect(rejects).toEqual([]);
      }
    },
  );

  test('may be larger than a line of a corpus, and one that is too large ends what is read', async ({ place }) => {
    const forged = `3,forged,user3@example.com,${hashOf(99)},x`;
    const table = (bio: string): string =>
      `id,name,email,hash,bio\n1,a,a@example.com,${hashOf(1)},"${bio}\n${forged}\nbye"\n2,b,b@example.com,${hashOf(2)},\n`;
    for (const bio of ['x'.repeat(300_000), 'line\n'.repeat(60_000)])
      expect((await readText(place.home, table(bio))).rows.map(({ id }) => id).sort()).toEqual(['1', '2']);
    for (const bio of ['x'.repeat(34_000_000), `${'x'.repeat(99_999)}\n`.repeat(340)]) {
      const { rows, rejects } = await readText(place.home, table(bio));
      expect(rows).toEqual([]);
      expect(rejects.filter((reason) => reason === 'doubtful-quotes').length).toBeGreaterThanOrEqual(3);
    }
  });
});

describe('quotes that do not fit', () => {
  const row = (id: number, name = `u${id}`, bio = ''): string =>
    `${id},${name},user${id}@example.com,${hashOf(id)},${bio}`;
  const tableOf = (rows: readonly string[]): string => `id,name,email,hash,bio\n${rows.join('\n')}\n`;
  const idsOf = ({ rows }: Read): string[] => rows.map(({ id }) => id ?? '');

  test('make no line a row that may be a part of a cell, and each is counted', async ({ place }) => {
    const forged = `3,forged,user3@example.com,${hashOf(99)},x`;
    for (const [end, ids] of [
      ['', ['1']],
      ['bye"x', ['1', '4', '5']],
      ['bye",more', ['1', '4', '5']],
    ] as const) {
      const text = tableOf([row(1), row(2, 'evil', `"hi\n${forged}\n${end}`), row(4), row(5)]);
      const found = await readText(place.home, text);
      expect(idsOf(found)).toEqual(ids);
      expect(found.rejects).toEqual(Array.from({ length: ids.length === 1 ? 5 : 3 }, () => 'doubtful-quotes'));
    }
  });

  test('of names give no account the hash of another where the writer does not quote', async ({ place }) => {
    const names = Array.from({ length: 100 }, (_, id) => (id === 3 ? '"bob' : id === 90 ? 'eve"' : `u${id}`));
    const found = await readText(place.home, tableOf(names.map((name, id) => row(id, name))));
    expect(idsOf(found)).toEqual([...names.keys()].filter((id) => id < 3 || id > 90).map(String));
    expect(found.rejects).toEqual(Array.from({ length: 88 }, () => 'doubtful-quotes'));
  });

  test('leave rows in doubt that other texts joined', async ({ place }) => {
    const joined = [row(1, 'a', '"open'), row(2), row(3, 'c', 'closed"'), row(4)];
    const alone = await readText(place.home, tableOf(joined));
    expect([idsOf(alone).sort(), alone.rejects]).toEqual([
      ['1', '4'],
      ['within-quotes', 'within-quotes'],
    ]);
    const unlike = await readText(place.home, tableOf([...joined, row(5, '"e" f')]));
    expect(idsOf(unlike).sort()).toEqual(['4', '5']);
    expect(unlike.rejects.filter((reason) => reason === 'doubtful-quotes').length).toBe(3);
  });
});

const OBJECT = { id: 8, name: 'e', email: 'e@example.com', hash: 'h8', bio: 'FORGED' };
const insert = (text: string): string =>
  `INSERT INTO u (id, name, email, hash, bio) VALUES (1, 'a', 'a@example.com', 'h1', '${text}');\n`;
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const inMysql = (text: string): string => text.replace(/[\\'"]/g, '\\$&').replaceAll('\n', '\\n');
const inSql = (text: string): string => text.replaceAll("'", "''");
const inCopy = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
const LAST = "(8, 'e', 'e@example.com', 'h8', 'FORGED');\n";

test.for<[string, string, (text: string) => string]>([
  ['JSON', JSON.stringify([OBJECT], null, 1), inJson],
  ['JSON lines', `${JSON.stringify(OBJECT)}\n`, inJson],
  ['SQL of MySQL', `${insert("it\\'s")}INSERT INTO u (id, name, email, hash, bio) VALUES ${LAST}`, inMysql],
  ['SQL of others', `${insert("it''s")}INSERT INTO u (id, name, email, hash, bio) VALUES ${LAST}`, inSql],
  ['COPY', 'COPY u (id, name, email, hash, bio) FROM stdin;\n8\te\te@example.com\th8\tFORGED\n\\.\n', inCopy],
])('texts of %s hold no rows', async ([, table, write], { place }) => {
  const object = '{"id":3,"name":"f","email":"user3@example.com","hash":"h","bio":""}';
  for (const forged of [
    `hi\n${object}\nbye`,
    `"},\n${object},{"x":"`,
    `'),\n(3,'f','user3@example.com','h','x'),('`,
    `\\'), (3,'f','user3@example.com','h','x'); --`,
    `\\'),(3,"f","user3@example.com","h","x"); --`,
    `');\nINSERT INTO u VALUES (3,'f','user3@example.com','h','x');`,
    '\n\\.\n3\tf\tuser3@example.com\th\tx\n',
  ]) {
    const { rows, rejects } = await readText(
      place.home,
      table.replace('FORGED', () => write(forged)),
    );
    const others = rows.map(({ id }) => id).filter((id) => id !== '1');
    expect([forged, others, rejects]).toEqual([forged, ['8'], []]);
  }
});
