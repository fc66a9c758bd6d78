// Tables of every dialect and header that people have, against csv-parse where it reads them.

import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { createFormat } from '../../ingest/format-registry.ts';
import { columnsOf, parseAll, readCorpus, refusalOf } from '../support/corpus-text.ts';
import { createRandom, testSeed } from '../support/random.ts';

/** The header of each exporter, and a row of it with the login ann and the password Sunrise42. */
const EXPORTS: readonly (readonly [string, string, string])[] = [
  ['Chrome', 'name,url,username,password,note', 'Shop,https://a.example/,ann,Sunrise42,'],
  ['Chrome, its database', 'origin_url,action_url,username_value,password_value', 'https://a.example/,,ann,Sunrise42'],
  [
    'Firefox',
    '"url","username","password","httpRealm","formActionOrigin","guid","timeCreated","timeLastUsed","timePasswordChanged"',
    '"https://a.example","ann","Sunrise42",,"https://a.example","{1-2}","1700000000000","1700000000000","1700000000000"',
  ],
  ['Safari', 'Title,URL,Username,Password,Notes,OTPAuth', 'Shop,https://a.example/,ann,Sunrise42,,'],
  [
    'Bitwarden',
    'folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp',
    ',,login,Shop,,,0,https://a.example/,ann,Sunrise42,',
  ],
  [
    '1Password 8',
    'Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes',
    'Shop,https://a.example/,ann,Sunrise42,,false,false,,',
  ],
  [
    'KeePass 1',
    '"Account","Login Name","Password","Web Site","Comments"',
    '"Shop","ann","Sunrise42","https://a.example/",""',
  ],
  [
    'KeePassXC',
    '"Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified","Created"',
    '"Root","Shop","ann","Sunrise42","https://a.example/","","","0","2024-01-01T00:00:00Z","2024-01-01T00:00:00Z"',
  ],
  ['LastPass', 'url,username,password,totp,extra,name,grouping,fav', 'https://a.example/,ann,Sunrise42,,,Shop,,0'],
  [
    'Dashlane',
    'username,username2,username3,title,password,note,url,category,otpSecret',
    'ann,,,Shop,Sunrise42,,https://a.example/,,',
  ],
  [
    'NordPass',
    'name,url,username,password,note,cardholdername,cardnumber,cvc,expirydate,zipcode,folder,full_name,phone_number,email,address1,address2,city,country,state',
    'Shop,https://a.example/,ann,Sunrise42,,,,,,,,,,,,,,,',
  ],
  [
    'Proton Pass',
    'type,name,url,email,username,password,note,totp,createTime,modifyTime,vault',
    'login,Shop,https://a.example/,,ann,Sunrise42,,,1700000000,1700000000,Personal',
  ],
  ['Enpass', '"Title","Username","Email","Password","Website"', '"Shop","ann","","Sunrise42","https://a.example/"'],
  [
    'RoboForm',
    'Name,Url,Login,Pwd,Note,Folder,Rf_fields',
    'Shop,https://a.example/,ann,Sunrise42,,/Shops,User ID$:txt:ann,Password$:pwd:Sunrise42',
  ],
  ['Passpack', '"Entry Name","URL","User ID","Password","Notes"', '"Shop","https://a.example/","ann","Sunrise42",""'],
  ['Myki', 'url,username,password,additionalInfo,nickname,twofaSecret', 'https://a.example/,ann,Sunrise42,,Shop,'],
  [
    'Buttercup',
    '!group_id,!group_name,title,username,password,URL,id',
    '7c-1,Shops,Shop,ann,Sunrise42,https://a.example/,b4-2',
  ],
  [
    'Synology C2',
    'Display_Name,Login_Username,Login_Password,Login_URLs,Login_TOTP',
    'Shop,ann,Sunrise42,https://a.example/,',
  ],
  ['Password Gorilla', 'uuid,group,title,url,user,password,notes', '54-1,Shops,Shop,https://a.example/,ann,Sunrise42,'],
  ['Yandex Browser', 'url,username,password,comment,tags', 'https://a.example/,ann,Sunrise42,,'],
  ['Avira', 'name,website,username,password,secondary_username', 'Shop,https://a.example/,ann,Sunrise42,'],
  [
    'DeHashed',
    'id,email,ip_address,username,password,hashed_password,hash_type,name,vin,address,phone,database_name',
    '1,,,ann,Sunrise42,,,,,,,Leak',
  ],
];

/** Headers of a login and a password. */
const LANGUAGES = [
  'Benutzername;Passwort',
  'E-Mail-Adresse;Kennwort',
  "nom d'utilisateur;mot de passe",
  'Adresse e-mail;Mot de passe',
  'usuario;contraseña',
  'Correo electrónico;Clave',
  'Nome utente;Parola',
  'usuário;senha',
  'Utilizador;Palavra-passe',
  'gebruikersnaam;wachtwoord',
  'Nazwa użytkownika;Hasło',
  'Kullanıcı Adı;Şifre',
  'E-POSTA;ŞİFRE',
  'логин;пароль',
  'Имя пользователя;Пароль',
  'Логін;Пароль',
  'Uživatelské jméno;Heslo',
  'användarnamn;lösenord',
  'Brukernavn;Passord',
  'brugernavn;adgangskode',
  'käyttäjätunnus;salasana',
  'felhasználónév;jelszó',
  'nume de utilizator;parolă',
  'όνομα χρήστη;κωδικός',
  '用户名;密码',
  '使用者名稱;密碼',
  'ユーザー名;パスワード',
  '사용자 이름;비밀번호',
  'اسم المستخدم;كلمة المرور',
  'שם משתמש;סיסמה',
  'tên đăng nhập;mật khẩu',
];

test.each(EXPORTS)('a table exported by %s is recognised by its header', (_name, header, row) => {
  expect(readCorpus(`${header}\r\n${row}\r\n`)).toEqual(['ann|Sunrise42']);
});

test.each(LANGUAGES)('the header %s names a login and a password', (header) => {
  const rows = 'ann;Sunrise42\nben;"blue;horse"\n';
  for (const text of [header, header.toUpperCase(), header.normalize('NFD')])
    expect(readCorpus(`${text}\n${rows}`)).toEqual(['ann|Sunrise42', 'ben|blue;horse']);
});

describe('dialects', () => {
  test.each([',', ';', '\t', '|', '^', '~', '\x01', '§', '¦', ' | ', ', '])(
    'a table separated by %j is recognised, and the format of tables reads it without detection',
    (separator) => {
      const table = [
        ['id', 'email', 'password'],
        ['1', 'ann', 'Sun:rise42'],
        ['2', 'ben', `"p${separator}w"`],
      ];
      const text = table.map((cells) => cells.join(separator)).join('\n');
      expect(readCorpus(text)).toEqual(['ann|Sun:rise42', `ben|p${separator}w`]);
      expect(parseAll(createFormat('csv'), [text])).toEqual(['ann|Sun:rise42', `ben|p${separator}w`]);
    },
  );

  test.each([
    ['sep=;\r\n', ';'],
    ['\ufeff"sep=^"\n', '^'],
    ['# one comment\n\n// another\n', ','],
    ['Exported passwords\n', ','],
    ['\ufeff#', ','],
  ])('rows begin below %j', (preamble, separator) => {
    expect(readCorpus(`${preamble}email${separator}password\nann${separator}"x"\n`)).toEqual(['ann|x']);
  });

  test('single quotes enclose cells in a table whose header has them', () => {
    expect(readCorpus("'email','password'\n'ann','it''s'\n'ben','a,b'\n")).toEqual(["ann|it's", 'ben|a,b']);
  });

  test('a backslash before a quote is text unless the table escapes by it', () => {
    expect(readCorpus('email,password,note\n"ann","C:\\",x\n"ben","a""b",\n')).toEqual(['ann|C:\\', 'ben|a"b']);
    expect(readCorpus('email,password,note\n"ann","C:\\\\",x\n"ben","a\\"b",\n')).toEqual(['ann|C:\\', 'ben|a"b']);
  });

  test('a backslash before a quote in a table of another dialect is a reject, not another password', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `"user${i}","pass${i}"`).join('\n');
    const found = parseAll(createFormat('csv'), [`email,password\n${rows}\n"ann","blue \\"horse\\""\n`]);
    expect(found).toHaveLength(5001);
    expect(found.at(-1)).toBe('!malformed-row');
  });

  test('an unquoted separator belongs to the password where no other column may contain it', () => {
    expect(readCorpus('email,password\nann,a,b\nben,c\n')).toEqual(['ann|a,b', 'ben|c']);
    expect(readCorpus('password,count\na,b,3\nc,4\n')).toEqual(['a,b*3', 'c*4']);
    expect(readCorpus('email,password,note\nann,a,b,c\nben,c,\ncleo,d,x\n')).toEqual([
      '!malformed-row',
      'ben|c',
      'cleo|d',
    ]);
  });

  test('a list of pairs with a header loses nothing but the header', () => {
    const pairs = Array.from({ length: 100 }, (_, i) => `user${i}@example.test:a:${i}`);
    expect(readCorpus(`email:password\n${pairs.join('\n')}\n`)).toEqual(pairs.map((pair) => pair.replace(':', '|')));
  });

  test('a table of any dialect reads the same as in csv-parse', () => {
    const random = createRandom(testSeed('dialects'));
    const pieces = ['a', 'é', '"', ',', '\n', ' ', ';', '\\', 'pw', '""', '0', "'", '|', '\t'];
    const text = (): string => Array.from({ length: random.below(5) }, () => random.pick(pieces)).join('');
    for (let round = 0; round < 300; round++) {
      const delimiter = random.pick([',', ';', '\t', '|', '^', '~']);
      const escaping = random.pick(['"', '\\']);
      const quote = (cell: string): string =>
        `"${escaping === '"' ? cell.replaceAll('"', '""') : cell.replace(/[\\"]/g, '\\$&')}"`;
      // Unmistakable rows first: no reader can know a dialect that a table does not show.
      const rows = [
        ['u', 'a"b', ''],
        ['u', '\\"', 'x'],
        ...Array.from({ length: 1 + random.below(6) }, () => [`u${text()}`, `p${text()}`, text()]),
      ];
      const corpus = ['username,password,note'.replaceAll(',', delimiter)]
        .concat(rows.map((row) => row.map(quote).join(delimiter)))
        .join(random.pick(['\n', '\r\n']));
      const expected = (
        parse(corpus, { columns: true, delimiter, escape: escaping }) as { username: string; password: string }[]
      ).map(({ username, password }) => `${username}|${password}`);
      expect(readCorpus(corpus), corpus).toEqual(expected);
    }
  });
});

describe('columns', () => {
  test('columns by place read a table without header, and skip a header that is one', () => {
    const columns = { username: '2', password: '3' };
    const rowsOf = (separator: string): string =>
      [
        ['1001', 'ann@example.test', 'Sunrise42'],
        ['1002', 'ben@example.test', '"a,b"'],
      ]
        .map((cells) => `${cells.join(separator)}\n`)
        .join('');
    const rows = rowsOf(',');
    const found = ['ann@example.test|Sunrise42', 'ben@example.test|a,b'];
    expect(readCorpus(rows, { columns })).toEqual(found);
    expect(readCorpus(`id,email,password\n${rows}`, { columns })).toEqual(found);
    expect(readCorpus(rowsOf(';'), { columns })).toEqual(found);
    expect(readCorpus(rowsOf('::'), { columns, separator: '::' })).toEqual(found);
  });

  test('a table in quotes without a header is read as pairs after addresses, and refused if it has more columns', () => {
    const rows = (line: (i: number) => string): string => Array.from({ length: 20 }, (_, i) => `${line(i)}\n`).join('');
    for (const separator of [':', ',', ';'])
      expect(readCorpus(rows((i) => `"u${i}@example.test"${separator}"p""${i}"`))[3]).toBe('u3@example.test|p"3');
    const refusal = /^FORMAT_UNRECOGNISED.*--columns username=2,password=3/;
    expect(refusalOf(() => readCorpus(rows((i) => `"Shops","shop${i}","ann","p${i}","https://a.example/"`)))).toMatch(
      refusal,
    );
  });

  test('a header without a column for the login is refused and shown', () => {
    for (const header of ['url,password,note', 'email,passwrd,name', 'email,hash,salt', 'id,name,hashed_password'])
      expect(refusalOf(() => readCorpus(`${header}\na,b,c\n`))).toContain(header.replaceAll(',', ', '));
  });

  test('a first row that is no header is not shown', () => {
    const columns = { username: 'mail', password: 'word' };
    const refusal = refusalOf(() => readCorpus('ann@example.test,Sunrise42\nben@example.test,x\n', { columns }));
    expect(refusal).toMatch(/^COLUMN_MISSING/);
    for (const secret of ['ann', 'Sunrise42']) expect(refusal).not.toContain(secret);
    expect(refusalOf(() => readCorpus('ann,Sunrise42,x\n', { columns }))).not.toContain('Sunrise42');
  });

  test('the columns that are read, and those that are not, are reported', () => {
    const text = 'id,email,nick name,password,times\n1,ann@example.test,ann,Sunrise42,3\n';
    expect(columnsOf(createFormat('csv'), text)).toEqual({
      used: ['username=email', 'password=password', 'count=times'],
      unused: ['id', 'nick name'],
    });
    const byPlace = createFormat('csv', { columns: { username: '2', password: '4' } });
    expect(columnsOf(byPlace, '1,ann@example.test,ann,Sunrise42,3\n')).toEqual({
      used: ['username=2', 'password=4'],
      unused: ['1', '3', '5'],
    });
  });

  test('a plaintext column is the password where another one holds its hash', () => {
    expect(readCorpus('email,password,plaintext\nann,d9cb7547d53132d1,Sunrise42\n')).toEqual(['ann|Sunrise42']);
  });

  test('a hash column feeds the index of its hash', () => {
    const hash = 'd9cb7547d53132d106e8dc179731c94d7ce65a07';
    expect(readCorpus(`email,sha1\nann,${hash}\nben,${hash.slice(1)}\n`)).toEqual([hash, '!bad-hash']);
    expect(createFormat('csv', { columns: { username: 'email', ntlm: 'hash' } }).feeds).toEqual(['ntlm']);
  });

  test('a row with two logins gives both, and each only once', () => {
    const rows = 'username,email,password\nann,ann,x\nben,b@example.test,y\n,,z\n';
    expect(readCorpus(rows)).toEqual(['ann|x', 'ben|y', 'b@example.test|y', 'z']);
    expect(readCorpus(rows, { columns: { username: 'email', password: 'password' } })).toEqual([
      'ann|x',
      'b@example.test|y',
      'z',
    ]);
  });
});
