// Logins that fields tell, wherever an application reads those fields: the generic preset.

import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  FORM,
  JSON_TYPE,
  loginsOf,
  lookInside,
  outcomeOf,
  readAt,
  type Sent,
} from '../../support/gateway/login/read.ts';

const MULTIPART = 'multipart/form-data; boundary=xx';
const logins = loginsOf('generic');
const read = (type: string | undefined, body: string | Buffer, more: Partial<Sent> = {}, ...headers: string[]) =>
  outcomeOf(
    readAt(logins, {
      target: '/any',
      headers: [...(type === undefined ? [] : ['Content-Type', type]), ...headers],
      body,
      ...more,
    }),
  );
const BOB = { usernames: ['bob'], passwords: ['s'] };
const utf32 = (text: string) => Buffer.from([...text].map((letter) => `${letter}\0\0\0`).join(''), 'latin1');
const part = (disposition: string, end = '\r\n') =>
  `--xx${end}Content-Disposition: form-data; ${disposition}${end}${end}s${end}--xx--${end}`;

describe('a login is found', () => {
  test.each<[string | undefined, string]>([
    [FORM, 'email=bob&password=s'],
    [FORM, 'user[email]=bob&user[password]=s&user[remember_me]=1'],
    [FORM, 'UserName=bob&Password=s&__RequestVerificationToken=x'],
    [FORM, 'customer[email]=bob&customer[pass]=s'],
    [FORM, 'loginForm:username=bob&loginForm:password=s&loginForm=loginForm'],
    [FORM, 'login:username=bob&login:password=s&login:remember=on'],
    [FORM, 'ctl00%24Main%24UserName=bob&ctl00%24Main%24Password=s&__VIEWSTATE=a%3D'],
    [FORM, 'j_username=bob&j_password=s'],
    [FORM, 'os_username=bob&os_password=s'],
    [FORM, 'user-name=bob&user-password=s'],
    [FORM, 'uname=bob&psw=s'],
    [MULTIPART, `${part('name="a:user"').replace('s\r\n--xx--\r\n', 'bob\r\n')}${part('name="a:b:pwd"')}`],
    [FORM, '{"email":"bob","password":"s"}'],
    [`${FORM}; charset=windows-1252`, 'email=bob&password=s'],
    [JSON_TYPE, '{"identifier":"bob","password":"s"}'],
    [JSON_TYPE, '{"session":{"username":"bob","password":"s"}}'],
    [JSON_TYPE, 'email=bob&password=s'],
    ['text/plain;charset=UTF-8', '{"email":"bob","password":"s"}'],
    ['text/plain', 'email=bob&password=s'],
    [undefined, '{"email":"bob","password":"s"}'],
    [undefined, 'email=bob&password=s'],
    ['', 'email=bob&password=s'],
    ['x', 'email=bob&password=s'],
    ['application/x-amz-json-1.1', ' {"email":"bob","password":"s"}'],
    ['application/octet-stream', '{"email":"bob","password":"s"}'],
    ['application/octet-stream', 'email=bob&password=s'],
    ['text/xml', '{"email":"bob","password":"s"}'],
    [MULTIPART, '{"email":"bob","password":"s"}'],
    [MULTIPART, `${part('name="user"').replace('s\r\n--xx--\r\n', 'bob\r\n')}${part('name="pwd"')}`],
  ])('in the type %s: %s', (type, body) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'GET', 'DELETE', 'SEARCH'])
      expect([method, read(type, body, { method })]).toEqual([method, BOB]);
  });

  test.each(['/a?user=bob&password=s', '/a?p%61ss=s&Login=bob&x=1'])('in a query: %s', (target) => {
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE'])
      expect([method, read(undefined, '', { method, target })]).toEqual([method, BOB]);
  });

  test('beside a query that has its other half', () => {
    expect(read(FORM, 'user=bob', { target: '/a?password=s' })).toEqual(BOB);
    expect(read('text/plain', 'password=s', { target: '/a?user=bob' })).toEqual(BOB);
    expect(read(JSON_TYPE, 'user=bob', { target: '/a?password=s' })).toEqual(BOB);
    expect(read(MULTIPART, part("name='user'"), { target: '/a?password=s' })).toBe('LOGIN_UNREADABLE');
    const gzip = ['Content-Encoding', 'gzip'];
    expect(read(FORM, 'user=bob', { target: '/a?password=s' }, ...gzip)).toBe('LOGIN_UNREADABLE');
    expect(read(FORM, 'a=b', { target: '/a?password=s' })).toBe('none');
  });
});

describe('no login is', () => {
  test.each<[string | undefined, string]>([
    [FORM, 'q=password&x=1'],
    [FORM, 'user=bob&password_hint=s&new+password'],
    [FORM, 'form:user=bob&form:text=password&ctl00$Main$PasswordHint=s&ctl00$Search=x'],
    [FORM, 'price$=1&time=10:30&note=password:s&xmlns:user=bob'],
    [JSON_TYPE, '{"user":"bob","text":"password","a:b":"password"}'],
    ['text/plain', 'user: bob, password: s'],
    [JSON_TYPE, '[1,2]'],
    [JSON_TYPE, '{"a":{"b":"password"}}'],
    [JSON_TYPE, '{"user":"bob","text":"a&password=s"}'],
    [JSON_TYPE, '{"fields":["user","password"]}\n{"a":"password"}'],
    [JSON_TYPE, "{'user': 'password', secrets: [], /* none */}"],
    ['text/plain', 'GET /?a=b&password=s HTTP/1.1'],
    ['text/html', '<form><input name="user"><input name="password"> user: password:'],
    ['application/octet-stream', '\0\x01&\xff=;password'],
    [MULTIPART, part('name="file"; filename="password"')],
    [MULTIPART, part('name="file"; filename="a"').replace('s\r\n', '<input name="password">\r\n')],
    [MULTIPART, part('name="file"; filename="a"').replace('s\r\n', 'a=b&password=s\r\n')],
    [MULTIPART, part('filename="my name"; name="passport"', '\n')],
  ])('in the type %s: %s', (type, body) => {
    expect(read(type, body)).toBe('none');
  });

  test.each(['/a?password=s', '/a?user=bob', '/a?q=user+password', '/a?reset_password=1&user=bob'])(
    'in a query: %s',
    (target) => {
      expect(read(undefined, '', { method: 'GET', target })).toBe('none');
    },
  );

  test('compressed', () => {
    const gzip = ['Content-Encoding', 'gzip'];
    expect(read(JSON_TYPE, zlib.gzipSync('{"a":"password"}'), {}, ...gzip)).toBe('none');
    expect(read('image/png', zlib.gzipSync('x'.repeat(90_000)), {}, ...gzip)).toBe('none');
    expect(read('image/png', 'x', {}, 'Content-Encoding', 'aws-chunked')).toBe('none');
  });

  test('told by the head of a GET alone', () => {
    const sent = { method: 'GET', headers: [] };
    expect(readAt(logins, { ...sent, target: '/a' })).toBe('unseen');
    expect(readAt(logins, { ...sent, target: '/a?user=bob&q=1' })).toBe('unseen');
  });
});

describe('a login is refused that may have another reading', () => {
  const json = (member: string) => `{"user":"bob",${member}}`;
  const many = Array.from({ length: 700 }, (_, i) => `a${i}`);

  test.each<[string, string | undefined, string | Buffer]>([
    ['more members than a login has', JSON_TYPE, `{${many.map((name) => `"${name}":1`).join(',')},"password":"s"}`],
    ['more fields than a login has', FORM, `${many.map((name) => `${name}=1&`).join('')}password=s`],
    ['the password twice', 'text/plain', '{"user":"bob","password":"s","password":"t"}'],
    ['a comment', JSON_TYPE, json('/* " */"password":"s"')],
    ['a comment at its beginning', undefined, `//\n${json('"password":"s"')}`],
    ['a comment before the colon', JSON_TYPE, json('"password"/**/:"s"')],
    ['single quotes', JSON_TYPE, json("'password':'s'")],
    ['no quotes', JSON_TYPE, json('password:"s"')],
    ['an escape of JavaScript', JSON_TYPE, json('"\\x70ass\\u{77}ord":"s"')],
    ['another escape of it', JSON_TYPE, json('p\\u0061ssword:"s"')],
    ['a comma too many', JSON_TYPE, json('"password":"s",')],
    ['two values', JSON_TYPE, '{"user":"bob"}{"password":"s"}'],
    ['UTF-16', `${JSON_TYPE}; charset=utf-16`, Buffer.from(json('"password":"s"'), 'utf16le')],
    ['UTF-16 with an escape', `${JSON_TYPE}; charset=utf-16le`, Buffer.from(json('"\\u0070assword":"s"'), 'utf16le')],
    ['UTF-16 with an escape, not named', JSON_TYPE, Buffer.from(json('"\\u0070assword":"s"'), 'utf16le').swap16()],
    ['UTF-32 with an escape', JSON_TYPE, utf32(json('"\\u0070assword":"s"'))],
    ['UTF-16 that is not named', undefined, Buffer.from(`\ufeff${json('"password":"s"')}`, 'utf16le')],
    ['a charset that hides it', `${FORM}; charset=ibm037`, '\x97\x81\xa2\xa2\xa6\x96\x99\x84~\xa2'],
    ['a charset of Japan', `${FORM}; charset=shift_jis`, 'user=bob&password=%83%5c'],
    ['JSON and a form', JSON_TYPE, '{"password":"s","a":"&user=bob&password=t&"}'],
    ['a name in single quotes', MULTIPART, part("name='password'")],
    ['a name without quotes', MULTIPART, part('name=password')],
    ['an extended name', MULTIPART, part("name*=utf-8''p%61ssword")],
    ['a name in pieces', MULTIPART, part('name*0="pass"; name*1="word"')],
    ['an encoded word', MULTIPART, part('name="=?utf-8?B?cGFzc3dvcmQ=?="')],
    ['a backslash in its name', MULTIPART, part('name="pass\\word"')],
    ['two names', MULTIPART, part('name="x"; name="password"')],
    ['line feeds', MULTIPART, part('name="password"', '\n')],
    ['no boundary', 'multipart/form-data', part('name="password"')],
    ['a file as the password', MULTIPART, part('name="password"; filename="a"')],
  ])('%s', (_, type, body) => {
    expect(read(type, body)).toBe('LOGIN_UNREADABLE');
  });

  const gzip = (text: string) => zlib.gzipSync(text);
  const named = Buffer.concat([
    Buffer.from([31, 139, 8, 8, 0, 0, 0, 0, 0, 0]),
    Buffer.from('name\0'),
    gzip('user=bob&password=s').subarray(10),
  ]);

  test.each<[string, string, string | Buffer, unknown]>([
    ['gzip', FORM, 'user=bob&password=s', 'LOGIN_UNREADABLE'],
    ['gzip', JSON_TYPE, '{"user":"bob","password":"s"}', 'LOGIN_UNREADABLE'],
    ['gzip', MULTIPART, part('name="password"'), 'LOGIN_UNREADABLE'],
    ['br', 'application/octet-stream', 'user=bob&password=s', 'LOGIN_UNREADABLE'],
    ['zstd', 'application/octet-stream', 'user=bob&password=s', 'LOGIN_CODING_UNKNOWN'],
    ['gzip', FORM, named, 'found'],
    ['gzip', FORM, Buffer.concat([gzip('user=bob&'), gzip('password=s')]), 'found'],
    ['gzip', FORM, gzip('user=bob&password=s').subarray(0, -3), 'found'],
    ['deflate', FORM, zlib.deflateRawSync('user=bob&password=s'), 'found'],
    ['gzip', JSON_TYPE, gzip(`{"a":"${'x'.repeat(90_000)}","password":1}`), 'found'],
    ['gzip', JSON_TYPE, gzip(`{"a":"${'x'.repeat(90_000)}"}`), 'none'],
    ['gzip', FORM, Buffer.concat([named.subarray(0, 15), gzip('x'.repeat(90_000)).subarray(10)]), 'none'],
    ['zstd', 'text/plain', 'x', 'none'],
    ['compress', 'text/plain', 'x', 'LOGIN_CODING_UNKNOWN'],
  ])('compressed as %s: %s %s', async (coding, type, body, code) => {
    const reading = readAt(logins, {
      target: '/any',
      headers: ['Content-Type', type, 'Content-Encoding', coding],
      body,
    });
    const inside = reading === 'unseen' ? undefined : await lookInside(reading, Buffer.from(body));
    expect(inside ?? outcomeOf(reading)).toBe(code);
  });

  test('compressed, in one way alone', () => {
    expect(read(FORM, gzip('user=bob&password=s'), {}, 'Content-Encoding', 'gzip')).toEqual(BOB);
    expect(read('text/plain', gzip('{"user":"bob","password":"s"}'), {}, 'Content-Encoding', 'gzip')).toEqual(BOB);
  });
});

test('names that only Java takes for them are found', () => {
  expect(read(FORM, 'u%C5%BFer%C4%B1d=bob&pa%C5%BF%C5%BFword=s')).toEqual(BOB);
});
