// What becomes of a login, read from the application's answer.

import { describe, expect, test } from 'vitest';
import { liveCookies } from '../../../gateway/fields/set-cookies.ts';
import type { LoginOutcome } from '../../../gateway/login/attempt.ts';
import {
  compileOutcome,
  createSessionTest,
  judgeOutcome,
  type OutcomeExpressions,
} from '../../../gateway/login/outcome.ts';
import { exchangeOf, type LoginAnswer, type LoginRequest, responseOf } from '../../support/gateway/login/answer.ts';

const noList = () => undefined;
const judgeBy =
  (...expressions: OutcomeExpressions[]) =>
  (request: LoginRequest | undefined, response: Parameters<typeof judgeOutcome>[2]) =>
    judgeOutcome(
      expressions.map((one) => ({ outcome: compileOutcome(one, noList) })),
      exchangeOf(request),
      response,
    );
const generic = judgeBy({ sessionCookies: [] });
const form = '<form><input name="user"><input class="x" type="password" name="pass"></form>';

describe('the outcome of a login at an application that nobody described', () => {
  test.each<[string, LoginAnswer, LoginOutcome, LoginRequest?]>([
    ['a redirect with a new cookie', { status: 302, location: '/home', cookies: ['sid=1'] }, 'success'],
    ['200 with a new cookie', { cookies: ['sid=1; Path=/; HttpOnly'] }, 'success'],
    ['a renewed cookie', { cookies: ['sid=2'] }, 'success', { headers: ['Cookie', 'a=b; sid=1'] }],
    ['the cookie that the browser has', { cookies: ['sid=1'] }, 'failure', { headers: ['Cookie', 'a=b; sid=1'] }],
    ['a token', { body: '{"access_token":"abc"}' }, 'success'],
    ['a token within', { body: '{"data":{"user":1,"idToken": "abc"}}' }, 'success'],
    ['an empty token', { body: '{"token":""}' }, 'failure'],
    ['the form again', { body: form }, 'failure'],
    ['the form again, with a cookie', { body: form, cookies: ['sid=1'] }, 'failure'],
    ['a redirect without a cookie', { status: 302, location: '/home' }, 'failure'],
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
    ...[400, 401, 403, 422, 429].map((status): [string, LoginAnswer, LoginOutcome] => [
      String(status),
      { status },
      'failure',
    ]),
    ['401 with a cookie', { status: 401, cookies: ['sid=1'] }, 'failure'],
    ['500', { status: 500, cookies: ['sid=1'] }, 'unknown'],
    ['404', { status: 404 }, 'unknown'],
    ['204 without a cookie', { status: 204 }, 'unknown'],
  ])('is, by %s', (_, answer, outcome, request) => {
    expect(generic(request, responseOf(answer))).toBe(outcome);
  });

  test('is unknown if the body is compressed, and no cookie tells', () => {
    const response = { status: 200, headers: ['Content-Encoding', 'br'], body: undefined };
    expect(generic(undefined, response)).toBe('unknown');
  });
});

describe('the outcome by expressions', () => {
  const judge = judgeBy({
    success: 'http.response.code == 302',
    failure: 'http.response.code in {302 200}',
    sessionCookies: ['app_logged_in_*'],
  });

  test.each<[string, LoginAnswer, LoginOutcome]>([
    ['success before failure', { status: 302 }, 'success'],
    ['failure', { status: 200 }, 'failure'],
    ['neither', { status: 500 }, 'unknown'],
    ['a cookie of a session, whatever the status', { status: 500, cookies: ['app_logged_in_7=x'] }, 'success'],
    ['an empty cookie of a session', { status: 200, cookies: ['app_logged_in_7='] }, 'failure'],
  ])('is, by %s', (_, answer, outcome) => {
    expect(judge(undefined, responseOf(answer))).toBe(outcome);
  });

  test('reads the request too', () => {
    const ofPath = judgeBy({ success: 'http.request.uri.path == "/a"', sessionCookies: [] });
    expect(ofPath({ path: '/a' }, responseOf({ status: 500 }))).toBe('success');
  });

  test('refuses a name that is no pattern', () => {
    expect(() => createSessionTest(['a**'])).toThrow(TypeError);
  });
});

describe('the outcome of a request at two logins', () => {
  const form = { success: 'http.response.code == 302', failure: 'http.response.code in {200 401}', sessionCookies: [] };
  const decoy = { success: 'http.response.code == 200', failure: 'http.response.code == 401', sessionCookies: ['sid'] };

  test.each<[string, LoginAnswer, LoginOutcome]>([
    ['both say', { status: 401 }, 'failure'],
    ['one says', { status: 302 }, 'success'],
    ['none says', { status: 500 }, 'unknown'],
    ['they deny each other', { status: 200 }, 'unknown'],
    ['a session begins', { status: 200, cookies: ['sid=1'] }, 'success'],
  ])('is told where %s', (_, answer, outcome) => {
    expect(judgeBy(form, decoy)(undefined, responseOf(answer))).toBe(outcome);
    expect(judgeBy(decoy, form)(undefined, responseOf(answer))).toBe(outcome);
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
