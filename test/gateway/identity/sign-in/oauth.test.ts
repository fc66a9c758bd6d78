// Providers of OAuth 2.0 without OpenID Connect, by a mapping of what their API says.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../gateway/config/load.ts';
import { startOauthProvider } from '../../../support/gateway/identity/oauth-provider.ts';
import { startWorld } from '../../../support/gateway/identity/sign-in-world.ts';

const APP = 'http://app.example/page';
const REDIRECT = 'http://auth.example/callback/partners';

async function world(mapping: string | ((origin: string) => string) = '', selector = 'email: ann@example.com') {
  const partners = await startOauthProvider(REDIRECT);
  const { origin } = partners;
  const oauth = `authorize: "${origin}/authorize", token: "${origin}/token", user: "${origin}/user"${
    typeof mapping === 'string' ? mapping : mapping(origin)
  }`;
  const { browser, state, events } = await startWorld({
    providers: (secret) => `  partners: { oauth: { ${oauth} }, clientId: gateway, clientSecretFile: "${secret}" }`,
    access: `providers: [partners], policies: [{ name: own, action: allow, include: [{ ${selector} }] }]`,
  });
  return { partners, events, state, open: async () => (await browser().open(APP)).code };
}

describe('a provider of OAuth 2.0', () => {
  test('says who somebody is', async () => {
    const { partners, open, state } = await world(', emailVerified: verified');
    expect(await open()).toBe(200);
    partners.user = { id: 7, email: 'ann@example.com', verified: false };
    expect(await open()).toBe(403);
    partners.user = { id: 7, email: 'ann@example.com', verified: 'yes', email_verified: true };
    expect(await open()).toBe(403);
    const kept = state.list('session', 'person.', 10).map(({ value }) => value);
    expect(kept[0]).toMatch(/"partners","[\w-]{22}","7"/);
  });

  test('has no e-mail that nothing says to be theirs', async () => {
    const { partners, open } = await world();
    partners.user = { id: 7, email: 'ann@example.com', email_verified: true, verified: true };
    expect(await open()).toBe(403);
  });

  test('may have a list of e-mails, of which the verified primary one counts', async () => {
    const { partners, open } = await world((origin) => `, emails: "${origin}/emails"`);
    const [ann, other] = [{ email: 'ann@example.com' }, { email: 'other@example.com', primary: false, verified: true }];
    partners.emails = [other, { ...ann, primary: true, verified: true }];
    expect(await open()).toBe(200);
    for (const emails of [
      [{ ...ann, primary: true, verified: false }],
      [{ ...ann, primary: false, verified: true }],
      [
        { ...other, primary: true },
        { ...ann, verified: true },
      ],
      [{ ...ann, primary: 1, verified: 'true' }],
      [],
      {},
      null,
    ]) {
      partners.emails = emails;
      expect(await open(), JSON.stringify(emails)).toBe(403);
    }
  });

  test('has groups and other members, those alone that are named', async () => {
    const groups = await world(', groups: data.teams, subject: data.id, claims: [data.plan]', 'group: blue');
    groups.partners.user = { data: { id: 'a7', teams: ['red', 'blue'], plan: 'free', secret: 'x' }, groups: ['green'] };
    expect(await groups.open()).toBe(200);
    expect(
      groups.state
        .list('session', 'person.', 10)
        .map(({ value }) => value)
        .join(),
    ).not.toContain('secret');
    const claim = await world(', subject: data.id, claims: [data.plan]', 'claim: { name: data.plan, value: free }');
    claim.partners.user = { data: { id: 'a7', plan: 'free' } };
    expect(await claim.open()).toBe(200);
  });

  test.each([
    ['no account', { email: 'ann@example.com', verified: true }],
    ['an account without a name', { id: '' }],
    ['an account of another kind', { id: { value: 7 } }],
    ['a number that is not exact', { id: 2 ** 60 }],
    ['no object', 'ann'],
    ['nothing', null],
  ])('that tells of %s signs nobody in', async (_, user) => {
    const { partners, open, events } = await world(', emailVerified: verified');
    partners.user = user;
    expect(await open()).toBe(502);
    expect(events).toContainEqual(expect.objectContaining({ event: 'sign-in-failed', reason: 'subject' }));
  });

  test('that fails is told from one that is wrong', async () => {
    const { partners, open } = await world();
    partners.status = 503;
    expect(await open()).toBe(503);
    partners.status = 403;
    expect(await open()).toBe(502);
  });

  test('names its issuer where it is known', async () => {
    const { partners, open } = await world(', issuer: "https://partners.example", emailVerified: verified');
    expect(await open()).toBe(200);
    partners.back = { iss: 'https://evil.example' };
    expect(await open()).toBe(502);
    partners.back = { iss: 'https://partners.example' };
    expect(await open()).toBe(200);
    const unknown = await world(', emailVerified: verified');
    unknown.partners.back = { iss: 'https://partners.example' };
    expect(await unknown.open()).toBe(200);
  });
});

test('members that have a meaning of their own are not taken for others', () => {
  const provider = (claims: string) =>
    parseConfig(
      `{ listen: '127.0.0.1:0', auth: a.example, identity: { p: { clientId: a, oauth: { authorize: 'https://p/', token: 'https://p/', user: 'https://p/', claims: ${claims} } } }, apps: { b.example: { to: 'http://127.0.0.1:1' } } }`,
    ).faults;
  expect(provider('[plan, data.plan]')).toEqual([]);
  for (const name of ['sub', 'email_verified', 'groups', 'amr', 'a..b', 'a b', ''])
    expect(provider(`['${name}']`)).toHaveLength(1);
});
