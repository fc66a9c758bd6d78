// Blocks of labelled lines as tools and people write them: what becomes of each, or the refusal.

import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../../ingest/format-registry.ts';
import { createSample } from '../../../ingest/formats/sample.ts';
import { readCorpus, refusalOf } from '../../support/corpus-text.ts';

const VICTIMS = [
  ['https://shop.example.test/login', 'ann@example.test', 'Sunrise42'],
  ['https://mail.example.test/', 'bob', 'blue horse!'],
  ['http://198.51.100.7:8080', 'cee@example.test', 'kettle - 7: x'],
  ['https://forum.example.test/x', '+491701234567', 'waterfall88='],
] as const;
const PAIRS = VICTIMS.map(([, username, password]) => `${username}|${password}`);

/** A block for each victim. */
const blocks = (write: (site: string, username: string, password: string, i: number) => string): string =>
  VICTIMS.map(([site, username, password], i) => write(site, username, password, i)).join('\n');

const found = (text: string): string => detectFormat(createSample(Buffer.from(text), true)).format.name;

describe('blocks are read', () => {
  test.each([': ', ' : ', ':', '：', ':\t', ' - ', ' – ', '=', ' = ', ' | ', ' -> ', ' => ', '\t', ':: '])(
    'with %j between label and value',
    (s) => {
      const text = blocks((site, user, pass) => `URL${s}${site}\nLogin${s}${user}\nPassword${s}${pass}\n`);
      expect(readCorpus(text)).toEqual(PAIRS);
    },
  );

  test.each([
    ['Webseite', 'Benutzername', 'Passwort'],
    ['Ссылка', 'Логин', 'Пароль'],
    ['网址', '用户名', '密码'],
    ['الموقع', 'اسم المستخدم', 'كلمة المرور'],
    ['Ιστότοπος', 'Όνομα χρήστη', 'Κωδικός πρόσβασης'],
    ['เว็บไซต์', 'ชื่อผู้ใช้', 'รหัสผ่าน'],
    ['H05T', 'U53RN4M3', 'P455W0RD'],
    ['Site', 'U', 'P'],
    ['[+] URL', '[+] Username', '[+] Password'],
    ['• Link', '• E-Mail', '• Pass'],
  ])('with the labels %s, %s and %s', (site, user, pass) => {
    for (const s of [': ', ' - ', '='])
      expect(
        readCorpus(
          blocks((...of) =>
            [site, user, pass]
              .map((label, i) => `${label}${s}${of[i]}`)
              .join('\n')
              .concat('\n-----'),
          ),
        ),
        s,
      ).toEqual(PAIRS);
  });

  test('with the value below its label, behind a separator or not', () => {
    for (const s of [':', '', ' :', ' -']) {
      const text = blocks((site, user, pass) => `URL${s}\n${site}\nUsername${s}\n${user}\nPassword${s}\n${pass}\n`);
      expect(readCorpus(text), s).toEqual(PAIRS);
    }
  });

  test('with the labels padded to one width, or the values', () => {
    const padded = blocks(
      (site, user, pass) => `URL         : ${site}\nUser Name   : ${user}\nPassword    : ${pass}\n`,
    );
    const aligned = blocks((site, user, pass) => `URL:      ${site}\nUsername: ${user}\nPassword: ${pass}\n`);
    expect(readCorpus(padded)).toEqual(PAIRS);
    expect(readCorpus(aligned)).toEqual(PAIRS);
    expect(readCorpus(aligned.replace('Sunrise', ' Sunrise'))[0]).toBe('ann@example.test| Sunrise42');
  });

  test('among many fields of something else', () => {
    const ruler = '='.repeat(50);
    const text = blocks((site, user, pass, i) =>
      [
        ...[ruler, `URL               : ${site}`, 'Web Browser       : Chrome', `User Name         : ${user}`],
        ...[`Password          : ${pass}`, 'Password Strength : Strong', 'User Name Field   : email'],
        ...['Password Field    : pass', `Created Time      : 2024-01-0${i + 1} 11:24:09`, 'Modified Time     :'],
        ...[
          'Filename          : C:\\Users\\bob\\Login Data',
          'Times Used        : 3',
          `GUID              : ${i}`,
          ruler,
          '',
        ],
      ].join('\n'),
    );
    expect(readCorpus(text)).toEqual(PAIRS);
    // A field that only one block has ends a password, too.
    expect(readCorpus(text.replace('Password Strength : Strong', 'Some Note : x'))).toEqual(PAIRS);
  });

  test('in any order of their fields, and without anything between them', () => {
    const orders = blocks((site, user, pass, i) =>
      i % 2 === 0 ? `User: ${user}\nPass: ${pass}\nURL: ${site}\n` : `URL: ${site}\nPass: ${pass}\nUser: ${user}\n`,
    );
    expect(readCorpus(orders)).toEqual(PAIRS);
    expect(readCorpus(blocks((site, user, pass) => `User: ${user}\nPass: ${pass}\nURL: ${site}`))).toEqual(PAIRS);
    expect(readCorpus(blocks((_, user, pass) => `Pass: ${pass}\nUser: ${user}`))).toEqual(PAIRS);
    expect(readCorpus(blocks((_, user, pass) => `User: ${user}\n\nPass: ${pass}\n`))).toEqual(PAIRS);
  });

  test('of which some are half, and those of nothing are blank', () => {
    const text = `${blocks((site, user, pass) => `URL: ${site}\nUser: ${user}\nPass: ${pass}\n`)}
URL: https://a.example.test\nUser: dan\nPass:\n\nURL: https://b.example.test\nUser:\nPass: alone\n\nUser:\nPass:\n\nPass: last\n`;
    expect(readCorpus(text)).toEqual([...PAIRS, 'dan|', 'alone', '!blank', 'last']);
  });

  test('with a login and an e-mail address, both of which are logins of the password', () => {
    const text = blocks((_, user, pass, i) => `Login: nick${i}\nE-Mail: ${user}\nPassword: ${pass}\n`);
    const both = PAIRS.flatMap((pair, i) => [`nick${i}|${VICTIMS[i]?.[2]}`, pair]);
    expect(readCorpus(text)).toEqual(both);
    expect(readCorpus(text.replaceAll('\n\n', '\n'))).toEqual(both);
  });

  test('of several tools, one log behind another', () => {
    const one = blocks((site, user, pass) => `URL: ${site}\nUSER: ${user}\nPASS: ${pass}`);
    const other = blocks((site, user, pass) => `Host: ${site}\nLogin: ${user}\nPassword: ${pass}`);
    expect(readCorpus(`${one}\n${other}\n`)).toEqual([...PAIRS, ...PAIRS]);
  });
});

describe('what stands between blocks', () => {
  const text = (between: string): string =>
    `${between}\n${blocks((site, user, pass) => `URL: ${site}\nUser: ${user}\nPass: ${pass}\n${between}`)}\n`;

  test.each([
    ['>>> t.me/some_cloud <<<'],
    ['[+] Join @somelogs for more [+]'],
    ['*** SOME CLOUD ***'],
    ['*    Telegram: https://t.me/some    *'],
    ['# shared by somebody'],
    ['https://t.me/some'],
    ['=====[ some ]====='],
  ])('%s belongs to no password, and is no reason for an alarm', (between) => {
    expect(readCorpus(text(between)).filter((line) => line !== '!comment')).toEqual(PAIRS);
  });

  test('may come again before each block', () => {
    expect(readCorpus(text('\nPassword found'))).toEqual(PAIRS);
  });

  test('is rejected aloud if it may be a credential', () => {
    expect(readCorpus(text('\ndan@example.test:secret1'))).not.toEqual(PAIRS);
    const once = text('').replace('Sunrise42\n', 'Sunrise42\n\ndan:secret1\n');
    expect(readCorpus(once).filter((line) => line.startsWith('!'))).toEqual(['!no-separator']);
  });

  test('rejects the block if it may be more of the password', () => {
    const more = text('').replace('Sunrise42', 'Sunrise42\nsecond line');
    expect(readCorpus(more)[0]).toBe('!malformed-row');
  });
});

describe('labels that are not known', () => {
  const unknown = (more = ''): string =>
    Array.from(
      { length: 8 },
      (_, i) => `Qab: https://s${i}.example.test/\nQcd: user${i}@example.test\nQef: Sun-${i}rise\n${more}`,
    ).join('\n');

  test('are told by their values', () => {
    expect(readCorpus(unknown())).toEqual(Array.from({ length: 8 }, (_, i) => `user${i}@example.test|Sun-${i}rise`));
  });

  test('are refused with the flag that names them if values do not tell', () => {
    const unclear = unknown('Qgh: Moon/7\n').replace(/7\n/g, () => `${Math.random()}\n`);
    expect(refusalOf(() => readCorpus(unclear))).toMatch(/^FORMAT_UNRECOGNISED: these are blocks .*--labels/);
    expect(readCorpus(unclear, { labels: { username: ['qcd'], password: ['qef'] } })).toHaveLength(8);
  });

  test('may have a separator that the operator states', () => {
    const text = blocks((site, user, pass) => `URL /// ${site}\nUser /// ${user}\nPass /// ${pass}\n`);
    expect(readCorpus(text, { separator: '///' })).toEqual(PAIRS);
  });
});

describe('a text is no blocks', () => {
  test.each([
    [
      'combo',
      'root:123456\nroot:toor\nroot:admin\nadmin:admin\nadmin:1234\nadmin:pass\nguest:guest\nuser:user1\nuser:x2\nuser:x3\n',
    ],
    [
      'json',
      '[\n{\n  "username": "ann",\n  "password": "Sunrise42"\n},\n{\n  "username": "bob",\n  "password": "x"\n}\n]\n',
    ],
    ['csv', 'username,password\nann,Sunrise42\nbob,x\ncee,y\n'],
  ])('that is %s', (format, text) => {
    expect(found(text)).toBe(format);
  });

  test('of prose with a password in it', () => {
    const prose = Array.from(
      { length: 9 },
      (_, i) => `The horse number ${i} ran over the hill, and rested there.`,
    ).join('\n');
    expect(
      refusalOf(() => readCorpus(`${prose}\nUsername: ann\nPassword: Sunrise42\n${prose}\nThanks\nann\n`)),
    ).toMatch(/^FORMAT_UNRECOGNISED/);
  });
});
