// What becomes of a login, read from the application's answer.

import { describe, expect, test } from 'vitest';
import { liveCookies } from '../../../gateway/fields/set-cookies.ts';
import { createNameTest } from '../../../gateway/login/cookie-names.ts';
import {
  type Judging,
  judgedBy,
  type LoginAnswer,
  type LoginRequest,
  type Told,
} from '../../support/gateway/login/answer.ts';

const GENERIC: Judging = { sessionCookies: [] };
const form = '<form><input name="user"><input class="x" type="password" name="pass"></form>';

describe('the outcome of a login at an application that nobody described', () => {
  test.each<[string, LoginAnswer, Told, LoginRequest?]>([
    ['a redirect with a first cookie', { status: 302, location: '/home', cookies: ['sid=1'] }, 'unknown'],
    ['200 with a first cookie', { cookies: ['sid=1; Path=/; HttpOnly'], body: '{"ok":false}' }, 'unknown'],
    ['a first cookie beside another', { cookies: ['sid=1'] }, 'unknown', { headers: ['Cookie', 'a=b'] }],
    ['a token with a first cookie', { cookies: ['sid=1'], body: '{"token":"abc"}' }, 'success'],
    ['a renewed cookie', { cookies: ['sid=2'] }, 'success', { headers: ['Cookie', 'a=b; sid=1'] }],
    ['the cookie that the browser has', { cookies: ['sid=1'] }, 'failure', { headers: ['Cookie', 'a=b; sid=1'] }],
    ['a token', { body: '{"access_token":"abc"}' }, 'success'],
    ['a token within', { body: '{"data":{"user":1,"idToken": "abc"}}' }, 'success'],
    ['an empty token', { body: '{"token":""}' }, 'failure'],
    ['the form again', { body: form }, 'failure'],
    ['the form again, with a cookie', { body: form, cookies: ['sid=1'] }, 'failure'],
    ['a redirect without a cookie', { status: 302, location: '/home' }, 'failure'],
    [
      'one of a client that has a cookie',
      { status: 302, location: '/home' },
      'unknown',
      { headers: ['Cookie', 'sid=1'] },
    ],
    ['one back of that client', { status: 302, location: '/login' }, 'failure', { headers: ['Cookie', 'sid=1'] }],
    ['a redirect to the login', { status: 303, location: '/login?e=1', cookies: ['sid=1'] }, 'failure'],
    [
      'a redirect to the login in full',
      { status: 302, location: 'http://app.example/login', cookies: ['s=1'] },
      'failure',
    ],
    ['a redirect to an error', { status: 302, location: '/?error=1', cookies: ['sid=1'] }, 'failure'],
    [
      'a redirect to the page of the form',
      { status: 302, location: '/shop', cookies: ['sid=1'] },
      'failure',
      { headers: ['Referer', 'https://app.example/shop?x=1'] },
    ],
    ['a deleted cookie', { cookies: ['sid=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT'] }, 'failure'],
    ...[401, 403, 422, 429].map((status): [string, LoginAnswer, Told] => [
      String(status),
      { status },
      'proven failure',
    ]),
    ['400, which may say that the page to go on to is malformed', { status: 400 }, 'failure'],
    ['401 with a token for a second factor', { status: 401, body: '{"mfa_token":"abc"}' }, 'unknown'],
    ['401 with a cookie', { status: 401, cookies: ['sid=1'] }, 'failure'],
    ['500', { status: 500, cookies: ['sid=1'] }, 'unknown'],
    ['404', { status: 404 }, 'unknown'],
    ['204 without a cookie', { status: 204 }, 'unknown'],
  ])('is, by %s', (_, answer, outcome, request) => {
    expect(judgedBy([GENERIC], answer, request)).toBe(outcome);
  });

  test('is unknown if the body is compressed, and no cookie tells', () => {
    expect(judgedBy([GENERIC], { headers: ['Content-Encoding', 'br'], body: undefined })).toBe('unknown');
  });
});

describe('the outcome by expressions', () => {
  const own: Judging = {
    success: 'http.response.code == 302',
    failure: 'http.response.code in {302 200}',
    sessionCookies: ['app_logged_in_*'],
  };

  test.each<[string, LoginAnswer, Told]>([
    ['success before failure', { status: 302 }, 'success'],
    ['failure', { status: 200 }, 'failure'],
    ['neither', { status: 500 }, 'unknown'],
    ['a cookie of a session, whatever the status', { status: 500, cookies: ['app_logged_in_7=x'] }, 'success'],
    ['a cookie of a session beside a failure', { status: 200, cookies: ['app_logged_in_7=x'] }, 'unknown'],
    ['an empty cookie of a session', { status: 200, cookies: ['app_logged_in_7='] }, 'failure'],
  ])('is, by %s', (_, answer, outcome) => {
    expect(judgedBy([own], answer)).toBe(outcome);
  });

  test('reads the request too', () => {
    const ofPath = { success: 'http.request.uri.path == "/a"', sessionCookies: [] };
    expect(judgedBy([ofPath], { status: 500 }, { path: '/a' })).toBe('success');
  });

  test('refuses a name that is no pattern', () => {
    expect(() => createNameTest(['a**'])).toThrow(TypeError);
  });
});

describe('the outcome of a request at two logins', () => {
  const form = { success: 'http.response.code == 302', failure: 'http.response.code in {200 401}', sessionCookies: [] };
  const decoy = { success: 'http.response.code == 200', failure: 'http.response.code == 401', sessionCookies: ['sid'] };

  test.each<[string, LoginAnswer, Told]>([
    ['both say', { status: 401 }, 'proven failure'],
    ['one says', { status: 302 }, 'success'],
    ['none says', { status: 500 }, 'unknown'],
    ['they deny each other', { status: 200 }, 'unknown'],
    ['a session begins', { status: 500, cookies: ['sid=1'] }, 'success'],
    ['a session begins beside a failure', { status: 401, cookies: ['sid=1'] }, 'unknown'],
  ])('is told where %s', (_, answer, outcome) => {
    expect(judgedBy([form, decoy], answer)).toBe(outcome);
    expect(judgedBy([decoy, form], answer)).toBe(outcome);
  });
});

describe('a proof', () => {
  const BASIC: Judging['passwords'] = [{ place: 'basic', part: 'password' }];
  const ofPreset: Judging = { success: 'http.response.code == 302', sessionCookies: ['sid'] };
  const session: Judging = { ...ofPreset, provingCookies: ['sid'] };
  const denying: Judging = { ...session, failure: 'credveil.response.body contains "wrong"' };
  const guessing: Judging = { sessionCookies: ['sid'], provingCookies: ['sid'] };
  const back: LoginAnswer = { status: 302, location: '/login', cookies: ['sid=2'] };
  const typed: LoginRequest = { isTyped: true };
  const begun: LoginAnswer = { status: 302, cookies: ['sid=2'] };

  test.each<[string, Judging[], LoginAnswer, Told, LoginRequest?]>([
    ['a new session of a form', [session], begun, 'proven success'],
    ['no session in the place of another', [session], begun, 'success', { headers: ['Cookie', 'sid=1'] }],
    ['nor of one in another case', [session], begun, 'success', { headers: ['Cookie', 'SID=1'] }],
    ['nor of one in the path', [session], begun, 'success', { path: '/login;sid=1' }],
    ['one of that user in its place', [ofPreset], begun, 'proven success', { ...typed, headers: ['Cookie', 'sid=1'] }],
    ['a session beside other cookies', [session], begun, 'proven success', { headers: ['Cookie', 'a=b'] }],
    ['no session beside a failure', [denying], { cookies: ['sid=2'], body: 'wrong' }, 'unknown'],
    [
      'no session beside a failure that a guess takes for a success',
      [{ ...denying, success: undefined }],
      { cookies: ['sid=2'], body: 'wrong' },
      'unknown',
      { headers: ['Cookie', 'sid=1'] },
    ],
    ['no session of a refusal', [session], { status: 401, cookies: ['sid=2'] }, 'unknown'],
    ['a session on the way back to the form', [guessing], back, 'proven success'],
    ['none there where a cookie may remember somebody', [guessing], back, 'success', { headers: ['Cookie', 'a=b'] }],
    ['none there beside Basic', [guessing], back, 'success', { headers: ['Authorization', 'Basic x'] }],
    ['no session that was there before', [session], begun, 'success', { headers: ['Cookie', 'a=b; sid=2'] }],
    ['no session of a preset that names nobody', [ofPreset], begun, 'success'],
    ['a session of the user who was typed', [ofPreset], begun, 'proven success', typed],
    ['no session of that user beside Basic', [{ ...ofPreset, passwords: BASIC }], begun, 'success', typed],
    ['no session beside Basic', [{ ...session, passwords: BASIC }], begun, 'success'],
    ['no session of a form beside Basic', [session, { ...session, passwords: BASIC }], begun, 'success'],
    ['no status', [{ ...ofPreset, sessionCookies: [] }], { status: 302 }, 'success'],
    [
      'what its login says',
      [{ ...ofPreset, sessionCookies: [], proves: ['success'] }],
      { status: 302 },
      'proven success',
    ],
    ['not what one of two logins says', [{ ...ofPreset, proves: ['success'] }, ofPreset], { status: 302 }, 'success'],
    [
      'not what a decoy says beside a login that does not know',
      [
        { failure: 'http.response.code == 200', sessionCookies: [], proves: ['failure'] },
        { failure: 'http.response.code == 403', sessionCookies: [] },
      ],
      { status: 200 },
      'failure',
    ],
    ['a refusal', [session], { status: 401 }, 'proven failure'],
    [
      'no refusal with a new cookie, as before a second factor',
      [session],
      { status: 401, cookies: ['step=1'] },
      'failure',
    ],
    [
      'a refusal that sets a cookie again',
      [session],
      { status: 401, cookies: ['a=b'] },
      'proven failure',
      { headers: ['Cookie', 'a=b'] },
    ],
  ])('is %s', (_, logins, answer, told, request) => {
    expect(judgedBy(logins, answer, request)).toBe(told);
  });
});

describe('a cookie', () => {
  const now = Date.UTC(2024, 0, 1);

  test.each([
    'a=1',
    ' a = 1 ',
    'a=1; Path=/; Secure; HttpOnly; SameSite=Lax',
    'a=1; Max-Age=60',
    'a=1; max-age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'a=1; Max-Age=0; Max-Age=60',
    'a=1; Expires=Mon, 01 Jan 2024 00:00:01 GMT',
    'a=1; expires=Monday, 01-Jan-24 00:00:01 GMT',
    'a=1; expires=Wed, 31-Dec-69 23:59:59 GMT',
    'a=1; Expires=never',
    'a=1; Expires=0',
    'a=1; Max-Age=x',
    'a=1; Max-Age',
    'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=Thu, 01 Jan 2099 00:00:00 GMT',
  ])('is kept: %s', (cookie) => {
    expect(liveCookies(['X', 'y', 'set-cookie', cookie], now)).toEqual([{ name: 'a', value: '1' }]);
  });

  test.each([
    'a=',
    'a=""',
    'a=deleted',
    'a="deleted"; Path=/',
    'a=1; Max-Age=0',
    'a=1; Max-Age=-1',
    'a=1; MAX-AGE=0; Expires=Thu, 01 Jan 2099 00:00:00 GMT',
    'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'a=1; expires=Thu, 01-Jan-1970 00:00:01 GMT',
    'a=1; expires=Wed, 31-Dec-97 23:59:59 GMT',
    'a=1; Expires=Mon, 01 Jan 2024 00:00:00 GMT',
  ])('is deleted: %s', (cookie) => {
    expect(liveCookies(['Set-Cookie', cookie], now)).toEqual([]);
  });
});
