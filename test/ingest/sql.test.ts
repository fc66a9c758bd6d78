// Dumps of databases: statements, texts and columns of every dialect.

import { describe, expect, test } from 'vitest';
import { createFormat } from '../../ingest/format-registry.ts';
import { parseAll, readCorpus, refusalOf } from '../support/corpus-text.ts';
import { createRandom, testSeed } from '../support/random.ts';

const sql = (text: string, columns?: { username: string | string[]; password: string }): string[] => {
  const format = createFormat('sql', columns ? { columns } : {});
  const bytes = Buffer.from(text);
  const whole = parseAll(format, [bytes]);
  for (const size of [1, 3, 7]) {
    const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    expect(parseAll(format, blocks), `blocks of ${size}`).toEqual(whole);
  }
  return whole;
};

const MYSQL = `-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS \`logs\`;
CREATE TABLE \`logs\` (\`id\` int, \`text\` varchar(255) DEFAULT 'a;b' COMMENT 'it''s');
INSERT INTO \`logs\` VALUES (1,'INSERT INTO users VALUES (1,2,3)');
CREATE TABLE \`users\` (
  \`id\` int NOT NULL AUTO_INCREMENT,
  \`email\` varchar(255) DEFAULT NULL,
  \`balance\` decimal(10,2) DEFAULT '0.00',
  \`password\` varchar(255),
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`email\` (\`email\`)
) ENGINE=InnoDB;
LOCK TABLES \`users\` WRITE;
INSERT INTO \`users\` VALUES (1,'ann',-1.50,'Sun\\'rise\\\\42'),(2,'ben',0,'a),(b'),
(3,NULL,0,'x'),(4,'cleo',NOW(),NULL);
# a comment; with 'quotes
INSERT IGNORE INTO users (password, email) VALUES (0x53756e, _utf8mb4'dan'), ('p\\nq', 'eve') ON DUPLICATE KEY UPDATE id=(1);
UNLOCK TABLES;
`;

const POSTGRES = `--
-- PostgreSQL database dump
--
SET standard_conforming_strings = on;
CREATE TABLE public.users (
    id integer NOT NULL,
    email character varying(255),
    password text DEFAULT 'x'::text
);
COPY public.users (id, password, email) FROM stdin;
1\tSun\\trise\tann
2\t\\N\tben
3\tC:\\\\x\\\\.\tcleo
\\.

INSERT INTO public.users VALUES (4, 'dan', 'C:\\'), (5, 'eve', E'a\\'b\\x41'), (6, 'fay', 'x''y'::character varying);
`;

describe('dumps', () => {
  test('a dump of MySQL is read by its column names, with its escapes', () => {
    const found = ["ann|Sun'rise\\42", 'ben|a),(b', 'x', '!empty-password', 'dan|Sun', 'eve|p\nq'];
    expect(sql(MYSQL)).toEqual(found);
    expect(readCorpus(MYSQL)).toEqual(found);
    expect(readCorpus(MYSQL.replaceAll('\n', '\r\n'))).toEqual(found);
  });

  test('a dump of PostgreSQL is read from COPY and INSERT, with the escapes of each', () => {
    const found = ['ann|Sun\trise', '!empty-password', 'cleo|C:\\x\\.', 'dan|C:\\', "eve|a'bA", "fay|x'y"];
    expect(sql(POSTGRES)).toEqual(found);
    expect(readCorpus(POSTGRES)).toEqual(found);
  });

  test.each([
    `PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT);\nINSERT INTO users VALUES(1,'ann','it''s\\');\nINSERT INTO "users" VALUES(2,'ben',X'53756e');\nCOMMIT;\n`,
    `CREATE TABLE users(email,password);\nINSERT INTO 'users' VALUES('ann','it''s\\');\nINSERT INTO users(password,email) VALUES("Sun","ben");\n`,
    `SET ANSI_NULLS ON\nGO\nCREATE TABLE [dbo].[Users]([Id] [int] IDENTITY(1,1) NOT NULL, [Email] [nvarchar](50) NULL)\nGO\nSET IDENTITY_INSERT [dbo].[Users] ON\nINSERT [dbo].[Users] ([Id], [Email], [Password], [Made]) VALUES (1, N'ann', N'it''s\\', CAST(N'2020-01-01' AS DateTime))\nGO\nINSERT [dbo].[Users] ([Id], [Email], [Password]) VALUES (2, N'ben', N'Sun')\nGO\n`,
    `Insert into SHOP.USERS (ID,EMAIL,PASSWORD) values (1,'ann','it''s\\');\nInsert into SHOP.USERS (ID,EMAIL,PASSWORD) values (2,'ben','Sun');\n`,
  ])('a dump of SQLite, SQL Server or Oracle is read by the standard (%#)', (dump) => {
    expect(readCorpus(dump)).toEqual(["ann|it's\\", 'ben|Sun']);
    expect(sql(dump)).toEqual(["ann|it's\\", 'ben|Sun']);
  });

  test('backslashes are read as the rows show where nothing else names the database', () => {
    const insert = (...rows: string[]): string => `INSERT INTO users (email, password) VALUES ${rows.join(',')};\n`;
    expect(readCorpus(insert("('ann','it\\'s')", "('ben','x')"))).toEqual(["ann|it's", 'ben|x']);
    expect(readCorpus(insert("ROW('ann','x')", "row ('ben','y')"))).toEqual(['ann|x', 'ben|y']);
    expect(readCorpus(insert("('ann','C:\\')", "('ben','x')"))).toEqual(['ann|C:\\', 'ben|x']);
  });
});

describe('rows', () => {
  test('a table without a password column is left out, and one without a login is rejected', () => {
    expect(
      sql("INSERT INTO logs (id, text) VALUES (1, 'x');\nINSERT INTO keys (id, password) VALUES (1, 'x'), (2, 'y');\n"),
    ).toEqual(['!missing-column', '!missing-column']);
  });

  test('columns are given by name or by place', () => {
    const dump = "INSERT INTO t VALUES (1,'ann','x'),(2,'ben','y');\n";
    expect(readCorpus(dump, { columns: { username: '2', password: '3' } })).toEqual(['ann|x', 'ben|y']);
    const named = "INSERT INTO t (id, nick, word) VALUES (1,'ann','x');\n";
    expect(readCorpus(named, { columns: { username: 'nick', password: 'word' } })).toEqual(['ann|x']);
    const refusal = refusalOf(() => readCorpus(named, { columns: { username: 'nick', password: 'secret' } }));
    expect(refusal).toMatch(/^COLUMN_MISSING: .*"secret"/);
  });

  test('a torn row costs itself, and the rows after it are read', () => {
    const dump = (torn: string): string =>
      `INSERT INTO users (email, password) VALUES ('ann','x'),${torn},('ben','y'),\n('cleo','z');\nINSERT INTO users (email, password) VALUES ('dan','w');\n`;
    for (const torn of ["('e'ric','v')", "('eric','v'w)", "('eric';'v')"]) {
      const found = sql(dump(torn));
      expect(found, torn).toContain('!malformed-row');
      for (const whole of ['ann|x', 'cleo|z', 'dan|w']) expect(found, torn).toContain(whole);
      expect(
        found.filter((line) => line.startsWith('e')),
        torn,
      ).toEqual([]);
    }
  });

  test('expressions in place of a password are rejects', () => {
    expect(
      sql("INSERT INTO users (email, password) VALUES ('ann', MD5('x')), ('ben', 'a' || 'b'), (LOWER('C'), 'y');\n"),
    ).toEqual(['!malformed-row', '!malformed-row', '!missing-column']);
  });

  test('texts of any length take bounded memory', () => {
    const before = process.memoryUsage();
    let most = 0;
    const found: string[] = [];
    const parser = createFormat('sql').createParser({
      credential: ({ username }) => found.push(`${username}`),
      reject: (reason) => found.push(`!${reason}`),
    });
    const watch = (text: string, times: number): void => {
      const block = Buffer.from(text);
      for (let i = 0; i < times; i++) {
        parser.push(block);
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
      }
    };
    watch("INSERT INTO users (email, password, note) VALUES ('ann','x','", 1);
    watch('n'.repeat(1 << 18), 200);
    watch("'),('ben','", 1);
    watch('p'.repeat(1 << 18), 200);
    watch("',''),('cleo','z',0x", 1);
    watch('00'.repeat(1 << 17), 200);
    watch('),', 1);
    watch("('dan',", 1);
    watch('('.repeat(1 << 18), 20);
    parser.end();
    expect(found).toEqual(['ann', '!malformed-row', 'cleo', '!malformed-row']);
    expect(most).toBeLessThan(120 * 2 ** 20);
  });
});

test('any text comes back from the dump of each dialect', () => {
  const random = createRandom(testSeed('sql'));
  const pieces = [
    'a',
    'é',
    '"',
    "'",
    '\\',
    '\n',
    '\t',
    ',',
    '(',
    ')',
    ';',
    '--',
    '/*',
    '#',
    '`',
    'INSERT',
    '),(',
    '$$',
    '\\N',
  ];
  const text = (): string => Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('');
  const standard = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const mysql = (value: string): string =>
    `'${value.replace(/[\\'"\n]/g, (special) => (special === '\n' ? '\\n' : `\\${special}`))}'`;
  const copy = (value: string): string =>
    value.replace(/[\\\n\t]/g, (special) => ({ '\\': '\\\\', '\n': '\\n', '\t': '\\t' })[special] as string);
  for (let round = 0; round < 300; round++) {
    const rows = Array.from({ length: 1 + random.below(5) }, () => [`u${text()}`, text(), `p${text()}`]);
    const expected = rows.map(([username, , password]) => `${username}|${password}`);
    const values = (quote: (value: string) => string): string =>
      rows
        .map((row) => `(${row.map((cell) => quote(cell as string)).join(',')})`)
        .join(random.pick([',', ',\n', ' , ']));
    const dumps = [
      `-- MySQL dump\nINSERT INTO \`u\` (\`email\`,\`note\`,\`password\`) VALUES ${values(mysql)};\n`,
      `PRAGMA foreign_keys=OFF;\nINSERT INTO u (email,note,password) VALUES ${values(standard)};\n`,
      `-- PostgreSQL database dump\nCOPY u (email, note, password) FROM stdin;\n${rows.map((row) => `${row.map((cell) => copy(cell as string)).join('\t')}\n`).join('')}\\.\n`,
    ];
    for (const dump of dumps) expect(sql(dump), dump).toEqual(expected);
  }
});
