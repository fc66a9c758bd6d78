// What mail programs, wikis and tools answer to logins, as their sources have it.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type OutcomeCase, outcomeOf, PRESET_FILES } from '../../../support/gateway/login/presets.ts';
import { root } from '../../../support/paths.ts';

const DELETED = 'expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0';

const OWA: readonly OutcomeCase[] = [
  [
    'a right password',
    'owa form',
    {
      status: 302,
      location: 'https://app.example/owa',
      cookies: ['cadata=abc; path=/; secure; HttpOnly', 'cadataKey=d'],
    },
    'success',
  ],
  ['a wrong password', 'owa form', { status: 302, location: '/owa/auth/logon.aspx?url=x&reason=2' }, 'failure'],
  [
    'a password that is right and expired',
    'owa form',
    { status: 302, location: '/owa/auth/expiredpassword.aspx?url=/owa/auth.owa' },
    'success',
  ],
  ['a device with its password', 'owa basic', { status: 200 }, 'success', { path: '/Microsoft-Server-ActiveSync' }],
  ['a page that anybody gets', 'owa basic', { status: 200 }, 'unknown', { path: '/' }],
  ['a device with a wrong one', 'owa basic', { status: 401 }, 'proven failure'],
];

const MAIL: readonly OutcomeCase[] = [
  [
    'a right password',
    'roundcube login',
    {
      status: 302,
      location: './?_task=mail&_token=x',
      cookies: ['roundcube_sessid=new; HttpOnly', 'roundcube_sessauth=abc-1700000000; HttpOnly'],
    },
    'success',
  ],
  [
    'a wrong password',
    'roundcube login',
    { status: 401, cookies: ['roundcube_sessid=x', `roundcube_sessauth=-del-; ${DELETED}`] },
    'proven failure',
  ],
];

const NEXTCLOUD: readonly OutcomeCase[] = [
  ['a right password', 'nextcloud login', { status: 303, location: 'https://app.example/apps/dashboard/' }, 'success'],
  [
    'a right password before a second factor',
    'nextcloud login',
    { status: 303, location: '/login/selectchallenge' },
    'success',
  ],
  ['a wrong password', 'nextcloud login', { status: 303, location: '/index.php/login?user=a&direct=1' }, 'failure'],
  ['its own limit', 'nextcloud login', { status: 429 }, 'proven failure'],
  ['files by WebDAV', 'nextcloud basic', { status: 207 }, 'success'],
  ['no files by WebDAV', 'nextcloud basic', { status: 401 }, 'proven failure'],
];

const WIKIS: readonly OutcomeCase[] = [
  [
    'a right password',
    'mediawiki user-login',
    {
      status: 302,
      location: '/Main_Page',
      cookies: ['wiki_session=a; path=/', 'wikiUserID=1; path=/', 'wikiUserName=A'],
    },
    'proven success',
  ],
  [
    'a wrong password',
    'mediawiki user-login',
    { cookies: ['wiki_session=a'], body: '<input type="password" id="wpPassword1" name="wpPassword">' },
    'proven failure',
  ],
  [
    'a second factor',
    'mediawiki user-login',
    { body: '<input name="OATHToken" autocomplete="one-time-code">' },
    'unknown',
  ],
  [
    'a pass by script',
    'mediawiki api-clientlogin',
    { body: '{"clientlogin":{"status":"PASS","username":"A"}}' },
    'success',
  ],
  ['a pass in XML', 'mediawiki api-clientlogin', { body: '<api><clientlogin status="PASS" /></api>' }, 'success'],
  ['a fail by script', 'mediawiki api-clientlogin', { body: '{"clientlogin":{"status":"FAIL"}}' }, 'proven failure'],
  ['another step', 'mediawiki api-clientlogin', { body: '{"clientlogin":{"status":"UI"}}' }, 'unknown'],
  [
    'a success by script',
    'mediawiki api-login',
    { body: '{"login":{"result":"Success","lguserid":1}}' },
    'proven success',
  ],
  ['a failure by script', 'mediawiki api-login', { body: '{"login":{"result":"Failed"}}' }, 'proven failure'],
  [
    'a token that is missing',
    'mediawiki api-login',
    { body: '{"login":{"result":"NeedToken","token":"x"}}' },
    'unknown',
  ],
  [
    'a right password',
    'dokuwiki login',
    {
      status: 302,
      location: '/doku.php?id=start',
      cookies: ['DW68700bfd16c2027de7de74a5a8202a6f=YQ%3D%3D%7C0%7Cb; path=/'],
    },
    'proven success',
  ],
  [
    'a wrong password',
    'dokuwiki login',
    { status: 403, cookies: [`DW68700bfd16c2027de7de74a5a8202a6f=deleted; ${DELETED}`] },
    'proven failure',
  ],
  [
    'a right password by XML-RPC',
    'dokuwiki xmlrpc',
    { body: '<methodResponse><boolean>1</boolean></methodResponse>' },
    'proven success',
  ],
  [
    'a wrong password by XML-RPC',
    'dokuwiki xmlrpc',
    { body: '<methodResponse><boolean>0</boolean></methodResponse>' },
    'proven failure',
  ],
];

const TOOLS: readonly OutcomeCase[] = [
  [
    'a right password',
    'phpmyadmin cookie',
    {
      status: 302,
      location: './index.php?route=/',
      cookies: ['phpMyAdmin=a', '__Secure-pmaUser-1_https=b', '__Secure-pmaAuth-1_https=c; HttpOnly'],
    },
    'success',
  ],
  [
    'a wrong password',
    'phpmyadmin cookie',
    { cookies: ['phpMyAdmin=a', 'pmaUser-1=b', `pmaAuth-1=deleted; ${DELETED}`], body: '<form id="login_form">' },
    'proven failure',
  ],
  [
    'a right password',
    'gitlab sign-in',
    { status: 302, location: 'https://app.example/', cookies: ['_gitlab_session=n'] },
    'success',
  ],
  [
    'a right password before a second factor',
    'gitlab sign-in',
    { body: '<input name="user[otp_attempt]">' },
    'success',
  ],
  ['a wrong password', 'gitlab sign-in', { body: '<input type="password" name="user[password]">' }, 'failure'],
  ['a wrong password, of later versions', 'gitlab sign-in', { status: 422 }, 'proven failure'],
  [
    'a redirect to the form',
    'gitlab sign-in',
    { status: 302, location: 'https://app.example/users/sign_in' },
    'failure',
  ],
  ['a right password of LDAP', 'gitlab ldap', { status: 302, location: 'https://app.example/' }, 'success'],
  [
    'a wrong password of LDAP',
    'gitlab ldap',
    { status: 302, location: 'https://app.example/users/sign_in' },
    'failure',
  ],
  ['a token', 'gitlab token', { body: '{"access_token":"abc","token_type":"Bearer"}' }, 'success'],
  ['no token', 'gitlab token', { status: 400, body: '{"error":"invalid_grant"}' }, 'proven failure'],
  ['a right password of Git', 'gitlab basic', { status: 200 }, 'success'],
  [
    'a right password',
    'grafana login',
    { body: '{"message":"Logged in"}', cookies: ['grafana_session=a'] },
    'proven success',
  ],
  [
    'a wrong password',
    'grafana login',
    { status: 401, body: '{"message":"Invalid username or password"}' },
    'proven failure',
  ],
  ['a fault of its own', 'grafana login', { status: 500 }, 'unknown'],
  [
    'a right password',
    'keycloak form',
    {
      status: 302,
      location: 'https://client.example/callback?code=x',
      cookies: ['KEYCLOAK_IDENTITY=ey; Path=/realms/a/', 'KEYCLOAK_SESSION=b'],
    },
    'success',
  ],
  [
    'a right password that has to be changed',
    'keycloak form',
    { status: 302, location: 'https://app.example/realms/a/login-actions/required-action?execution=UPDATE_PASSWORD' },
    'success',
  ],
  [
    'a wrong password',
    'keycloak form',
    { body: '<input tabindex="3" id="password" name="password" type="password">' },
    'failure',
  ],
  ['a second factor', 'keycloak form', { body: '<input id="otp" name="otp" type="text">' }, 'unknown'],
  ['a token', 'keycloak token', { body: '{"access_token":"ey","expires_in":300}' }, 'success'],
  ['no token', 'keycloak token', { status: 401, body: '{"error":"invalid_grant"}' }, 'proven failure'],
];

const MORE: readonly OutcomeCase[] = [
  ['a password that is asked for again', 'nextcloud confirm', { body: '{"lastLogin":1700000000}' }, 'success'],
  ['a wrong one', 'nextcloud confirm', { status: 403, body: '[]' }, 'proven failure'],
  ['a person', 'nextcloud ocs', { body: '<ocs><meta><statuscode>100</statuscode></meta></ocs>' }, 'success'],
  ['nobody', 'nextcloud ocs', { body: '<ocs><meta><statuscode>102</statuscode></meta></ocs>' }, 'failure'],
  ['a call of JSON', 'dokuwiki jsonrpc', { body: '{"id":1,"result":true,"error":null}' }, 'success'],
  ['a call with a wrong password', 'dokuwiki jsonrpc', { body: '{"id":1,"result":false}' }, 'failure'],
  ['a call by its path', 'dokuwiki jsonrpc-path', { body: '{"result":true}' }, 'success'],
  ['a call that is not allowed', 'dokuwiki jsonrpc-path', { status: 403 }, 'proven failure'],
  ['a registry of images', 'keycloak basic', { body: '{"token":"x"}' }, 'success'],
  ['a wrong password for one', 'keycloak basic', { status: 401 }, 'proven failure'],
  ['a page of managers', 'plone basic', {}, 'success', { path: '/site/manage_main' }],
  ['a page that anybody gets', 'plone basic', {}, 'unknown', { path: '/site' }],
];

const ALL = [...MORE, ...OWA, ...MAIL, ...NEXTCLOUD, ...WIKIS, ...TOOLS];

test.each<OutcomeCase>(ALL)('%s (%s)', (_, at, answer, outcome, request) => {
  expect(outcomeOf(at, answer, request)).toBe(outcome);
});

test('every preset names what it was read from, and a version that it ran against if a system test has it', () => {
  const systemTests = fs.readdirSync(path.join(root, 'test/system'));
  for (const preset of PRESET_FILES.values()) {
    expect(preset.source).not.toBe('');
    expect(preset.version).not.toBe('');
    const isTested = systemTests.some((name) =>
      new RegExp(`^gateway-${preset.name}(-logins)?\\.test\\.ts$`).test(name),
    );
    if (preset.ranAgainst !== null) expect(isTested, preset.name).toBe(true);
  }
});
