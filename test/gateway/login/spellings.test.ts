// Spellings that an application takes for one user are checked and counted as that user, too.

import { describe, expect, test } from 'vitest';
import { SPELLINGS, type SpellingName, spelled } from '../../../gateway/login/spellings.ts';
import { loginsOf, outcomeOf, readAt } from '../../support/gateway/login/read.ts';

const namesOf = (name: SpellingName, typed: string): readonly string[] => spelled([typed], [SPELLINGS[name]]).names;

test.each<[SpellingName, string, string]>([
  ['wordpress', 'bób', 'bob'],
  ['wordpress', 'b%C3%B3b%41', 'bb'],
  ['wordpress', 'b%%4141ob', 'bob'],
  ['wordpress', 'b&amp;ob', 'bob'],
  ['wordpress', '&lt;b\u0301o&x;b ', 'bob'],
  ['wordpress', 'bob \t jones', 'bob jones'],
  ['wordpress', 'Müller', 'Muller'],
  ['wordpress', 'Müller', 'Mueller'],
  ['wordpress', 'Søren', 'Soeren'],
  ['wordpress', 'Đoko', 'DJoko'],
  ['wordpress', 'b\u200bob', 'bob'],
  ['mediawiki', 'Bob__Jones_', 'Bob Jones'],
  ['mediawiki', 'User:\u200ebob', 'bob'],
  ['mediawiki', 'bob@script', 'bob'],
  ['dokuwiki', ' -BOB!!jones. ', 'bob_jones'],
  ['dokuwiki', 'a:b/c', 'a_b_c'],
  ['dokuwiki', 'bób', 'bob'],
  ['dokuwiki', 'böb', 'boeb'],
  ['joomla', '<bo"b>%', 'bob'],
  ['roundcube', 'bob@müller.example', 'bob@xn--mller-kva.example'],
  ['mysql', 'bób', 'bob'],
  ['windows', 'CORP\\bob', 'bob'],
])('%s: %j is %j', (name, typed, expected) => {
  expect(namesOf(name, typed)).toEqual(expect.arrayContaining([typed, expected]));
});

test.each<[SpellingName, string]>([
  ['wordpress', 'bob'],
  ['wordpress', 'bob@example.com'],
  ['mediawiki', 'Bob Jones'],
  ['dokuwiki', 'bob'],
  ['roundcube', 'bob@example.com'],
  ['windows', 'bob@example.com'],
])('%s leaves %j alone', (name, typed) => {
  expect(namesOf(name, typed)).toEqual([typed]);
});

describe('WordPress', () => {
  const read = (log: string, headers: readonly string[] = []): unknown =>
    outcomeOf(
      readAt(loginsOf('wordpress'), {
        target: '/wp-login.php',
        headers: ['Content-Type', 'application/x-www-form-urlencoded', ...headers],
        body: new URLSearchParams({ log, pwd: 's3' }).toString(),
      }),
    );

  test('is asked for both names, and both are counted', () => {
    const reading = readAt(loginsOf('wordpress'), { target: '/wp-login.php', body: 'log=b%25AAob&pwd=s3' });
    expect(reading).toMatchObject({ attempt: { usernames: ['b%AAob', 'bob'], typed: ['b%AAob', 'bob'] } });
  });

  test('has its own reader for tags, so that names with them are refused', () => {
    expect(read('<b>bob</b>')).toBe('LOGIN_UNREADABLE');
    expect(spelled(['bob', '<b>bob'], [SPELLINGS.wordpress]).isTold).toBe(false);
  });

  test('reads two usernames of cookies, and no application has more', () => {
    const plugin = { name: 'x', when: 'http.request.uri.path == "/wp-login.php"' };
    const logins = loginsOf({
      presets: ['wordpress'],
      locations: [
        {
          ...plugin,
          username: ['a', 'b', 'c'].map((name) => `http.request.body.form["${name}"][0]`),
          password: 'http.request.body.form["pwd"][0]',
        },
      ],
    });
    const at = (cookie: string): unknown => {
      const headers = ['Content-Type', 'application/x-www-form-urlencoded', 'Cookie', cookie];
      return outcomeOf(readAt(logins, { target: '/wp-login.php', headers, body: 'log=bob&pwd=s3' }));
    };
    expect(at('a=ann; b=ben')).toEqual({ usernames: ['bob', 'ann', 'ben'], passwords: ['s3'] });
    expect(at('a=ann; b=ann; c=ann')).toEqual({ usernames: ['bob', 'ann'], passwords: ['s3'] });
    expect(at('a=ann; b=ben; c=cid')).toBe('LOGIN_UNREADABLE');
    expect(at('d=1; e=2; f=3')).toEqual({ usernames: ['bob'], passwords: ['s3'] });
  });
});

test('passwords of programs lose all but letters and digits in WordPress', () => {
  const logins = loginsOf('wordpress');
  const headers = ['Authorization', `Basic ${btoa('bob:abcd EFGH-12')}`];
  const basic = readAt(logins, { method: 'GET', target: '/any', headers });
  expect(outcomeOf(basic)).toEqual({ usernames: ['bob'], passwords: ['abcd EFGH-12', 'abcdEFGH12'] });
  const body =
    '<methodCall><methodName>wp.getPosts</methodName><params><param><value>1</value></param>' +
    '<param><value>bob</value></param><param><value>ab cd</value></param></params></methodCall>';
  expect(outcomeOf(readAt(logins, { target: '/xmlrpc.php', body }))).toEqual({
    usernames: ['bob'],
    passwords: ['ab cd', 'abcd'],
  });
});
