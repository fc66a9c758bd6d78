// Which responses begin a session, and which requests may begin one without a login.

import { expect, test } from 'vitest';
import { createSessionGuard, isExempt } from '../../../gateway/login/session-guard.ts';
import type { SessionGuard } from '../../../gateway/login/sessions.ts';
import { exchangeOf } from '../../support/gateway/login/answer.ts';

const noList = () => undefined;
const guard = createSessionGuard(
  [
    { sessionCookies: ['app_in_*', 'app_sec'], mayBeginSession: 'http.request.uri.path == "/profile"' },
    { sessionCookies: ['app_in_*'], mayBeginSession: 'any(http.request.uri.args["ajax"][*] == "checkout")' },
    { sessionCookies: [] },
  ],
  noList,
) as SessionGuard;

test('without names of cookies there is none', () => {
  expect(createSessionGuard([{ sessionCookies: [] }], noList)).toBeUndefined();
});

test.each([
  ['app_in_1=x', true],
  ['app_sec=x; Path=/', true],
  ['APP_SEC=x', false],
  ['app_sec2=x', false],
  ['app_in_1=', false],
  ['app_in_1=x; Max-Age=0', false],
])('a session is told by %s: %s', (cookie, begins) => {
  expect(guard.beginsSession(['X-A', '1', 'set-cookie', 'other=1', 'Set-Cookie', cookie])).toBe(begins);
});

test('a request is exempt only in every reading of its path', () => {
  const readingsOf = (query: string | undefined, ...paths: string[]) =>
    paths.map((path) => ({ exchange: exchangeOf({ path, ...(query !== undefined && { query }) }), path }));
  expect(isExempt(guard, readingsOf(undefined, '/profile'))).toBe(true);
  expect(isExempt(guard, readingsOf(undefined, '/profile', '/login'))).toBe(false);
  expect(isExempt(guard, readingsOf('ajax=checkout', '/', '/x'))).toBe(true);
  expect(isExempt(guard, readingsOf('ajax=other', '/'))).toBe(false);
});
