// Stealer logs, tables, JSON lines and other separators, and the detection of every format.

import { describe, expect, test } from 'vitest';
import { FORMAT_NAMES } from '../../ingest/format-loader.ts';
import { createFormat, detectFormat } from '../../ingest/format-registry.ts';
import type { AsciiFields, CorpusFormat, FormatOptions } from '../../ingest/formats/format.ts';
import { createSample } from '../../ingest/formats/sample.ts';
import { maskLine } from '../../ingest/mask.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

/**
 * What came of each line: `user|password`, with `*times` where not 1, or `!reason`. Whole and in
 * blocks of 5 bytes.
 */
function read(format: CorpusFormat, text: string): string[] {
  const bytes = Buffer.from(text);
  const [whole, cut] = [bytes.length + 1, 5].map((size) => {
    const found: string[] = [];
    const parser = format.createParser({
      credential: ({ username, password, times }) =>
        found.push(`${username === undefined ? '' : `${username}|`}${password}${times === 1 ? '' : `*${times}`}`),
      reject: (reason) => found.push(`!${reason}`),
    });
    for (let at = 0; at < bytes.length; at += size) parser.push(Buffer.from(bytes.subarray(at, at + size)));
    parser.end();
    return found;
  });
  expect(cut).toEqual(whole);
  return whole as string[];
}

const named = (name: string, text: string, options: FormatOptions = {}): string[] =>
  read(createFormat(name, options), text);

describe('combo lists', () => {
  test.each([
    ['combo', ':'],
    ['combo-semicolon', ';'],
    ['combo-comma', ','],
    ['combo-pipe', '|'],
    ['combo-tab', '\t'],
  ])('the format %s splits at the first separator', (name, separator) => {
    const line = (...fields: string[]): string => fields.join(separator);
    expect(
      named(
        name,
        `${[line('ana', 'pw'), line('ben', 'a', 'b'), 'nothing', line('', 'pw'), line('cleo', '')].join('\n')}\n`,
      ),
    ).toEqual(['ana|pw', `ben|a${separator}b`, '!no-separator', '!empty-username', '!empty-password']);
  });
});

describe('stealer logs', () => {
  test('stealer logs as url:user:pass may have a scheme, a host and a port in the URL', () => {
    const lines: [string, string][] = [
      ['https://site.example/login:ana:pw', 'ana|pw'],
      ['https://site.example:8443/login:ana:pw:x', 'ana|pw:x'],
      ['https://site.example:8443:ana:pw', 'ana|pw'],
      ['https://site.example:12345:pw', '12345|pw'],
      ['https://site.example:8443?next=1:ana:pw', 'ana|pw'],
      ['http://[2001:db8::1]:8080/x:ana:pw', 'ana|pw'],
      ['http://[2001:db8::1]/x:ana:pw', 'ana|pw'],
      ['http://10.0.0.1:123456:ana:pw', '123456|ana:pw'],
      ['android://c2lnbmF0dXJl==@com.example.app/:ana:pw', 'ana|pw'],
      ['site.example/login:ana@example.com:$HEX[703a77]', 'ana@example.com|p:w'],
      ['site.example/a:123/b:pw', '123/b|pw'],
      ['https://site.example/', '!no-separator'],
      ['https://site.example/:ana', '!no-separator'],
      ['https://site.example/::pw', '!empty-username'],
      ['https://site.example/:ana:', '!empty-password'],
      ['no url at all', '!no-separator'],
      [' ', '!blank'],
    ];
    expect(named('url-user-pass', lines.map(([line]) => line).join('\n'))).toEqual(lines.map(([, found]) => found));
  });

  test('stealer logs in blocks may have their fields in any order and under any usual name', () => {
    const text = [
      '==== a banner ====',
      'URL: https://site.example/',
      'Username: ana',
      'Password: pa: ss',
      'Application: Chrome',
      '===============',
      'Host: https://other.example',
      'PASS:  two blanks',
      'Login: ben',
      '',
      'URL: x',
      'Username: cleo',
      'URL: y',
      'Password: alone',
      'Username: dan',
      'Password:',
      'no key here',
      'user login: eve',
      'user password: $HEX[70]',
      'user login: fay',
      'user password: pw',
    ].join('\r\n');
    expect(named('stealer-blocks', text)).toEqual([
      'ana|pa: ss',
      'ben| two blanks',
      'cleo|',
      'dan|alone',
      '!comment',
      '!blank',
      'eve|p',
      'fay|pw',
    ]);
  });
});

describe('tables and objects', () => {
  test('CSV and TSV parsers find the usual columns', () => {
    expect(named('csv', 'id,E-Mail,Pass,times\n1,ana,pw,3\n')).toEqual(['ana|pw*3']);
    expect(named('tsv', 'login\tpwd\nana\t"p\tw"\nben\tp,w\n')).toEqual(['ana|p\tw', 'ben|p,w']);
    expect(named('csv', 'password,count\npw,3\n')).toEqual(['pw*3']);
  });

  test('a table with an unknown username column is refused, not read for its passwords', () => {
    const missing = expect.objectContaining({ code: 'COLUMN_MISSING', hint: expect.stringContaining('--columns') });
    expect(() => named('csv', 'spalte,password\nana,pw\n')).toThrow(missing);
    expect(named('csv', 'konto,password\nana,pw\n', { columns: { password: 'password' } })).toEqual(['pw']);
    expect(named('csv', 'konto,password\nana,pw\n', { columns: { username: 'Konto', password: 'password' } })).toEqual([
      'ana|pw',
    ]);
  });

  test('the JSON lines parser reads one object per line', () => {
    const text = [
      '{"email":"ana","password":"p\\"w","id":1}',
      '{"user":7,"Pass":12345},',
      '{"username":"ben","password":"pw","count":3}',
      '',
      '[',
      '{"username":"cleo"',
      '{"username":"dan"}',
      '{"password":"pw"}',
      '{"username":"","password":"pw"}',
      '{"username":"eve","password":""}',
      '{"username":"fay","password":"pw","count":0}',
      '{"username":["gus","gina"],"password":["pw",7]}',
      '{"__proto__":{"username":"x"},"password":"pw"}',
    ].join('\n');
    expect(named('json-lines', text)).toEqual([
      'ana|p"w',
      '7|12345',
      'ben|pw*3',
      '!blank',
      '!malformed-row',
      '!malformed-row',
      '!missing-column',
      '!missing-column',
      'pw',
      '!empty-password',
      '!bad-count',
      'gus|pw',
      'gina|pw',
      'gus|7',
      'gina|7',
      '!missing-column',
    ]);
    expect(named('json-lines', '{"u":"ana","p":"pw"}\n', { columns: { username: 'U', password: 'p' } })).toEqual([
      'ana|pw',
    ]);
    expect(named('json-lines', '{"u":"ana","p":"pw"}\n', { columns: { password: 'p' } })).toEqual(['pw']);
  });
});

test('createFormat knows every format name and no other', () => {
  for (const name of FORMAT_NAMES) expect(createFormat(name).name).toBe(name);
  expect(() => createFormat('xml')).toThrow(expect.objectContaining({ code: 'FORMAT_UNKNOWN' }));
});

describe('detection', () => {
  const found = (text: string, options: FormatOptions = {}): string =>
    detectFormat(createSample(Buffer.from(text), false), options).format.name;
  /** A separator in some passwords: in most, it would be one of columns. */
  const sometimes = (separator: string, i: number): string => (i % 10 === 0 ? separator : '');
  const repeat = (line: (i: number) => string, dirt: readonly string[] = []): string =>
    `${[...dirt, ...Array.from({ length: 50 }, (_, i) => line(i)), ...dirt].join('\n')}\n`;

  test.each<[string, string]>([
    ['combo', repeat((i) => `user${i}:pa${sometimes(';', i)}ss${sometimes(',', i)}${i}`, ['---', 'nothing', ''])],
    ['combo', repeat((i) => `user${i}@example.com:a${sometimes(',b;c|', i)}${i}`)],
    ['combo-semicolon', repeat((i) => `user${i}@example.com;pass${sometimes(':', i)}${i}`)],
    ['combo-comma', repeat((i) => `user${i},pass${i}`)],
    ['combo-pipe', repeat((i) => `user${i}@example.com|pass${i}`)],
    ['combo-tab', repeat((i) => `user${i}\tpass${i}`)],
    [
      'url-user-pass',
      repeat((i) => `https://site${i}.example/login:user${i}:pass${sometimes(':', i)}${i}`, ['a banner']),
    ],
    ['url-user-pass', repeat((i) => `android://abc=@com.example/:user${i}:pass${i}`)],
    ['url-user-pass', repeat((i) => `site.example:8080/login:user${i}:pass${i}`)],
    ['stealer-blocks', repeat((i) => `URL: https://s${i}.example\nUsername: u${i}\nPassword: p${i}\n`, ['*****'])],
    ['stealer-blocks', repeat((i) => `Soft: Chrome\nHost: s${i}\nLogin: u${i}\nPassword: p${i}\nProfile: 1\n`)],
    ['csv', `id,email,password\n${repeat((i) => `${i},u${i}@example.com,p:${i}`)}`],
    ['csv', `"Login";"Pass"\n${repeat((i) => `"u${i}";"p${i}"`)}`],
    ['tsv', `user\tpwd\n${repeat((i) => `u${i}\tp${i}`)}`],
    ['json-lines', repeat((i) => `{"email":"u${i}@example.com","password":"p,${i}"}`, ['{', ''])],
    ['passwords', repeat((i) => `summer${i}!`)],
    ['passwords', repeat((i) => `${i}${i}${i}`)],
    ['counted-passwords', repeat((i) => `   ${100 - i} summer${i}`)],
    ['sha1', repeat((i) => `${'a'.repeat(38)}${10 + i}:${i + 1}`)],
    ['ntlm', repeat((i) => `${'A'.repeat(30)}${10 + i}:${500 - i}`)],
  ])('detection finds %s (%#)', (name, text) => {
    expect(found(text)).toBe(name);
    expect(found(`\ufeff${text.replaceAll('\n', '\r\n')}`)).toBe(name);
    // A sample ends anywhere.
    expect(found(text.slice(0, -3))).toBe(name);
  });

  test('detection takes the given columns', () => {
    const columns = { username: 'konto', password: 'wort' };
    expect(found('Konto;Wort\nana;pw\n', { columns })).toBe('csv');
    expect(found('konto\twort\nana\tpw\n', { columns })).toBe('tsv');
    expect(found('{"konto":"ana","wort":"pw"}\n'.repeat(2), { columns })).toBe('json-lines');
  });

  test('detection of random bytes names a format or refuses', () => {
    const random = createRandom(testSeed('looking'));
    for (let i = 0; i < 300; i++) {
      const sample = Buffer.from(random.bytes(random.below(3000)));
      try {
        expect(FORMAT_NAMES).toContain(detectFormat(createSample(sample, random.below(2) === 0)).format.name);
      } catch (error) {
        expect(['FORMAT_UNRECOGNISED', 'INPUT_BINARY']).toContain((error as { code: string }).code);
      }
    }
  });
});

describe('lines of plain ASCII', () => {
  const pieces = [
    'https://',
    'site.example',
    ':',
    ':',
    ':8443',
    ':443:',
    '/',
    '?',
    '#',
    '[::1]',
    ' ',
    '\t',
    ';',
    ',',
    '|',
  ];
  const words = ['ana', 'pw', '1', '12345', 'a'.repeat(41), '0123456789abcdef', 'F'.repeat(24)];
  const line = (random: Random): string =>
    Array.from({ length: 1 + random.below(9) }, () => random.pick(random.below(2) === 0 ? pieces : words)).join('');

  test('lines of plain ASCII parse the same as bytes and as strings, in every line format', () => {
    const random = createRandom(testSeed('ASCII lines of all formats'));
    // Hash lists have no string parser: a hash is ASCII.
    const formats = FORMAT_NAMES.map((name) => createFormat(name)).filter(
      ({ feeds, lines }) => lines?.parseAscii && feeds.includes('password'),
    );
    expect(formats.length).toBeGreaterThanOrEqual(7);
    for (let i = 0; i < 50_000; i++) {
      const text = line(random);
      const bytes = Buffer.from(`##${text}##`);
      for (const { name, lines } of formats) {
        const fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 0 };
        const reason = lines?.parseAscii?.(bytes, 2, bytes.length - 2, fields);
        const parsed = lines?.parseLine(text);
        const { usernameFrom, usernameTo, passwordFrom, passwordTo, times } = fields;
        const fast =
          reason ??
          `${usernameFrom < 0 ? '' : bytes.toString('utf8', usernameFrom, usernameTo)}\0${bytes.toString('utf8', passwordFrom, passwordTo)}\0${times}`;
        const plain =
          typeof parsed === 'object' ? `${parsed.username?.trim() ?? ''}\0${parsed.password}\0${parsed.times}` : parsed;
        if (fast !== plain) expect(fast, `${name}: ${text}`).toBe(plain);
      }
    }
  });
});

test('a masked line shows its shape, its length and its ends, but no other text', () => {
  expect(maskLine('Ana@Example.com:Pä55!?$ x')).toBe('Axx@xxxxxxx.xxx:xx99*** x');
  expect(maskLine('日本\0٣')).toBe('日x*٣');
  expect(maskLine('ab')).toBe('xx');
  expect(maskLine(`secret${'9'.repeat(100)}`)).toBe(`sxxxxx${'9'.repeat(54)}… (106 characters)`);
});
