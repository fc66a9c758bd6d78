// Sign-ins that a configuration asks for and cannot have, each mistake with its line.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

const STAFF = 'staff: { oidc: "https://idp.example", clientId: gateway }';
const TLS = 'tls: { certFile: a, keyFile: a }';

/** Lines, so that a mistake in the last one is in line 8. */
const lines = (
  more: Partial<Record<'listen' | 'auth' | 'identity' | 'tls' | 'access' | 'sessions' | 'app', string>> = {},
) =>
  [
    more.listen ?? 'listen: ":443"',
    more.auth ?? 'auth: auth.example',
    more.identity ?? `identity: { ${STAFF} }`,
    more.tls ?? TLS,
    more.sessions ?? 'sessions: { absolute: 12h, idle: 1h }',
    'apps:',
    '  app.example:',
    `    { to: "http://127.0.0.1:1", access: { ${/policies/.test(more.access ?? '') ? '' : 'policies: [], '}${more.access ?? ''} }, ${more.app ?? ''} }`,
  ].join('\n');

const policyFor = (action: string, absolute: string): string =>
  `policies: [{ name: a, action: ${action}, include: [{ everyone: true }], session: { absolute: ${absolute} } }]`;

const faultsOf = (more: Parameters<typeof lines>[0]) =>
  parseConfig(lines(more)).faults.map(({ line, key, message, hint = '' }) => `${line} ${key}: ${message} ${hint}`);

test('a configuration in which people sign in is taken', () => {
  expect(faultsOf({})).toEqual([]);
  expect(faultsOf({ auth: 'auth: auth.example:8443' })).toEqual([]);
  expect(faultsOf({ listen: 'listen: "127.0.0.1:80"', tls: '' })).toEqual([]);
  expect(faultsOf({ tls: 'trustedProxies: [192.0.2.1]' })).toEqual([]);
  expect(faultsOf({ access: 'providers: [staff], session: { absolute: 12h, idle: 30m }' })).toEqual([]);
});

test.each([
  [{ auth: '' }, "3 identity: needs auth, the host of the gateway's own pages"],
  [{ auth: 'auth: AUTH.example' }, '2 auth: must be a host name in lower case'],
  [{ auth: 'auth: "https://auth.example"' }, '2 auth: must be a host name'],
  [{ auth: 'auth: app.example:443' }, "7 apps.app.example: has the host of the gateway's own pages"],
  [{ tls: '' }, '3 identity: needs TLS: sessions would travel in clear text'],
  [{ tls: '', app: TLS }, '2 auth: has no certificate'],
  [{ identity: 'identity: {}', access: 'session: { idle: 30m }' }, '8 apps.app.example.access.session: needs identity'],
  [
    { access: 'providers: [stuff]' },
    '8 apps.app.example.access.providers.0: names no provider of identity Did you mean staff?',
  ],
  [{ access: 'providers: []' }, '8 apps.app.example.access.providers: must have a provider'],
  [{ access: 'session: { idle: 2h }' }, '8 apps.app.example.access.session.idle: is longer than that of sessions'],
  [
    { access: `session: { absolute: 1h }, ${policyFor('allow', '2h')}` },
    '8 apps.app.example.access.policies.0.session.absolute: is longer than that of the application',
  ],
  [{ access: policyFor('bypass', '5m') }, '8 apps.app.example.access.policies.0.session: is of policies that allow'],
  [{ access: policyFor('allow', '1m') }, '8 apps.app.example.access.policies.0.session.absolute: must be a duration'],
  [{ access: 'session: { absolute: 13h }' }, '8 apps.app.example.access.session.absolute: is longer'],
  [
    { access: 'session: { absolut: 1h }' },
    '8 apps.app.example.access.session.absolut: is not a known key Did you mean "absolute"?',
  ],
  [{ sessions: 'sessions: { absolute: 1m }' }, '5 sessions.absolute: must be a duration from 5m to 30d'],
  [{ identity: 'identity: { "a/b": { oidc: "https://idp.example", clientId: a } }' }, '3 identity.a/b: must be a name'],
  [{ identity: 'identity: { a: { oidc: "http://idp.example", clientId: a } }' }, '3 identity.a.oidc: must be https://'],
  [
    { identity: 'identity: { a: { oidc: "https://u:p@idp.example", clientId: a } }' },
    '3 identity.a.oidc: must be https://',
  ],
  [
    { identity: 'identity: { a: { oidc: "https://idp.example?x", clientId: a } }' },
    '3 identity.a.oidc: must be an issuer',
  ],
  [{ identity: 'identity: { a: { oidc: "https://idp.example" } }' }, '3 identity.a.clientId: is missing'],
  [
    { identity: 'identity: { a: { oidc: "https://idp.example", clientID: a } }' },
    '3 identity.a.clientID: is not a known key',
  ],
  [
    { identity: 'identity: { a: { oidc: "https://idp.example", clientId: a, scopes: [email] } }' },
    '3 identity.a.scopes: must have openid',
  ],
  [
    { identity: 'identity: { a: { pin: { smtp: "smtp://u:p@mail", from: a@b.example, to: ["@b.example"] } } }' },
    '3 identity.a.pin.smtp: must be smtp://',
  ],
  [
    { identity: 'identity: { a: { pin: { smtp: "smtp://mail", from: a@b.example, to: [] } } }' },
    '3 identity.a.pin.to: must have an address',
  ],
  [
    { identity: 'identity: { a: { pin: { smtp: "smtp://mail", from: "a@b.example\\r\\nBcc: c@d", to: ["@b"] } } }' },
    '3 identity.a.pin.from: must be an e-mail address',
  ],
] as const)('%o is a mistake', (more, told) => {
  const faults = faultsOf(more);
  expect(
    faults.filter((fault) => fault.startsWith(told)),
    faults.join('\n'),
  ).toHaveLength(1);
  for (const fault of faults) expect(fault).not.toContain('u:p');
});
