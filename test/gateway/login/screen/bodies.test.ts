// Bodies that go on to the application while they are looked through: uploads pass byte for byte,
// and a login behind more than a login needs never gets there to its end.

import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { exchange } from '../../../support/gateway/gateway.ts';
import {
  bytesOf,
  digestOf,
  FORM,
  file,
  fileText,
  JSON_TYPE,
  MULTIPART,
  PADDING,
  packed,
  type Sent,
  withGeneric,
} from '../../../support/gateway/login/screened.ts';

const part = (disposition: string, value: string): string =>
  `------x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;

const html = '<form action="/login">\r\n<input name="password" type="password"> password: x &amp; {"password"}\r\n';
const log = Array.from({ length: 50_000 }, (_, i) => `${i * 7919} GET /login password ${i % 97} from="user"\n`).join(
  '',
);
const documents = JSON.stringify(
  Array.from({ length: 20_000 }, (_, id) => ({
    id,
    user: 'bob',
    field: 'password',
    note: 'say "password": or &password=x or {\'password\': 1}',
    passwords: [],
    password_hint: 'secret',
  })),
);

describe('an upload passes byte for byte', () => {
  test.each<[string, Sent]>([
    ['a form with a file', { type: MULTIPART, body: `${part('name="file"; filename="a"', fileText)}------x--\r\n` }],
    [
      'a form with a page',
      {
        type: MULTIPART,
        body: `${part('name="user"', 'bob')}${part('name="f"; filename="a"', html.repeat(900))}------x--\r\n`,
      },
    ],
    ['JSON', { type: JSON_TYPE, body: documents }],
    ['JSON of no type', { type: undefined, body: documents }],
    ['lines of JSON', { type: 'application/x-ndjson', body: '{"field":"password","user":1}\n'.repeat(20_000) }],
    ['bytes', { method: 'PUT', type: 'application/octet-stream', body: file }],
    ['bytes in chunks', { method: 'PUT', type: 'application/octet-stream', body: file, isChunked: true }],
    ['a few bytes', { method: 'PUT', type: 'image/png', body: file.subarray(0, 1_000) }],
    ['bytes of no type', { method: 'PUT', type: undefined, body: file }],
    ['a page', { method: 'PUT', type: 'text/html', body: html.repeat(2_000) }],
    [
      'a form',
      { type: FORM, body: `user=a&password_hint=b&text=${'the+password+%5B1%5D%3D&a=password&'.repeat(9_000)}` },
    ],
    [
      'measurements',
      { type: 'application/x-protobuf', more: 'Content-Encoding: gzip\r\n', body: zlib.gzipSync(fileText) },
    ],
    [
      'a push of git',
      {
        target: '/a.git/git-receive-pack',
        type: 'application/x-git-receive-pack-request',
        more: 'Content-Encoding: gzip\r\n',
        body: zlib.gzipSync(file),
        isChunked: true,
      },
    ],
    [
      'a piece of tus',
      {
        method: 'PATCH',
        type: 'application/offset+octet-stream',
        more: 'Upload-Offset: 0\r\nTus-Resumable: 1.0.0\r\n',
        body: file,
      },
    ],
    ['a log', packed('gzip', zlib.gzipSync(log))],
    ['a log in zstd', packed('zstd', zlib.zstdCompressSync(log), true)],
    ['bytes that are not what they say', packed('gzip', file)],
    ['a piece of S3', { method: 'PUT', type: 'image/png', more: 'Content-Encoding: aws-chunked\r\n', body: 'a,b\r\n' }],
  ])('%s', async (_, sent) => {
    const { port, events } = await withGeneric();
    const answer = await exchange(port, bytesOf(sent));
    const body = Buffer.from(typeof sent.body === 'string' ? sent.body : sent.body.toString('latin1'), 'latin1');
    expect([answer.status, answer.body.split('\r\n').find((line) => line.length === 64)]).toEqual([
      200,
      digestOf(body),
    ]);
    expect(events.filter(({ event }) => event === 'login-unreadable')).toEqual([]);
  });
});

const pad = 'x'.repeat(PADDING);
const spaces = ' '.repeat(PADDING);
const members = Array.from({ length: 40_000 }, (_, i) => `"a${i}":1`).join(',');
const jsonOf = (password: string): string => `{"pad":"${pad}","username":"bob",${password}:"leaked"}`;

describe('a login behind padding never reaches the application', () => {
  test.each<[string, Sent]>([
    ['a form', { type: FORM, body: `pad=${pad}&username=bob&password=leaked` }],
    ['a form in chunks', { type: FORM, body: `pad=${pad}&username=bob&password=leaked`, isChunked: true }],
    ['a form with an escape', { type: FORM, body: `pad=${pad}&username=bob&%70asswor%64=leaked` }],
    ['a form with blanks', { type: FORM, body: `pad=${pad}&username=bob&${'+'.repeat(PADDING)}password=leaked` }],
    ['a form with more fields', { type: FORM, body: `${'a=1&'.repeat(50_000)}username=bob&Password%00${pad}=leaked` }],
    ['a member of a form', { type: FORM, body: `pad=${pad}&user[name]=bob&user%5Bpassword%5D=leaked` }],
    ['a form of no type', { type: undefined, body: `pad=${pad}&username=bob&password=leaked` }],
    ['a form as text', { type: 'text/plain', body: `pad=${pad}&password=leaked&username=bob` }],
    ['a form as bytes', { type: 'application/octet-stream', body: `username=bob&pad=${pad}&password=leaked` }],
    ['a form as JSON', { type: JSON_TYPE, body: `pad=${pad}&username=bob&password=leaked` }],
    ['a form as multipart', { method: 'PUT', type: MULTIPART, body: `pad=${pad}&username=bob&password=leaked` }],
    ['a form as XML', { type: 'text/xml', body: `pad=${pad}&username=bob&password=leaked` }],
    [
      'a form with its name in the query',
      { target: '/a?username=bob', type: 'text/csv', body: `a=${pad}&password=leaked` },
    ],
    ['a form with its password in the query', { target: '/a?password=leaked', type: FORM, body: `a=${pad}&user=bob` }],
    ['a form by PUT', { method: 'PUT', type: FORM, body: `pad=${pad}&username=bob&password=leaked` }],
    ['a form by GET', { method: 'GET', type: FORM, body: `pad=${pad}&username=bob&password=leaked` }],
    ['a form said to be gzip', { type: FORM, more: 'Content-Encoding: gzip\r\n', body: `pad=${pad}&password=leaked` }],
    [
      'bytes said to be gzip',
      { type: 'image/png', more: 'Content-Encoding: gzip\r\n', body: `user=a&pad=${pad}&password=leaked` },
    ],
    [
      'a form with a trailer',
      { type: FORM, more: 'Trailer: x\r\n', body: `a=${pad}&password=leaked`, isChunked: true },
    ],
    ['JSON', { type: JSON_TYPE, body: jsonOf('"password"') }],
    ['JSON in chunks', { type: JSON_TYPE, body: jsonOf('"password"'), isChunked: true }],
    ['JSON with an escape', { type: JSON_TYPE, body: jsonOf('"\\u0070assword"') }],
    ['JSON with blanks', { type: JSON_TYPE, body: jsonOf(`"PassWord"${spaces}`) }],
    ['JSON with more members', { type: JSON_TYPE, body: `{${members},"username":"bob","password":"leaked"}` }],
    ['JSON behind blanks', { type: 'text/plain', body: `${spaces}{"username":"bob","password":"leaked"}` }],
    ['JSON of no type', { type: undefined, body: jsonOf('"password"') }],
    ['JSON as a form', { type: FORM, body: jsonOf('"password"') }],
    ['JSON as bytes', { type: 'application/octet-stream', body: jsonOf('"password"'), isChunked: true }],
    ['JSON in single quotes', { type: JSON_TYPE, body: jsonOf("'password'") }],
    ['JSON without quotes', { type: JSON_TYPE, body: jsonOf('pass\\u0077ord /* */') }],
    ['JSON with a comment', { type: JSON_TYPE, body: jsonOf(`"password"/*${pad}*/`) }],
    [
      'JSON with blanks behind a comment',
      { type: JSON_TYPE, body: `{/*"*/"username"/**/:"u",${spaces}"password"${spaces}:"leaked"}` },
    ],
    ['JSON with blanks of JSON5', { type: JSON_TYPE, body: Buffer.from(jsonOf('"password"\u2028\ufeff')) }],
    [
      'JSON with many blanks of JSON5',
      { type: JSON_TYPE, body: Buffer.from(jsonOf(`'password'${'\u3000'.repeat(9_000)}`)) },
    ],
    ['JSON behind a comment', { type: 'text/plain', body: `/* " ${pad} */{"username":"bob","password":"leaked"}` }],
    ['JSON in UTF-16', { type: JSON_TYPE, body: Buffer.from(jsonOf('"password"'), 'utf16le') }],
    [
      'multipart',
      {
        type: MULTIPART,
        body: `${part('name="f"; filename="a"', fileText)}${part('name="user"', 'bob')}${part('name="password"', 'leaked')}------x--\r\n`,
      },
    ],
    ...[
      "name='password'",
      'name=password',
      'name = "password"',
      `name=${spaces}"password"`,
      'NAME="Password"',
      'name="pass\\word"',
      "name*=utf-8''password",
      'name*0="pass"; name*1="word"',
      'name="=?utf-8?q?password?="',
      'name="x"; name="password"',
      'filename="a"; name="password"',
      `x="${pad}"; name="password"`,
      'name="x\\"; name="password"',
      'name="user[password]"',
    ].map((disposition): [string, Sent] => [
      `multipart with ${disposition.replace(pad, '').trim().replace(/ {9,}/, '')}`,
      { type: MULTIPART, body: `${part('name="f"; filename="a"', pad)}${part(disposition, 'leaked')}------x--\r\n` },
    ]),
    [
      'multipart with line feeds',
      {
        type: MULTIPART,
        body: `${part('name="f"; filename="a"', pad)}${part('name="password"', 'leaked')}`.replaceAll('\r', ''),
      },
    ],
    [
      'multipart with a folded head',
      { type: MULTIPART, body: part('name="f"', pad) + part('\r\n\tname="password"', 'leaked') },
    ],
  ])('%s', async (_, sent) => {
    const { port, whole, events, received } = await withGeneric();
    const answer = await exchange(port, bytesOf(sent));
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'LOGIN_TOO_LARGE' });
    expect(events).toContainEqual(expect.objectContaining({ event: 'login-unreadable', login: 'form' }));
    expect(events).toContainEqual(expect.objectContaining({ event: 'request-refused', code: 'LOGIN_TOO_LARGE' }));
    expect(whole).toEqual([]);
    expect(received.join('')).not.toMatch(/leaked/);
  });
});

test.each([
  ['application/octet-stream', false],
  ['application/octet-stream', true],
  ['image/png', true],
  [FORM, true],
])('a compressed login as %s is read, in chunks: %s', async (type, isChunked) => {
  const { port, events } = await withGeneric();
  const body = zlib.gzipSync('username=bob&password=leaked');
  await exchange(port, bytesOf({ type, more: 'Content-Encoding: gzip\r\n', body, isChunked }));
  expect(events).toContainEqual(expect.objectContaining({ event: 'login', login: 'form' }));
});

test('phpMyAdmin takes no login behind padding', async () => {
  const { port, whole } = await withGeneric('phpmyadmin');
  for (const name of ['pma_password', 'pma.password', 'pma[password', 'pma%20password', '+pma+password']) {
    const body = `pad=${pad}&pma_username=bob&${name}=leaked`;
    expect([name, (await exchange(port, bytesOf({ type: FORM, body }))).status]).toEqual([name, 413]);
  }
  expect(whole).toEqual([]);
});

test('unreadable: pass lets it through with a warning', async () => {
  const { port, whole, events } = await withGeneric('{ presets: [generic], unreadable: pass }');
  const body = `pad=${pad}&username=bob&password=leaked`;
  expect((await exchange(port, bytesOf({ type: FORM, body }))).status).toBe(200);
  expect(whole.map(String)).toEqual([body]);
  expect(events.filter(({ event }) => event === 'login-passed-unread')).toHaveLength(1);
});
