// What is read of a login, and which are refused because servers read them in different ways.

import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FORM, JSON_TYPE, loginsOf, outcomeOf, readAt, type Sent } from '../../support/gateway/login/read.ts';

const place = (name: string) => `http.request.body.form["${name}"][0]`;
const PATH = 'http.request.method == "POST" and http.request.uri.path == "/login"';
const plain = loginsOf({ locations: [{ name: 'a', when: PATH, username: place('log'), password: place('pwd') }] });
const read = (sent: Sent | string) => outcomeOf(readAt(plain, typeof sent === 'string' ? { body: sent } : sent));
const as = (type: string, body: string | Buffer, ...more: string[]): Sent => ({
  headers: ['Content-Type', type, ...more],
  body,
});
const pair = (usernames: readonly string[], passwords: readonly string[]) => ({ usernames, passwords });

const multipart = (...parts: string[]): Sent =>
  as('multipart/form-data; boundary=xx', `${parts.map((part) => `--xx\r\n${part}\r\n`).join('')}--xx--\r\n`);
const part = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;

describe('a login', () => {
  test.each<[string, Sent, readonly string[], readonly string[]]>([
    ['a form', as(FORM, 'log=bob&pwd=s+e%26&x=1'), ['bob'], ['s e&']],
    ['a form with a charset', as(`${FORM}; charset=UTF-8`, 'log=bob&pwd=s'), ['bob'], ['s']],
    ['JSON', as(JSON_TYPE, '{"log":"bob","pwd":"s\\u0065","n":[1,{"pwx":null}]}'), ['bob'], ['se']],
    ['JSON with a BOM', as(JSON_TYPE, '\ufeff{"log":"bob","pwd":"s"}'), ['bob'], ['s']],
    ['JSON of a vendor', as('application/vnd.x+json', '{"log":"bob","pwd":"s"}'), ['bob'], ['s']],
    ['multipart', multipart(part('log', 'bob'), part('pwd', 's')), ['bob'], ['s']],
    ['one spelling of another case', as(FORM, 'Log=bob&PWD=s'), ['bob'], ['s']],
    ['a member of an object', as(FORM, 'user[log]=bob&user[pwd]=s'), ['bob'], ['s']],
    ['an array of one text', as(JSON_TYPE, '{"log":["bob"],"pwd":["s"]}'), ['bob'], ['s']],
    ['an array of one text in a form', as(FORM, 'log[0]=bob&pwd[]=s'), ['bob'], ['s']],
    ['no username', as(FORM, 'pwd=s'), [], ['s']],
    ['blanks around', as(FORM, 'log=+bob&pwd=s%09'), [' bob', 'bob'], ['s\t', 's']],
    ['control characters', as(FORM, 'log=b%01b&pwd=s%1ft'), ['b\x01b', 'bb'], ['s\x1ft', 'st']],
    ['UTF-8', as(FORM, 'log=b&pwd=%C3%A9'), ['b'], ['é', 'Ã©']],
    ['latin1', as(FORM, 'log=b&pwd=%E9'), ['b'], ['\ufffd', 'é', '%E9']],
    ['gzip', as(FORM, zlib.gzipSync('log=bob&pwd=s'), 'Content-Encoding', 'gzip'), ['bob'], ['s']],
    ['deflate', as(FORM, zlib.deflateSync('log=bob&pwd=s'), 'Content-Encoding', 'deflate'), ['bob'], ['s']],
    [
      'br',
      as(FORM, zlib.brotliCompressSync(`log=bob&pwd=s&${'x=y&'.repeat(50)}`), 'Content-Encoding', 'br'),
      ['bob'],
      ['s'],
    ],
    ['its username in the query too', { ...as(FORM, 'log=bob&pwd=s'), target: '/login?log=bob' }, ['bob'], ['s']],
    ['a username in a cookie', as(FORM, 'log=bob&pwd=s', 'Cookie', 'a=b; log=eve'), ['bob', 'eve'], ['s']],
    ['a password in a cookie', as(FORM, 'log=bob&pwd=s', 'Cookie', 'pwd=t'), ['bob'], ['s', 't']],
  ])('is read: %s', (_, sent, usernames, passwords) => {
    expect(read(sent)).toEqual(pair(usernames, passwords));
  });

  test('has no other username in its query, unless a cookie tells whose session it is', () => {
    expect(read({ ...as(FORM, 'log=bob&pwd=s'), target: '/login?log=eve' })).toBe('LOGIN_UNREADABLE');
  });

  test.each(['x=1', '', 'log=bob'])('needs a password: %j', (body) => {
    expect(read(body)).toBe('none');
  });

  test('is at its place alone', () => {
    expect(readAt(plain, { target: '/other', body: 'log=a&pwd=b' })).toBe('unseen');
    expect(readAt(plain, { method: 'GET', target: '/login?pwd=b' })).toBe('unseen');
  });

  test.each([
    ['twice', 'pwd=a&log=b&pwd=c'],
    ['twice, alike', 'pwd=a&pwd=a'],
    ['the username twice', 'log=a&log=b&pwd=c'],
    ...['+pwd', 'Pwd', 'pwd[]', '[pwd', 'p.wd', 'p+wd', '%70wd', 'pwd[', '.pwd', 'p%5Fwd', 'ｐwd', 'pwd]'].map(
      (name) => [`beside ${name}`, `${name}=x&pwd=a&log=b`],
    ),
    ['as an array', 'pwd[a]=b&log=c'],
    ['a NUL in a name', 'pwd%00x=a&pwd=b'],
    ['a NUL in a value', 'pwd=a%00&log=b'],
    ['a line end in a name', 'pwd%0a=a'],
    ['a malformed escape', 'pwd=%u0061&log=b'],
    ['a malformed escape elsewhere', 'x=100%&pwd=a'],
    ['a semicolon', 'x=1;pwd=a&pwd=b'],
    ['an inherited member', '__proto__[pwd]=a&log=b'],
    ['a constructor', 'constructor.prototype.pwd=a&log=b'],
    ['too many fields', `${'a=1&'.repeat(501)}pwd=a`],
    ['JSON in a form', '{"log":"a","pwd":"b"}'],
    ['JSON in a form, after blanks', ' \r\n{"log":"a","pwd":"b"}'],
    ['seven passwords', 'pwd=a&a[pwd]=b&c[pwd]=d&e[pwd]=f&g[pwd]=h&i[pwd]=j&k[pwd]=l'],
  ])('is refused if its form has the password %s', (_, body) => {
    expect(read(body)).toBe('LOGIN_UNREADABLE');
  });

  test.each([
    ['a member twice', '{"pwd":"a","log":"b","pwd":"c"}'],
    ['a member under an escape', '{"pwd":"a","log":"b","p\\u0077d":"c"}'],
    ['a member in another case', '{"pwd":"a","log":"b","PWD":"c"}'],
    ['a member as Go folds it', '{"key":"a","pwd":"b","ｐwd":"c"}'],
    ['an array', '{"pwd":["a","c"],"log":"b"}'],
    ['a number', '{"pwd":1,"log":"b"}'],
    ['true', '{"pwd":true,"log":"b"}'],
    ['an object', '{"pwd":{"$ne":"a"},"log":"b"}'],
    ['a prototype', '{"__proto__":{"pwd":"a"},"log":"b"}'],
    ['half a pair', '{"pwd":"\\ud800","log":"b"}'],
    ['a comma too many', '{"pwd":"a","log":"b",}'],
    ['single quotes', "{'pwd':'a'}"],
    ['a comment', '{/* */"pwd":"a"}'],
    ['two values', '{"log":"a"}{"pwd":"b"}'],
    ['an array around', '[{"pwd":"a"}]'],
    ['a text', '"pwd"'],
    ['bytes that are no UTF-8', Buffer.from('{"pwd":"\xe9"}', 'latin1')],
    ['UTF-16', Buffer.from('{"pwd":"a"}', 'utf16le')],
  ])('is refused if its JSON has %s', (_, body) => {
    expect(read(as(JSON_TYPE, body))).toBe('LOGIN_UNREADABLE');
  });

  test.each([
    ['a password twice', [part('pwd', 'a'), part('pwd', 'b')]],
    ['a file', ['Content-Disposition: form-data; name="pwd"; filename="x"\r\n\r\na']],
    ['a name without quotes', ['Content-Disposition: form-data; name=pwd\r\n\r\na']],
    ['an extended name', ["Content-Disposition: form-data; name*=utf-8''pwd\r\n\r\na"]],
    ['an encoding', ['Content-Disposition: form-data; name="pwd"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==']],
    ['a folded header', ['Content-Disposition: form-data;\r\n name="pwd"\r\n\r\na']],
    ['line feeds', ['Content-Disposition: form-data; name="pwd"\n\na']],
    ['a boundary in a value', [part('x', '\n--xx\nContent-Disposition: form-data; name="pwd"\n\na')]],
  ])('is refused if its multipart form has %s', (_, parts) => {
    expect(read(multipart(...parts))).toBe('LOGIN_UNREADABLE');
  });

  test.each([
    ['no content type', { headers: [], body: 'log=a&pwd=b' }],
    ['text/plain', as('text/plain', 'log=a&pwd=b')],
    ['JSON as text', as('text/plain', '{"log":"a","pwd":"b"}')],
    ['two types', as(`${FORM}, ${JSON_TYPE}`, 'log=a&pwd=b')],
    ['another charset', as(`${FORM}; charset=ibm037`, 'log=a&pwd=b')],
    ['UTF-16', as(`${JSON_TYPE}; charset=utf-16`, '{"pwd":"a"}')],
    [
      'two boundaries',
      as('multipart/form-data; boundary=xx; boundary=yy', `--xx\r\n${part('pwd', 'a')}\r\n--xx--\r\n`),
    ],
    ['XML', as('text/xml', '<pwd>a</pwd>')],
  ])('is refused with %s', (_, sent) => {
    expect(read(sent)).toBe('LOGIN_UNREADABLE');
  });

  test.each([
    '/login?pwd=a',
    '/login?PWD=a',
    '/login?p%77d=a',
    '/login?x=1;pwd=a',
    '/login?pwd[]=a',
    '/login?%u0070wd=a',
  ])('is refused with a password in the query: %s', (target) => {
    expect(read({ target, body: 'log=a&pwd=b' })).toBe('LOGIN_UNREADABLE');
    expect(read({ target, body: 'log=a' })).toBe('LOGIN_UNREADABLE');
  });
});

test('a login whose type is of neither forms nor JSON is refused with its name in the query too', () => {
  expect(read({ ...as('text/xml', 'pwd=a'), target: '/login?log=b' })).toBe('LOGIN_UNREADABLE');
  expect(read(as(JSON_TYPE, '{"x":"&log=a&pwd=b&"}'))).toBe('LOGIN_UNREADABLE');
});

describe('a compressed login', () => {
  const gzip = (text: string) => zlib.gzipSync(text);
  const coded = (coding: string, body: Buffer) => read(as(FORM, body, 'Content-Encoding', coding));

  test.each(['zstd', 'compress', 'gzip, gzip', 'x'])('is refused with the coding %s', (coding) => {
    expect(coded(coding, gzip('log=a&pwd=b'))).toBe('LOGIN_CODING_UNKNOWN');
  });

  test('is refused in two headers', () => {
    const sent = as(FORM, gzip('pwd=b'), 'Content-Encoding', 'gzip', 'Content-Encoding', 'br');
    expect(read(sent)).toBe('LOGIN_CODING_UNKNOWN');
  });

  test('is read as by servers that decompress nothing, too', () => {
    expect(coded('gzip', zlib.gzipSync('x=1&pwd=b&y=1', { level: 0 }))).toEqual(pair([], ['b']));
    expect(coded('br', zlib.brotliCompressSync('log=bob&pwd=s'))).toEqual(pair(['bob'], ['s', 's\x03']));
  });

  test('is refused with fields in its head', () => {
    const named = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0]),
      Buffer.from('&log=a&pwd=b&\0'),
      gzip('log=x&pwd=y').subarray(10),
    ]);
    expect(zlib.gunzipSync(named).toString()).toBe('log=x&pwd=y');
    expect(coded('gzip', named)).toBe('LOGIN_UNREADABLE');
  });

  test.each([
    ['two members', 'gzip', Buffer.concat([gzip('log=a&pwd='), gzip('b')])],
    ['bytes behind', 'gzip', Buffer.concat([gzip('log=a&pwd=b'), Buffer.from('x')])],
    ['bytes behind', 'deflate', Buffer.concat([zlib.deflateSync('log=a&pwd=b'), Buffer.from('x')])],
    ['bytes behind', 'br', Buffer.concat([zlib.brotliCompressSync('log=a&pwd=b'), Buffer.from('x')])],
    ['no end', 'gzip', gzip('log=a&pwd=b').subarray(0, -1)],
    ['a wrong sum', 'gzip', Buffer.concat([gzip('log=a&pwd=b').subarray(0, -8), Buffer.alloc(8)])],
    ['other bytes', 'gzip', Buffer.from('log=a')],
    ['raw deflate', 'deflate', zlib.deflateRawSync('log=a&pwd=b')],
  ])('is refused with %s: %s', (_, coding, body) => {
    expect(coded(coding, body)).toBe('LOGIN_UNREADABLE');
  });

  test('is refused if it is larger inside', () => {
    for (const [coding, body] of [
      ['gzip', gzip(`pwd=b&x=${'a'.repeat(70_000)}`)],
      ['br', zlib.brotliCompressSync(`pwd=b&x=${'a'.repeat(70_000)}`)],
    ] as const)
      expect(coded(coding, body)).toBe('LOGIN_TOO_LARGE');
  });
});

describe('a login that is too large', () => {
  test.each([FORM, JSON_TYPE, 'multipart/form-data; boundary=xx'])('is refused as %s', (type) => {
    expect(read({ ...as(type, `x=${'a'.repeat(65_536)}`), isCut: true })).toBe('LOGIN_TOO_LARGE');
  });
});

describe('values that are hard to read', () => {
  test('cost no more than others', () => {
    const hostile = [
      as(FORM, `pwd=a${' '.repeat(64_000)}b`.replaceAll(' ', '+')),
      as(JSON_TYPE, `"${'\\"'.repeat(32_000)}`),
      as('multipart/form-data; boundary=xx', 'name="'.repeat(10_000)),
      as('multipart/form-data; boundary=xx', 'name'.repeat(16_000)),
      as(FORM, '[pwd'.repeat(16_000)),
      as(FORM, '&pwd'.repeat(16_000)),
      as(JSON_TYPE, '{"a":'.repeat(10_000)),
      as(JSON_TYPE, `${'['.repeat(30_000)}${']'.repeat(30_000)}`),
    ];
    const before = process.cpuUsage();
    for (const sent of hostile) read(sent);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });
});
