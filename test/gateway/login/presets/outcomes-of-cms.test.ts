// What content managers and shops answer to logins, as their sources have it.

import { expect, test } from 'vitest';
import { type OutcomeCase, outcomeOf } from '../../../support/gateway/login/presets.ts';

const HASH = '0123456789abcdef0123456789abcdef';
const sent = (cookie: string) => ({ headers: ['Cookie', cookie] });

const session = (id: string) => `${HASH}=${id}; path=/; HttpOnly`;
const JOOMLA: readonly OutcomeCase[] = [
  [
    'a right password',
    'joomla site',
    { status: 303, location: '/index.php', cookies: [session('new'), 'joomla_user_state=logged_in; path=/; HttpOnly'] },
    'success',
  ],
  ['a wrong password', 'joomla site', { status: 303, location: '/index.php?option=com_users&view=login' }, 'failure'],
  [
    'a wrong password, to whom came without a session',
    'joomla site',
    { status: 303, location: '/index.php', cookies: [session('new')] },
    'failure',
  ],
  [
    'a right password of an administrator',
    'joomla administrator',
    { status: 303, location: '/administrator/index.php', cookies: [session('new')] },
    'success',
    sent(`${HASH}=old`),
  ],
  [
    'a wrong password of an administrator',
    'joomla administrator',
    { status: 303, location: '/administrator/index.php' },
    'failure',
    sent(`${HASH}=old`),
  ],
  [
    'a session that is new to whom came without one',
    'joomla administrator',
    { status: 303, location: '/administrator/index.php', cookies: [session('new')] },
    'failure',
  ],
];

const drupalSession = `SSESS${HASH}=abc; path=/; domain=.app.example; secure; HttpOnly`;
const DRUPAL: readonly OutcomeCase[] = [
  ['a right password', 'drupal user-login', { status: 303, location: '/user/1', cookies: [drupalSession] }, 'success'],
  [
    'a right password in a block',
    'drupal block',
    { status: 303, location: '/node', cookies: [drupalSession] },
    'success',
  ],
  [
    'a wrong password',
    'drupal user-login',
    { body: '<form id="user-login-form"><input type="password">' },
    'proven failure',
  ],
  ['its own limit', 'drupal user-login', { status: 403 }, 'proven failure'],
  [
    'a right password by JSON',
    'drupal user-login',
    { cookies: [drupalSession], body: '{"current_user":{"uid":"1"},"csrf_token":"x","logout_token":"y"}' },
    'success',
  ],
  ['a wrong password by JSON', 'drupal user-login', { status: 400, body: '{"message":"Sorry"}' }, 'proven failure'],
];

const vary = 'X-Magento-Vary=abc; path=/; HttpOnly';
const php = 'PHPSESSID=new; path=/; HttpOnly';
const MAGENTO: readonly OutcomeCase[] = [
  [
    'a right password',
    'magento store',
    { status: 302, location: 'https://app.example/customer/account/', cookies: [php, vary] },
    'success',
    sent('PHPSESSID=old'),
  ],
  [
    'a wrong password',
    'magento store',
    { status: 302, location: 'https://app.example/customer/account/login/', cookies: ['mage-messages=%5B%5D; path=/'] },
    'failure',
    sent('PHPSESSID=old'),
  ],
  [
    'a form without its key, to whom came without a session',
    'magento store',
    { status: 302, location: 'https://app.example/customer/account/', cookies: [php] },
    'unknown',
  ],
  [
    'a right password by script',
    'magento ajax',
    { body: '{"errors":false,"message":"Login successful."}' },
    'proven success',
  ],
  ['a wrong password by script', 'magento ajax', { body: '{"errors":true,"message":"Invalid"}' }, 'proven failure'],
  ['a malformed request by script', 'magento ajax', { status: 400 }, 'proven failure'],
  ['a token', 'magento token', { body: '"abcdef"' }, 'proven success'],
  ['no token', 'magento token', { status: 401, body: '{"message":"wrong"}' }, 'proven failure'],
  [
    'a right password of an administrator',
    'magento administrator',
    { status: 302, location: '/admin/', cookies: ['admin=new; path=/admin'] },
    'success',
    sent('admin=old'),
  ],
  ['a wrong password of an administrator', 'magento administrator', { body: '<form id="login-form">' }, 'failure'],
  ['an administrator without a session', 'magento administrator', { status: 302, cookies: ['admin=new'] }, 'unknown'],
];

const GHOST: readonly OutcomeCase[] = [
  [
    'a right password',
    'ghost session',
    { status: 201, cookies: ['ghost-admin-api-session=s%3Aa; Path=/ghost'] },
    'proven success',
  ],
  ...['2FA_NEW_DEVICE_DETECTED', '2FA_TOKEN_REQUIRED'].map(
    (code): OutcomeCase => [
      `a right password that ${code} follows`,
      'ghost session',
      { status: 403, cookies: ['ghost-admin-api-session=s%3Aa'], body: `{"errors":[{"code":"${code}"}]}` },
      'proven success',
    ],
  ),
  [
    'a wrong password',
    'ghost session',
    { status: 422, body: '{"errors":[{"code":"PASSWORD_INCORRECT"}]}' },
    'proven failure',
  ],
  ['an unknown user', 'ghost session', { status: 404 }, 'proven failure'],
  ['its own limit', 'ghost session', { status: 429 }, 'proven failure'],
  ['another 403', 'ghost session', { status: 403, body: '{"errors":[{"code":null}]}' }, 'unknown'],
];

const PLONE: readonly OutcomeCase[] = [
  [
    'a right password',
    'plone login-form',
    { status: 302, location: '/', cookies: ['__ac="abc%3D"; Path=/'] },
    'success',
  ],
  [
    'a wrong password',
    'plone login-form',
    { cookies: ['__ac="deleted"; Path=/; Expires=Wed, 31-Dec-97 23:59:59 GMT; Max-Age=0'] },
    'proven failure',
  ],
  ['a token', 'plone rest', { body: '{"token": "eyJ.x.y"}' }, 'proven success'],
  ['no token', 'plone rest', { status: 401, body: '{"error":{"type":"Invalid credentials"}}' }, 'proven failure'],
  ['no plug-in for tokens', 'plone rest', { status: 501, body: '{"error":{"type":"Login failed"}}' }, 'unknown'],
  ['a page that came with a password', 'plone anywhere', { body: '<html>' }, 'unknown'],
];

test.each<OutcomeCase>([...JOOMLA, ...DRUPAL, ...MAGENTO, ...GHOST, ...PLONE])(
  '%s (%s)',
  (_, at, answer, outcome, request) => {
    expect(outcomeOf(at, answer, request)).toBe(outcome);
  },
);
