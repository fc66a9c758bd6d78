// Names that the gateway alone may say to an application, in the spellings that CGI reads alike.

import { expect, test } from 'vitest';
import { SetNames } from '../../../gateway/request/set-names.ts';

const names = (more: object = {}): SetNames =>
  new SetNames({ names: ['X-Zone', 'Remote-User'], hasAccess: false, kept: new Set(), ...more });

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
  expect(names({ hasAccess: true }).has('X-Requested-With')).toBe(false);
  const kept = names({ hasAccess: true, kept: new Set(['remoteemail', 'remoteuser']) });
  expect(kept.has('Remote-Email')).toBe(false);
  // What a mapping sets is nobody else's in any case.
  expect(kept.has('Remote-User')).toBe(true);
});

test('are none without rules and access', () => {
  expect(names({ names: [] }).isEmpty).toBe(true);
  expect(names({ names: [], hasAccess: true }).isEmpty).toBe(false);
});
