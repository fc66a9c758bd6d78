// Tables, objects and dumps as people have them: what detection and the parser make of each.

import { expect, test } from 'vitest';
import { readCorpus, refusalOf } from '../support/corpus-text.ts';

test('columns that no header has are refused with the header that was seen', () => {
  const table = 'origin_url,username_value,password_value\nhttps://a.example/,ann@example.test,Sunrise42\n';
  const refusal = refusalOf(() => readCorpus(table, { columns: { username: 'emial', password: 'password_value' } }));
  expect(refusal).toMatch(/^COLUMN_MISSING: .*emial/);
  expect(refusal).toContain('origin_url, username_value, password_value');
});

test('given columns are found below a separator line and below comments', () => {
  const columns = { username: 'email', password: 'password' };
  expect(readCorpus('\ufeffsep=;\r\nemail;password;note\r\nann@example.test;Sunrise42;x\r\n', { columns })).toEqual([
    'ann@example.test|Sunrise42',
  ]);
  expect(
    readCorpus('# exported\n"hostname","email","password"\n"https://a.example","ann@example.test","Sunrise42"\n', {
      columns,
    }),
  ).toEqual(['ann@example.test|Sunrise42']);
});

test.each([
  [
    'id,email,ip_address,username,password,hashed_password,name\n1,ann@example.test,,,Sunrise42,,\n2,bob@example.test,,bobby,blue-horse,,\n',
  ],
  [
    '{"email":"ann@example.test","username":"","password":"Sunrise42"}\n{"email":"bob@example.test","username":"bobby","password":"blue-horse"}\n',
  ],
])('an e-mail address and a username of one row are two logins, and an empty one costs neither (%#)', (corpus) => {
  expect(readCorpus(corpus)).toEqual(['ann@example.test|Sunrise42', 'bob@example.test|blue-horse', 'bobby|blue-horse']);
});

test('numbers in JSON keep every digit as written', () => {
  const lines = ['12345678901234567890', '1.10', '1e5', '-0', '007'].map((n) => `{"email":"a","password":${n}}\n`);
  expect(readCorpus(lines.join(''))).toEqual(['a|12345678901234567890', 'a|1.10', 'a|1e5', 'a|-0', '!malformed-row']);
});

test('a potfile of PINs is not a list of counts', () => {
  // NTLM of each PIN.
  const lines = [
    '6906b6b2f1e293c446d9ede65de5e306:482915',
    '4f62e8eea2746e69b2adbca2e7a29aa6:19870412',
    '560c5eed38b4b1e72fbefb515e9d7684:774411',
    '5a39b4b0ec820f29f34e9557895430b3:20010911',
  ];
  expect(readCorpus(`${lines.join('\n')}\n`)).toEqual(['482915', '19870412', '774411', '20010911']);
});

test('quotes after a backslash are text, in exports that write them so', () => {
  const table =
    '"Account","Login Name","Password","Web Site","Comments"\n"Mail","ann@example.test","blue \\"horse\\"","","a\\\\b"\n';
  expect(readCorpus(table)).toEqual(['ann@example.test|blue "horse"']);
});

test('columns may be members of members', () => {
  const line = '{"_id":"1","_source":{"email":"ann@example.test","password":"Sunrise42"}}\n';
  const columns = { username: '_source.email', password: '_source.password' };
  expect(readCorpus(line, { columns })).toEqual(['ann@example.test|Sunrise42']);
});

test.each([
  ['[\n  {\n    "email": "ann@example.test",\n    "password": "Sunrise42"\n  }\n]\n'],
  ['[{"email":"ann@example.test","password":"Sunrise42"}]'],
  ['{"total":1,"entries":[{"email":"ann@example.test","password":"Sunrise42"}]}'],
  [
    'folder,type,login_uri,login_username,login_password,login_totp\n,login,https://a.example/,ann@example.test,Sunrise42,\n',
  ],
  ['Email Address,Plaintext Password,Source\nann@example.test,Sunrise42,x\n'],
  ['id,email,password\n1,ann@example.test,1d7295a618bb84cb775b35292978f991 (Sunrise42)\n'],
])('a table that no list resembles is read as what it is (%#)', (corpus) => {
  expect(readCorpus(corpus)).toEqual(['ann@example.test|Sunrise42']);
});

test('a dump of MySQL is read by its column names', () => {
  const dump =
    "CREATE TABLE `users` (\n  `id` int,\n  `email` varchar(255),\n  `password` varchar(255)\n);\nINSERT INTO `users` VALUES (1,'ann@example.test','Sunrise42');\n";
  expect(readCorpus(dump)).toEqual(['ann@example.test|Sunrise42']);
});
