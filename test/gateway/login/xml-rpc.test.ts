// Calls of XML-RPC as IXR reads them, the library of WordPress: what it takes for the credential is
// read, or the call is refused.

import { describe, expect, test } from 'vitest';
import { loginsOf, outcomeOf, readAt } from '../../support/gateway/login/read.ts';

const logins = loginsOf('wordpress');
const LEGACY = 'mt.getCategoryList';

const callOf = (method: string, ...params: readonly string[]): string =>
  `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params
    .map((param) => `<param><value>${param}</value></param>`)
    .join('')}</params></methodCall>`;
const read = (method: string, ...params: readonly string[]): unknown =>
  outcomeOf(
    readAt(logins, { target: '/xmlrpc.php', headers: ['Content-Type', 'text/xml'], body: callOf(method, ...params) }),
  );
const array = (...items: readonly string[]): string =>
  `<array><data>${items.map((item) => `<value>${item}</value>`).join('')}</data></array>`;
const struct = (members: { readonly [name: string]: string }): string =>
  `<struct>${Object.entries(members)
    .map(([name, value]) => `<member><name>${name}</name><value>${value}</value></member>`)
    .join('')}</struct>`;

const BOB = { usernames: ['bob'], passwords: ['s3'] };

describe('one parameter stands in place of all:', () => {
  test.each([
    ['wp.getPosts', array('1', 'bob', 's3')],
    ['wp.getUsersBlogs', array('bob', '<string>s3</string>')],
    ['blogger.getPost', array('key', '1', 'bob', 's3')],
    ['some.plugin', array('1', 'bob', 's3', array('bob'))],
  ])('an array of %s', (method, param) => {
    expect(read(method, param)).toEqual(BOB);
    // A second parameter makes it the first.
    expect(read(method, param, 'x')).not.toEqual(BOB);
  });

  test.each([
    ['its positions', { 0: '1', 1: 'bob', 2: 's3' }],
    ['its positions in another order', { ' 2': 's3', 1: 'bob', a: 'b' }],
    ['other numbers, which wp.getUsersBlogs numbers anew', { 5: 'bob', 7: 's3' }],
  ])('a struct with %s', (_, members) => {
    expect(read('wp.getPosts', struct(members))).toBe('LOGIN_UNREADABLE');
    expect(read('wp.getUsersBlogs', struct(members))).toBe('LOGIN_UNREADABLE');
  });

  test('a struct with names is none', () => {
    expect(read('some.plugin', struct({ user: 'bob', password: 's3' }))).toBe('none');
  });

  test('a text, byte by byte', () => {
    expect(read(LEGACY, 'xbs')).toEqual({ usernames: ['b'], passwords: ['s'] });
    expect(read(LEGACY, '<base64>eGJz</base64>')).toBe('LOGIN_UNREADABLE');
    expect(read(LEGACY, 'xb')).toBe('none');
    expect(read(LEGACY, '<int>123</int>')).toBe('none');
  });
});

describe('what is nested or no string where the password stands is refused:', () => {
  const inner = array('bob', 's3');
  test.each([
    ['an array', ['1', 'bob', inner]],
    ['a struct', ['1', 'bob', struct({ 2: 's3' })]],
    ['a number', ['1', 'bob', '<int>12345678</int>']],
    ['a double', ['1', 'bob', '<double>1.5</double>']],
    ['a boolean', ['1', 'bob', '<boolean>1</boolean>']],
    ['bytes', ['1', 'bob', '<base64>czM=</base64>']],
    ['a username that is an array', ['1', inner, 's3']],
    ['an array in an array', [array('1', 'bob', inner)]],
    ['bytes in an array', [array('1', '<base64>Ym9i</base64>', '<base64>czM=</base64>')]],
  ])('%s', (_, params) => {
    expect(read('wp.getPosts', ...params)).toBe('LOGIN_UNREADABLE');
  });
});

describe('values that IXR drops move those behind them:', () => {
  const DROPPED = ['', ' \n', '<nil/>', '<i8>1</i8>'];
  test.each(DROPPED)('%j', (dropped) => {
    expect(read('wp.getPosts', dropped, '1', 'bob', 's3')).toBe('LOGIN_UNREADABLE');
    expect(read('wp.getPosts', '1', 'bob', dropped, 's3')).toBe('LOGIN_UNREADABLE');
    expect(read('wp.getPosts', array('1', 'bob', 's3'), dropped)).toBe('LOGIN_UNREADABLE');
    expect(read('wp.getPosts', dropped, array('1', 'bob', 's3'))).toBe('LOGIN_UNREADABLE');
    expect(read('wp.getPosts', array(dropped, '1', 'bob', 's3'))).toBe('LOGIN_UNREADABLE');
    expect(read('wp.getPosts', '1', 'bob', 's3', dropped)).toEqual(BOB);
    expect(read('wp.getPosts', '1', dropped)).toBe('none');
  });

  test('an empty string is none of them', () => {
    expect(read('wp.getPosts', '<string></string>', 'bob', 's3')).toEqual(BOB);
    expect(read('wp.getPosts', '<string/>', 'bob', 's3')).toEqual(BOB);
  });
});

test('line ends are one, as XML has them', () => {
  expect(read('wp.getPosts', '1', 'bob', 'a\r\nb')).toEqual({ usernames: ['bob'], passwords: ['a\nb', 'ab'] });
});

test.each([
  ['pingback.ping', 'http://a.example/', 'http://b.example/'],
  ['pingback.extensions.getPingbacks', 'http://a.example/'],
  ['mt.getTrackbackPings', '123'],
  ['system.listMethods'],
  ['demo.addTwoNumbers', '1', '2', '3'],
])('%s has no login', (method, ...params) => {
  expect(read(method, ...params)).toBe('none');
});
