// Factors that a configuration asks for and cannot have, each mistake with its line.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

interface Keys {
  readonly identity?: string;
  readonly factors?: string;
  readonly more?: string;
  readonly access?: string;
  readonly policy?: string;
}

/** The policy is in line 8, the application's own factors in line 9. */
const lines = ({ identity, factors = '', more = '', access = '', policy = '' }: Keys): string =>
  [
    'listen: "127.0.0.1:80"',
    'auth: auth.example',
    `identity: ${identity ?? '{ staff: { oidc: "https://idp.example", clientId: gateway } }'}`,
    `factors: { ${factors} }`,
    more,
    'apps:',
    '  app.example: { to: "http://127.0.0.1:1", access: {',
    `    policies: [{ name: all, action: allow, include: [{ everyone: true }]${policy} }]`,
    `    ${access === '' ? '' : `, factors: ${access}`} } }`,
  ].join('\n');

const faultsOf = (keys: Keys) =>
  parseConfig(lines(keys)).faults.map(({ line, key, message, hint = '' }) => `${line} ${key}: ${message} ${hint}`);

const METHODS = 'methods: [security_key]';
const AAGUID = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';
const POLICY = 'apps.app.example.access.policies.0.factors';
const APP = 'apps.app.example.access.factors';

test.each<[string, Keys]>([
  ['nothing', {}],
  ['methods for all', { factors: METHODS }],
  ['methods for an application alone', { access: '{ methods: [totp], every: 1h }' }],
  ['none for an application of all', { factors: METHODS, access: 'off' }],
  ['how often, where methods are said above', { factors: METHODS, access: '{ every: 1h }' }],
  ['paths alone, each with methods', { access: '{ paths: { /admin: { methods: [totp] } } }' }],
  ['paths with methods of all', { factors: METHODS, access: '{ paths: { /admin: { every: 0m }, /: off } }' }],
  ['a policy with methods', { policy: ', factors: { methods: [totp] }' }],
  ['a policy with those of its application', { access: '{ methods: [totp] }', policy: ', factors: { every: 5m }' }],
  ['models with their makers', { factors: `${METHODS}, aaguids: [${AAGUID}], attestationFile: makers.pem` }],
  [
    'codes by mail',
    { factors: `${METHODS}, enrolByMail: true`, more: 'mail: { smtp: "smtp://127.0.0.1", from: a@example.com }' },
  ],
])('%s is taken', (_, keys) => {
  expect(faultsOf(keys)).toEqual([]);
});

test.each<[Keys, string]>([
  [{ identity: '{}', factors: METHODS }, '4 factors: needs identity: nobody signs in'],
  [{ factors: `aaguids: [${AAGUID}]` }, '4 factors.aaguids: needs attestationFile'],
  [{ factors: 'enrolByMail: true' }, '4 factors.enrolByMail: needs mail'],
  [{ access: '{ every: 1h }' }, `9 ${APP}: needs methods, which are said nowhere above`],
  [{ access: '{ every: 1h, paths: { /a: { methods: [totp] } } }' }, `9 ${APP}: needs methods`],
  [{ access: '{ paths: { /admin: { every: 5m } } }' }, `9 ${APP}.paths./admin: needs methods`],
  [{ policy: ', factors: { every: 5m }' }, `8 ${POLICY}: needs methods`],
  [{ identity: '{}', access: '{ methods: [totp] }' }, `9 ${APP}: needs identity`],
  [{ identity: '{}', policy: ', factors: { methods: [totp] }' }, `8 ${POLICY}: needs identity`],
  [{ factors: 'methods: [sms]' }, '4 factors.methods.0: must be security_key, biometrics or totp'],
  [{ factors: 'methods: []' }, '4 factors.methods: must have a method'],
  [{ factors: 'methods: [totp, totp]' }, '4 factors.methods: has a method twice'],
  [{ factors: `${METHODS}, every: 31d` }, '4 factors.every: must be a duration'],
  [{ factors: `aaguids: [${AAGUID.toUpperCase()}], attestationFile: a` }, '4 factors.aaguids.0: must be an AAGUID'],
  [{ factors: 'method: [totp]' }, '4 factors.method: is not a known key Did you mean "methods"?'],
  [{ factors: METHODS, access: '{ paths: { "/a%2fb": off } }' }, 'must be a path such as /admin'],
  [{ factors: METHODS, access: '{ paths: { admin: off } }' }, 'must be a path such as /admin'],
])('%j is a mistake', (keys, message) => {
  expect(faultsOf(keys).join('\n')).toContain(message);
});

test.each(['block', 'bypass', 'service'])('a policy that is no allow asks nobody: %s', (action) => {
  const text = lines({ factors: METHODS, policy: ', factors: off' }).replace('action: allow', `action: ${action}`);
  const faults = parseConfig(text).faults.map(({ line, key, message }) => `${line} ${key}: ${message}`);
  expect(faults.join('\n')).toContain(`8 ${POLICY}: is of policies that allow: nobody else shows a factor`);
});
