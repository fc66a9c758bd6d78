// What WordPress and its shop answer to logins, as their sources have it.

import { expect, test } from 'vitest';
import { type OutcomeCase, outcomeOf } from '../../../support/gateway/login/presets.ts';

const HASH = '0123456789abcdef0123456789abcdef';
const EXPIRED = 'expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/';
const testCookie = 'wordpress_test_cookie=WP%20Cookie%20check; path=/; secure';
const loggedIn = `wordpress_logged_in_${HASH}=admin%7C1700000000%7Cabc%7Cdef; path=/; HttpOnly`;

const faultOf = (code: number, text: string): string => `<methodResponse>
  <fault>
    <value>
      <struct>
        <member>
          <name>faultCode</name>
          <value><int>${code}</int></value>
        </member>
        <member>
          <name>faultString</name>
          <value><string>${text}</string></value>
        </member>
      </struct>
    </value>
  </fault>
</methodResponse>`;

/** @param isUser whether it knows who asks */
const rest = ({ isUser, status = 200 }: { readonly isUser: boolean; readonly status?: number }) => ({
  status,
  headers: [
    ...['Access-Control-Expose-Headers', 'X-WP-Total, X-WP-TotalPages, Link'],
    ...(isUser ? ['Cache-Control', 'no-cache, must-revalidate, max-age=0'] : []),
  ],
  body: '[]',
});

const WORDPRESS: readonly OutcomeCase[] = [
  [
    'a right password',
    'wordpress wp-login',
    { status: 302, location: '/wp-admin/', cookies: [testCookie, loggedIn] },
    'proven success',
  ],
  [
    'a right password in an interim login',
    'wordpress wp-login',
    { cookies: [testCookie, loggedIn], body: '<p class="message">You have logged in successfully.</p>' },
    'proven success',
  ],
  [
    'a right password whose cookies are cleared again, by reauth',
    'wordpress wp-login',
    { cookies: [loggedIn, `wordpress_logged_in_${HASH}=%20; ${EXPIRED}`], body: '<input type="password" name="pwd">' },
    'proven success',
  ],
  [
    'a wrong password',
    'wordpress wp-login',
    { cookies: [testCookie], body: '<div id="login_error"><strong>Error:</strong> wrong</div><input type="password">' },
    'proven failure',
  ],
  ['a lockout by a plug-in', 'wordpress wp-login', { status: 403 }, 'proven failure'],
  [
    'a page that asks for a second factor',
    'wordpress wp-login',
    { cookies: [testCookie], body: '<form name="validate_2fa_form"><input name="authcode"></form>' },
    'unknown',
  ],
  [
    'a logout',
    'wordpress wp-login',
    { status: 302, location: '/', cookies: [`wordpress_logged_in_${HASH}=%20; ${EXPIRED}`] },
    'unknown',
  ],
  ['posts by XML-RPC', 'wordpress xmlrpc', { body: '<methodResponse><params></params></methodResponse>' }, 'success'],
  [
    'a fault 403 by XML-RPC',
    'wordpress xmlrpc',
    {
      body: '<methodResponse><fault><value><struct><member>\n<name>faultCode</name>\n<value><int>403</int></value></member></struct></value></fault></methodResponse>',
    },
    'failure',
  ],
  ...[401, 404, 409, 500].map(
    (code): OutcomeCase => [
      `a fault ${code}, which comes behind the password`,
      'wordpress xmlrpc-users-blogs',
      { body: faultOf(code, 'Wörter') },
      'proven success',
    ],
  ),
  ...[
    'Sorry, you are not allowed to moderate or edit this comment.',
    'Invalid post type.',
    'Invalid taxonomy.',
    'The term name cannot be empty.',
    'Comment is required.',
  ].map(
    (text): OutcomeCase => [
      `403 ${text}, which comes behind the password`,
      'wordpress xmlrpc',
      { body: faultOf(403, text) },
      'success',
    ],
  ),
  [
    'a fault 403 in another language',
    'wordpress xmlrpc-posts',
    { body: faultOf(403, 'Falscher Benutzername oder falsches Passwort.') },
    'proven failure',
  ],
  ...[400, 405, -32601, -32700].map(
    (code): OutcomeCase => [
      `a fault ${code}, which comes before it`,
      'wordpress xmlrpc-posts',
      { body: faultOf(code, 'Sorry') },
      'unknown',
    ],
  ),
  ['a resource by an application password', 'wordpress application-password', rest({ isUser: true }), 'success'],
  ['no such route', 'wordpress application-password', rest({ isUser: true, status: 404 }), 'success'],
  [
    'no such route for anybody, by another method',
    'wordpress application-password',
    rest({ isUser: true, status: 404 }),
    'unknown',
    { path: '/wp-json/x', query: '_m%65thod=PUT' },
  ],
  [
    'no such route for anybody, by another method in a header',
    'wordpress application-password',
    rest({ isUser: true, status: 404 }),
    'unknown',
    { headers: ['X_HTTP_Method-Override', 'PUT'] },
  ],
  ['a resource that anybody gets', 'wordpress application-password', rest({ isUser: false }), 'unknown'],
  [
    'a page that nobody may cache',
    'wordpress application-password',
    { status: 404, headers: ['Cache-Control', 'no-cache, must-revalidate, max-age=0'] },
    'unknown',
  ],
  [
    '401 in an envelope',
    'wordpress application-password',
    rest({ isUser: false }),
    'failure',
    { path: '/wp-json/', query: '_%65nvelope' },
  ],
  ['401 by an application password', 'wordpress application-password', { status: 401 }, 'proven failure'],
  [
    'a right password at the shop',
    'woocommerce account',
    { status: 302, location: '/my-account/', cookies: [loggedIn] },
    'proven success',
  ],
  ['a wrong password at the shop', 'woocommerce account', { body: '<ul class="woocommerce-error"></ul>' }, 'failure'],
];

test.each<OutcomeCase>(WORDPRESS)('%s (%s)', (_, at, answer, outcome, request) => {
  expect(outcomeOf(at, answer, request)).toBe(outcome);
});
