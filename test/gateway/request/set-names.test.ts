// Names that the gateway alone may say to an application, in the spellings that CGI reads alike.

import { expect, test } from 'vitest';
import { SetNames } from '../../../gateway/request/set-names.ts';

const names = (more: object = {}): SetNames =>
  new SetNames({ names: ['X-Zone', 'Remote-User'], hasAccess: false, namesPeople: false, kept: new Set(), ...more });

test('are recognised in every spelling', () => {
  for (const name of ['X-Zone', 'x-zone', 'X_Zone', 'x.zone', 'XZONE', 'remote_user', 'REMOTE-USER', 'Remote-user_'])
    expect(names().has(name), name).toBe(true);
  for (const name of ['X-Zones', 'User', 'Remote', 'X-Forwarded-User']) expect(names().has(name), name).toBe(false);
});

test('are those of other proxies too, where the gateway decides who may reach the application', () => {
  for (const name of [
    'Cf-Access-Authenticated-User-Email',
    'cf_access_jwt_assertion',
    'X-Auth-Request-Email',
    'x_authentik_groups',
    'X-WebAuth-User',
    'Remote-Email',
    'REMOTE_NAME',
    'X-MS-CLIENT-PRINCIPAL-NAME',
    'X-Goog-IAP-JWT-Assertion',
    'SSL_CLIENT_S_DN',
    'OIDC_CLAIM_sub',
  ]) {
    expect(names({ hasAccess: true }).has(name), name).toBe(true);
    expect(names().has(name), name).toBe(false);
  }
  const kept = names({ hasAccess: true, kept: new Set(['remoteemail', 'remoteuser']) });
  expect(kept.has('Remote-Email')).toBe(false);
  // What a mapping sets is nobody else's in any case.
  expect(kept.has('Remote-User')).toBe(true);
});

test.each([
  ...[
    'X-Auth-Email',
    'X-Auth-Userid',
    'X-Auth-Groups',
    'X-Auth-Roles',
    'X-Auth-Subject',
    'X-Auth-Token',
    'X-Auth-User',
  ],
  ...[
    'X-Authenticated-Email',
    'X-Authenticated-Name',
    'X-Remote-Username',
    'X-Remote-User-Id',
    'X-Remote-Extra-Scopes',
  ],
  ...['X-Consumer-Custom-ID', 'X-Consumer-Groups', 'Kubeflow-Userid', 'Teleport-Jwt-Assertion', 'X-Jwt-Assertion'],
  ...['Impersonate-User', 'Impersonate-Group', 'Impersonate-Extra-Scopes', 'HTTP-Remote-User', 'HTTP_X_WEBAUTH_USER'],
  ...[
    'AJP_remote_user',
    'Redirect-Remote-User',
    'X-Client-Certificate',
    'Client-Certificate',
    'X-SSL-Subject',
    'Ssl-Dn',
  ],
  ...[
    'X-User',
    'X-User-Email',
    'X-Email',
    'X-Username',
    'X-Userid',
    'X-Usergroup',
    'Auth-User',
    'X-Dex-Email',
    'CAS-User',
  ],
  ...[
    'X-Ldap-User',
    'X-Trusted-Proxy-User',
    'X-Proxy-Roles',
    'X-Replit-User-Name',
    'X-Rh-Identity',
    'X-Iap-User',
    'Eppn',
  ],
  ...[
    'X-Spiffe-Id',
    'X-Claim-Sub',
    'X-Id-Token',
    'Authelia-User',
    'X-Tls-Client-Cert',
    'X-Token-Subject',
    'X-ARR-ClientCert',
  ],
  ...['Iv-User', 'iv_groups', 'SM_USER', 'OAM_REMOTE_USER', 'X-SSO-USER', 'Tailscale-User-Login', 'X-Amzn-Oidc-Data'],
])('%s is one of who somebody is, there alone', (name) => {
  for (const spelling of [name, name.toLowerCase(), name.replaceAll('-', '_'), name.replaceAll(/[-_]/g, '.')]) {
    expect(names({ hasAccess: true }).has(spelling), spelling).toBe(true);
    expect(names().has(spelling), spelling).toBe(false);
  }
  const letters = name.toLowerCase().replaceAll(/[-_]/g, '');
  expect(names({ hasAccess: true, kept: new Set([letters]) }).has(name)).toBe(false);
});

test.each([
  ...[
    'Authorization',
    'Cookie',
    'Accept',
    'Origin',
    'Referer',
    'User-Agent',
    'X-User-Agent',
    'X-Requested-With',
    'From',
  ],
  ...[
    'Sec-Fetch-User',
    'Sec-CH-UA',
    'X-CSRF-Token',
    'X-Request-Id',
    'If-None-Match',
    'Upgrade-Insecure-Requests',
    'DNT',
  ],
  ...['X-GitHub-Event', 'Stripe-Signature', 'Idempotency-Key', 'Content-Disposition', 'HTTP-Referer', 'X-Api-Key'],
])('%s is none of who somebody is', (name) => {
  expect(names({ hasAccess: true }).has(name)).toBe(false);
});

test.each([
  'Basic YWRtaW46eA==',
  'basic YWRtaW46eA==',
  'BASIC  YWRtaW46eA',
  'Basic\tYWRtaW46',
  ' Basic YWRtaW46',
  'Basic',
])('Authorization: %s is one where names of people come in headers', (value) => {
  const taken = names({ hasAccess: true, namesPeople: true });
  for (const name of ['Authorization', 'AUTHORIZATION']) expect(taken.has(name, value), name).toBe(true);
  expect(names({ hasAccess: true }).has('Authorization', value)).toBe(false);
  const kept = new Set(['authorization']);
  expect(names({ hasAccess: true, namesPeople: true, kept }).has('Authorization', value)).toBe(false);
});

test('other schemes of Authorization are none', () => {
  for (const value of ['Bearer basic', 'Token x', 'Digest username="admin"', '']) {
    expect(names({ hasAccess: true, namesPeople: true }).has('Authorization', value), value).toBe(false);
  }
});

test('are none without rules and access', () => {
  expect(names({ names: [] }).isEmpty).toBe(true);
  expect(names({ names: [], hasAccess: true }).isEmpty).toBe(false);
});
