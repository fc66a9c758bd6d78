// Tables whose writers mark their cells, repeat their header, or draw lines: what comes out.

import { describe, expect, test } from 'vitest';
import { readCorpus, refusalOf } from '../../support/corpus-text.ts';

const PAIRS: readonly (readonly [string, string])[] = [
  ['ann@example.test', 'Sunrise42'],
  ['bob@example.test', 'blue"horse'],
  ['carl@example.test', 'it’s 7'],
  ['dora@example.test', '482915'],
  ['eve@example.test', 'x=1;y'],
  ['fay@example.test', 'pass word'],
];
const EXPECTED = PAIRS.map((pair) => pair.join('|'));

const tableOf = (row: (username: string, password: string) => string, header = 'email,password'): string =>
  `${[header, ...PAIRS.map(([username, password]) => row(username, password))].join('\n')}\n`;
const doubled = (text: string, quote: string): string => text.replaceAll(quote, quote + quote);

describe('cells within marks', () => {
  test.each([
    ["'", "'"],
    ['`', '`'],
    ['“', '”'],
    ['«', '»'],
    ['„', '“'],
    ['‘', '’'],
  ])('%s…%s around cells are no part of them', (open, close) => {
    expect(
      readCorpus(tableOf((username, password) => `${open}${username}${close},${open}${password}${close}`)),
    ).toEqual(EXPECTED);
  });

  test.each([['"'], ["'"], ['`']])('a cell in %s contains the separator and doubled quotes', (quote) => {
    const cell = (text: string): string => `${quote}${doubled(text, quote)}${quote}`;
    const row = (username: string, password: string): string => `1,${cell(username)},${cell(`${password},${quote}z`)}`;
    expect(readCorpus(tableOf(row, 'id,email,password'))).toEqual(EXPECTED.map((pair) => `${pair},${quote}z`));
  });

  test.each([
    [(text: string): string => `"=""${text.replaceAll('"', '""""')}"""`],
    [(text: string): string => `="${text.replaceAll('"', '""')}"`],
  ])('a formula that keeps a spreadsheet from reading a number is no part of a cell (%#)', (cell) => {
    expect(readCorpus(tableOf((username, password) => `"${username}",${cell(password)}`))).toEqual(EXPECTED);
  });

  test('one row, and columns by place, lose their quotes too', () => {
    expect(readCorpus("email,password\n'ann@example.test','Sunrise42'\n")).toEqual(['ann@example.test|Sunrise42']);
    const columns = { username: '1', password: '2' };
    expect(readCorpus("'ann@example.test','Sunrise42'\n'bob@example.test','a,b'\n", { columns })).toEqual([
      'ann@example.test|Sunrise42',
      'bob@example.test|a,b',
    ]);
  });

  test('a password of a few that is itself in quotes keeps them', () => {
    const rows = Array.from({ length: 100 }, (_, i) => `u${i}@example.test,${i < 2 ? `'p${i}'` : `p${i}`}`);
    expect(readCorpus(`email,password\n${rows.join('\n')}\n`).slice(0, 3)).toEqual([
      "u0@example.test|'p0'",
      "u1@example.test|'p1'",
      'u2@example.test|p2',
    ]);
  });
});

describe('drawn tables', () => {
  const ROWS = [
    '| id   | email              | password     |',
    ...PAIRS.map(([username, password], i) => `| ${i + 1}    | ${username.padEnd(18)} | ${password.padEnd(12)} |`),
  ];
  const RULER = '+------+--------------------+--------------+';

  test('the client of MySQL draws lines around cells', () => {
    const table = [RULER, ROWS[0], RULER, ...ROWS.slice(1), RULER].join('\n');
    expect(readCorpus(`${table}\n`)).toEqual(['!comment', ...EXPECTED, '!comment']);
  });

  test('Markdown has a row of lines below the header', () => {
    const table = [ROWS[0], '|------|:-------------------|-------------:|', ...ROWS.slice(1)].join('\n');
    expect(readCorpus(`${table}\n`)).toEqual(['!comment', ...EXPECTED]);
  });

  test('SQLite and DuckDB draw boxes', () => {
    const table = ['┌────┬────┬────┐', ROWS[0], '├────┼────┼────┤', ...ROWS.slice(1), '└────┴────┴────┘'].join('\n');
    expect(readCorpus(`${table.replaceAll('|', '│')}\n`)).toEqual(['!comment', ...EXPECTED, '!comment']);
  });

  test('blanks align the columns of CSV', () => {
    const table = tableOf(
      (username, password) => `${username.padEnd(20)},${password.padEnd(12)}`,
      'email      ,password    ',
    );
    expect(readCorpus(table)).toEqual(EXPECTED);
  });
});

describe('joined tables', () => {
  test('a header that stands again is no credential', () => {
    expect(readCorpus('email,password\nann@a.test,Sunrise42\nemail,password\nbob@a.test,x\n')).toEqual([
      'ann@a.test|Sunrise42',
      '!comment',
      'bob@a.test|x',
    ]);
  });

  test.each([
    ['email,password', (i: number) => `u${i}@a.test,p${i}`, 'password,email', (i: number) => `p${i},u${i}@a.test`],
    [
      'email,password,x',
      (i: number) => `u${i}@a.test,p${i},`,
      'x,email,password',
      (i: number) => `,u${i}@a.test,p${i}`,
    ],
  ])('columns have the order of the header above them (%#)', (header, row, next, nextRow) => {
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const rows = [header, ...numbers.slice(0, 20).map(row), next, ...numbers.slice(20).map(nextRow)];
    const pairs = numbers.map((i) => `u${i}@a.test|p${i}`);
    expect(readCorpus(`${rows.join('\n')}\n`)).toEqual(pairs.toSpliced(20, 0, '!comment'));
  });

  test('lines end with CR, LF or both', () => {
    expect(readCorpus('email,password\r\na@a.test,1x\rb@a.test,2x\nc@a.test,3x\r\n')).toEqual([
      'a@a.test|1x',
      'b@a.test|2x',
      'c@a.test|3x',
    ]);
  });

  test('a list of passwords has the word of its header as a password', () => {
    expect(readCorpus('"password"\n"Sunrise42"\n"password"\n')).toEqual(['Sunrise42', 'password']);
  });
});

test('what MySQL writes for NULL is no password', () => {
  expect(readCorpus('id,email,password\n1,ann@a.test,\\N\n2,bob@a.test,Sunrise42\n')).toEqual([
    '!empty-password',
    'bob@a.test|Sunrise42',
  ]);
});

describe('statements of SQL', () => {
  test.each([
    ["REPLACE INTO users (id,email,password) VALUES (1,'ann@a.test','it\\'s;1');\n"],
    ["REPLACE LOW_PRIORITY INTO `users` (`id`, `email`, `password`) VALUES (1,'ann@a.test','it\\'s;1');\n"],
    ["insert into users (id, email, password)\nvalues (1, 'ann@a.test', 'it''s;1');\n"],
    ["insert into users\n  (id, email, password)\nvalues\n  (1, 'ann@a.test', 'it''s;1');\n"],
    ["INSERT INTO public.users\n(id, email, \"password\")\nVALUES(1, 'ann@a.test', 'it''s;1');\n"],
    ["INSERT ALL\n  INTO users (id,email,password) VALUES (1,'ann@a.test','it''s;1')\nSELECT 1 FROM dual;\n"],
    ['COPY users (id, email, password) FROM stdin WITH (FORMAT csv);\n1,ann@a.test,"it\'s;1"\n\\.\n'],
    ["COPY users (id, email, password) FROM stdin WITH CSV HEADER DELIMITER '|';\ni|e|p\n1|ann@a.test|it's;1\n\\.\n"],
  ])('the rows are read (%#)', (dump) => {
    expect(readCorpus(dump)).toEqual(["ann@a.test|it's;1"]);
    expect(readCorpus(dump.repeat(30))).toEqual(Array.from({ length: 30 }, () => "ann@a.test|it's;1"));
  });

  test.each([
    ["UPDATE users SET password='Sunrise42' WHERE email='ann@a.test';\n"],
    ["MERGE INTO users USING dual ON (email = 'ann@a.test') WHEN MATCHED THEN UPDATE SET password = 'x:1';\n"],
    ["SELECT 'ann@a.test','Sunrise42' UNION ALL\n"],
    ["CREATE USER 'ann'@'%' IDENTIFIED BY 'Sunrise42';\n"],
    ["GRANT ALL ON *.* TO 'ann'@'%' IDENTIFIED BY 'Sunrise42';\n"],
  ])('statements without rows are refused, and are no pairs (%#)', (statement) => {
    for (const times of [1, 30])
      expect(refusalOf(() => readCorpus(statement.repeat(times)))).toMatch(/^(FORMAT_UNRECOGNISED|COLUMN_MISSING)/);
  });

  test('a backtick in a password makes no dump one of MySQL, whose backslashes escape', () => {
    const row = "insert into users (email, password) values ('ann@a.test', 'a`b\\9');\n";
    expect(readCorpus(row)).toEqual(['ann@a.test|a`b\\9']);
  });

  test('rows without their statement are read by the places of their columns', () => {
    const rows = "(1, 'ann@a.test', 'it''s', '203.0.113.7'),\n(2, 'bob@a.test', 'x,y', NULL),\n";
    expect(refusalOf(() => readCorpus(rows))).toMatch(/rows of SQL.*--format sql --columns username=2,password=3/);
    expect(readCorpus(rows, { columns: { username: '2', password: '3' } })).toEqual([
      "ann@a.test|it's",
      'bob@a.test|x,y',
    ]);
  });
});

describe('exports of password managers in JSON', () => {
  test('fields that are objects are members of the item around them', () => {
    const field = (type: string, value: string): object => ({ label: type, type, value });
    const item = (...fields: object[]): object => ({ title: 'Shop', fields });
    const items = [
      item(field('username', ''), field('email', 'ann@a.test'), field('password', 'Sunrise42'), field('url', 'x')),
      item({ value: 'bob', name: 'user', designation: 'username' }, { value: 'x', designation: 'password' }),
    ];
    expect(readCorpus(JSON.stringify({ folders: [], items }))).toEqual(['ann@a.test|Sunrise42', 'bob|x']);
  });

  test('the names of Proton Pass are logins, and former passwords have none', () => {
    const content = { itemEmail: 'ann@a.test', itemUsername: '', password: 'Sunrise42', urls: [] };
    const vaults = { x: { items: [{ data: { metadata: { name: 'Shop' }, type: 'login', content } }] } };
    expect(readCorpus(JSON.stringify({ vaults }))).toEqual(['ann@a.test|Sunrise42']);
    const items = [{ passwordHistory: [{ password: 'old' }], login: { username: 'ann', password: 'Sunrise42' } }];
    expect(readCorpus(JSON.stringify({ items }))).toEqual(['old', 'ann|Sunrise42']);
  });
});

describe('texts without a credential are refused with what they are', () => {
  test.each([
    ['[["ann@a.test","Sunrise42"],["bob@a.test","x"]]', /arrays of JSON.*--format csv --columns/],
    ['\n\n \n', /all of its lines are blank.*Leave the file out/],
    [`username,api_token\n${`ann,${'1f'.repeat(20)}\n`.repeat(20)}`, /hashes in column 2/],
    [`"login";"session id"\n${`"ann";"${'1f'.repeat(20)}"\n`.repeat(20)}`, /hashes in column 2/],
  ])('%#', (text, refusal) => {
    expect(refusalOf(() => readCorpus(text))).toMatch(refusal);
  });
});
