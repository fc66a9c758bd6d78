// Which login a request is at: presets, logins that fields tell, XML-RPC and Basic.

import { describe, expect, test } from 'vitest';
import { FORM, JSON_TYPE, loginsOf, outcomeOf, readAt, type Sent } from '../../support/gateway/login/read.ts';

const basic = (text: string) => ['Authorization', `Basic ${Buffer.from(text, 'latin1').toString('base64')}`];
const pair = (usernames: readonly string[], passwords: readonly string[]) => ({ usernames, passwords });

describe('WordPress', () => {
  const logins = loginsOf('wordpress');
  const read = (sent: Sent) => outcomeOf(readAt(logins, sent));

  test.each(['/wp-login.php', '/wp-login.php?action=x', '/blog/wp-login.php', '/wp-login.php/x', '/WP-Login.php'])(
    'has a login at %s',
    (target) => {
      expect(read({ target, body: 'log=bob&pwd=s' })).toEqual(pair(['bob'], ['s']));
      expect(read({ target, body: 'log=bob&pwd=s&pwd=t' })).toBe('LOGIN_UNREADABLE');
    },
  );

  const call = (method: string, ...params: string[]) =>
    `<?xml version="1.0"?>\n<methodCall><methodName>${method}</methodName><params>${params
      .map((param) => `<param><value>${param}</value></param>`)
      .join('')}</params></methodCall>`;
  const rpc = (body: string, type = 'text/xml', ...more: string[]) =>
    read({ target: '/xmlrpc.php', headers: ['Content-Type', type, ...more], body });

  test('has logins in calls of XML-RPC', () => {
    expect(rpc(call('wp.getUsersBlogs', 'bob', '<string>s &amp; &#x65;</string>'))).toEqual(
      pair(['bob'], ['s & e', 'se']),
    );
    expect(rpc(call('wp.getPosts', '<int>1</int>', 'bob', ' s '))).toEqual(pair(['bob'], [' s ', 's']));
    expect(
      rpc(call('metaWeblog.newPost', '1', 'bob', 's', '<struct><member><name>a</name><value/></member></struct>')),
    ).toBe('LOGIN_UNREADABLE');
    const post =
      '<struct><member><name>a</name><value><array><data><value>1</value></data></array></value></member></struct>';
    expect(rpc(call('metaWeblog.newPost', '1', 'bob', 's', post))).toEqual(pair(['bob'], ['s']));
    expect(rpc(call('blogger.getPost', 'key', '1', 'bob', 's'))).toEqual(pair(['bob'], ['s']));
    expect(rpc(call('pingback.ping', 'http://a', 'http://b'))).toBe('none');
    expect(rpc(call('some.plugin', '1', 'bob', 's'), FORM)).toEqual(pair(['bob'], ['s']));
  });

  test.each([
    ['many calls', call('system.multicall', '<array><data><value>1</value></data></array>')],
    ['a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${call('wp.getUsersBlogs', 'bob', '&b;')}`],
    ['an unknown entity', call('wp.getUsersBlogs', 'bob', '&b;')],
    ['a comment', call('wp.getUsersBlogs', 'bob', 's<!-- -->')],
    ['CDATA', call('wp.getUsersBlogs', 'bob', '<![CDATA[s]]>')],
    ['base64', call('wp.getUsersBlogs', 'bob', '<base64>cw==</base64>')],
    ['an attribute', call('wp.getUsersBlogs', 'bob', '<string a="b">s</string>')],
    ['more behind', `${call('wp.getUsersBlogs', 'bob', 's')}${call('wp.getUsersBlogs', 'bob', 't')}`],
    ['another encoding', call('wp.getUsersBlogs', 'bob', 's').replace('"1.0"', '"1.0" encoding="utf-7"')],
    ['a form', 'log=bob&pwd=s'],
    [
      'depth',
      call('wp.getUsersBlogs', 'bob', `${'<array><data><value>'.repeat(50)}${'</value></data></array>'.repeat(50)}`),
    ],
  ])('refuses calls with %s', (_, body) => {
    expect(rpc(body)).toBe('LOGIN_UNREADABLE');
  });

  test('takes application passwords in the header', () => {
    const get = (target: string, headers: string[]) => read({ method: 'GET', target, headers });
    expect(get('/wp-json/wp/v2/posts', basic('bob:s:t'))).toEqual(pair(['bob'], ['s:t', 's', 'st']));
    expect(get('/wp-json/wp/v2/posts', [])).toBe('none');
    expect(get('/', [])).toBe('none');
    expect(get('/', basic('bob:s'))).toEqual(pair(['bob'], ['s']));
    expect(get('/?rest_route=/wp/v2/posts', basic('bob:s'))).toEqual(pair(['bob'], ['s']));
  });
});

describe('Basic', () => {
  const read = (...headers: string[]) => outcomeOf(readAt(loginsOf('basic'), { method: 'GET', target: '/x', headers }));

  test('reads UTF-8, then latin1', () => {
    expect(read(...basic('bob:caf\xc3\xa9'))).toEqual(pair(['bob'], ['café', 'cafÃ©']));
    expect(read(...basic('bob:caf\xe9'))).toEqual(pair(['bob'], ['caf\ufffd', 'café']));
    expect(read('Authorization', 'Bearer x')).toBe('none');
    expect(read('authorization', `bAsIc ${btoa('a:b')}`)).toEqual(pair(['a'], ['b']));
  });

  test('reads up to the second colon too, as applications that split at all of them', () => {
    expect(read(...basic('bob:s:t:u'))).toEqual(pair(['bob'], ['s:t:u', 's']));
    expect(read(...basic('bob::s'))).toEqual(pair(['bob'], [':s']));
  });

  test.each([
    `Basic  ${btoa('a:b')}`,
    `Basic ${btoa('a:b')} `.replace(/ $/, ',x'),
    `Basic ${btoa('a:bc')}`.replace('=', ''),
    'Basic YTpi=',
    'Basic YTpj\tYTpi',
    `Basic\t${btoa('a:b')}`,
    `Basic ${btoa('ab')}`,
    `Basic ${btoa('a:b\0c')}`,
    'Basic',
  ])('refuses what decoders read differently: %j', (value) => {
    expect(read('Authorization', value)).toBe('LOGIN_UNREADABLE');
  });
});

describe('a login that fields tell', () => {
  const logins = loginsOf({
    locations: [
      {
        name: 'shop',
        when: 'http.request.method == "POST" and any(http.request.body.form.names[*] == "nonce")',
        username: 'http.request.body.form["username"][0]',
        password: 'http.request.body.form["password"][0]',
      },
      {
        name: 'joomla',
        when: 'http.request.method == "POST" and any(http.request.body.form["task"][*] == "user.login")',
        username: 'http.request.body.form["username"][0]',
        password: 'http.request.body.form["password"][0]',
      },
    ],
  });
  const read = (body: string | Buffer, more: Partial<Sent> = {}) =>
    outcomeOf(readAt(logins, { target: '/any', body, ...more }));
  const typed = (type: string, ...more: string[]): Partial<Sent> => ({ headers: ['Content-Type', type, ...more] });

  test('needs its fields', () => {
    expect(read('username=bob&password=s&nonce=1')).toEqual(pair(['bob'], ['s']));
    expect(read('username=bob&password=s')).toBe('none');
    expect(read('nonce=1')).toBe('none');
    expect(read('username=bob&password=s&+task=x&TASK=user.login')).toEqual(pair(['bob'], ['s']));
    expect(read('username=bob&password=s&password=t&nonce=1')).toBe('LOGIN_UNREADABLE');
    expect(read('username=bob&password=s&password=t')).toBe('none');
  });

  test('leaves other requests alone', () => {
    expect(read('a=100%')).toBe('none');
    expect(read('{"a":1', typed(JSON_TYPE))).toBe('none');
    expect(read('x', typed('application/octet-stream'))).toBe('none');
    expect(read('--x\n', typed('multipart/form-data; boundary=x'))).toBe('none');
    expect(read(`a=${'b'.repeat(65_536)}`, { isCut: true })).toBe('none');
  });

  test('is refused where its fields cannot be read', () => {
    expect(read(`a=${'b'.repeat(65_536)}&password=s`, { isCut: true })).toBe('LOGIN_TOO_LARGE');
    expect(read(`password=s&a=${'b'.repeat(65_536)}`, { isCut: true })).toBe('LOGIN_TOO_LARGE');
    expect(read('x', typed(FORM, 'Content-Encoding', 'compress'))).toBe('LOGIN_CODING_UNKNOWN');
    expect(read('{"password":"s"', typed(JSON_TYPE))).toBe('LOGIN_UNREADABLE');
    const odd = '--x\nContent-Disposition: form-data; name="password"\n\ns\n--x--';
    expect(read(odd, typed('multipart/form-data; boundary=x'))).toBe('LOGIN_UNREADABLE');
  });

  test('hides no other login', () => {
    const both = loginsOf({
      presets: ['wordpress'],
      locations: [
        {
          name: 'decoy',
          when: 'any(http.request.body.form.names[*] == "nonce")',
          username: 'http.request.body.form["username"][0]',
          password: 'http.request.body.form["password"][0]',
        },
      ],
    });
    const at = (body: string) => readAt(both, { target: '/wp-login.php', body });
    expect(outcomeOf(at('nonce=1&username=x&password=y&log=bob&pwd=s'))).toBe('LOGIN_UNREADABLE');
    expect(at('nonce=1&username=bob&password=s&log=bob&pwd=s')).toMatchObject({
      attempt: { login: { name: 'wp-login', preset: 'wordpress' }, usernames: ['bob'], passwords: ['s'] },
    });
  });
});

test('unreadable: pass keeps what could be read', () => {
  const logins = loginsOf({ presets: ['wordpress'], unreadable: 'pass' });
  const reading = readAt(logins, { target: '/wp-login.php', body: 'log=bob&pwd=s&pwd=t' });
  expect(reading).toMatchObject({ kind: 'refused', attempt: { usernames: ['bob'], passwords: ['s', 't'] } });
});
