// Which changes of a provider's configuration make it another one: those by which somebody else
// could be who a session says, or be it with less proof.

import { expect, test } from 'vitest';
import { IDENTITY_SCHEMA } from '../../../../gateway/identity/identity-schema.ts';
import { createKnowsPerson, sourceOf } from '../../../../gateway/identity/known-people.ts';
import { personOf } from '../../../support/gateway/identity/people.ts';

const OIDC = { oidc: 'https://idp.example', clientId: 'gateway' };
const API = 'https://api.example';
const OAUTH_ENDS = { authorize: `${API}/authorize`, token: `${API}/token`, user: `${API}/user`, emailVerified: 'ok' };
const OAUTH = { oauth: OAUTH_ENDS, clientId: 'gateway' };
const PIN = { pin: { smtp: 'smtp://127.0.0.1', from: 'g@example.com', to: ['@example.com', 'ann@example.org'] } };

const parsed = (config: object) => IDENTITY_SCHEMA.parse({ staff: config });
const knows = (before: object, after: object, subject = 'subject'): boolean => {
  const source = sourceOf(parsed(before)['staff'] as Parameters<typeof sourceOf>[0]);
  return createKnowsPerson(parsed(after))(personOf('ann', { source, subject }));
};

test.each<[string, object, object]>([
  ['another issuer', OIDC, { ...OIDC, oidc: 'https://idp.example/other' }],
  ['another client', OIDC, { ...OIDC, clientId: 'other' }],
  ['another claim of groups', OIDC, { ...OIDC, groups: 'roles' }],
  ['another proof of addresses', OIDC, { ...OIDC, emailVerified: 'xms_edov' }],
  ['another kind', OIDC, OAUTH],
  ['a code by mail', OIDC, PIN],
  ...Object.entries({ user: `${API}/me`, token: `${API}/t`, subject: 'login', email: 'mail', emailVerified: 'is' }).map(
    ([key, value]): [string, object, object] => [
      `another ${key}`,
      OAUTH,
      { ...OAUTH, oauth: { ...OAUTH_ENDS, [key]: value } },
    ],
  ),
])('%s has other people', (_, before, after) => {
  expect(knows(before, before, 'ann@example.com')).toBe(true);
  expect(knows(before, after, 'ann@example.com')).toBe(false);
});

test.each<[string, object, object]>([
  ['a label', OIDC, { ...OIDC, label: 'Staff' }],
  ['scopes', OIDC, { ...OIDC, scopes: ['openid'] }],
  ['a secret', OIDC, { ...OIDC, clientSecretFile: 'new' }],
  ['further claims', OAUTH, { ...OAUTH, oauth: { ...OAUTH_ENDS, claims: ['login'] } }],
])('%s changes nobody', (_, before, after) => {
  expect(knows(before, after)).toBe(true);
});

test('an address that gets no codes any more is nobody, nor is whoever had a provider that is gone', () => {
  const now = { pin: { ...PIN.pin, to: ['ann@example.org'] } };
  expect(knows(PIN, now, 'ann@example.org')).toBe(true);
  expect(knows(PIN, now, 'ann@example.com')).toBe(false);
  expect(createKnowsPerson({})(personOf('ann'))).toBe(false);
  expect(createKnowsPerson(parsed(OIDC))(personOf('ann', { provider: 'guests' }))).toBe(false);
});
