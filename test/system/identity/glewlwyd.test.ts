// People sign in with Debian's Glewlwyd, whose keys change, and which ends their sessions.
// apt-get install glewlwyd

import { decodeJwt } from 'jose';
import { test as base, expect } from 'vitest';
import { type Echo, echo, seen } from '../../support/gateway/gateway.ts';
import type { Browser, Page } from '../../support/gateway/identity/browser.ts';
import { type GlewlwydWorld, startGlewlwydWorld } from '../../support/gateway/identity/glewlwyd-world.ts';
import { tlsKey } from '../../support/gateway/tls.ts';
import { perFile } from '../../support/per-file.ts';

const policies = (selector: string) => `policies: [{ name: own, action: allow, include: [{ ${selector} }] }]`;

async function startWorld(): Promise<GlewlwydWorld> {
  const world = await startGlewlwydWorld(async ({ port, auth, glewlwyd, secretFile, listen }) => {
    const to = JSON.stringify(await listen(echo));
    const { issuer, client } = glewlwyd;
    return `
listen: 127.0.0.1:${port}
workers: 2
tls: ${tlsKey('first')}
auth: "${auth}"
identity: { staff: { oidc: "${issuer}", clientId: ${client.id}, clientSecretFile: "${secretFile}" } }
apps:
  domain.example: { to: ${to}, access: { ${policies('emailDomain: example.com')} } }
  group.example: { to: ${to}, access: { ${policies('group: red')} } }
  claim.example: { to: ${to}, access: { ${policies('claim: { name: name, value: Somebody }')} } }
`;
  });
  const account = { name: 'Somebody', isVerified: true, groups: ['red', 'blue'] };
  await world.glewlwyd.addAccount({ ...account, username: 'ann', email: 'ann@example.com' });
  await world.glewlwyd.addAccount({ ...account, username: 'ben', email: 'ben@example.com', isVerified: false });
  await world.glewlwyd.addAccount({ ...account, username: 'cleo', email: 'cleo@example.org', groups: ['blue'] });
  return world;
}

const test = base.extend<{ readonly world: GlewlwydWorld }>({ world: perFile(startWorld, ({ close }) => close()) });

const claimsOf = (page: Page) => {
  const [assertion = ''] = seen(JSON.parse(page.text) as Echo, 'credveil-assertion');
  return decodeJwt(assertion);
};

test('somebody signs in, once for all applications, and is who Glewlwyd says', async ({ world }) => {
  const { browser, page } = await world.signedIn('ann', world.at('domain.example', '/page?x=1'));
  expect(page.code, page.text).toBe(200);
  expect((JSON.parse(page.text) as Echo).url).toBe('/page?x=1');
  const claims = claimsOf(page);
  expect(claims).toMatchObject({ email: 'ann@example.com', groups: ['red', 'blue'], provider: 'staff' });
  expect(claims['sub']).toMatch(/^staff:./);
  const visits = browser.visited.length;
  for (const host of ['group.example', 'claim.example']) expect((await browser.open(world.at(host))).code).toBe(200);
  const { hostname } = new URL(world.glewlwyd.issuer);
  expect(browser.visited.slice(visits).map((url) => url.hostname)).not.toContain(hostname);
  // With the session at Glewlwyd, without those of the gateway.
  for (const host of browser.jars.keys()) if (host !== hostname) browser.jars.delete(host);
  const asked = await browser.open(world.at('domain.example'));
  expect(asked.url.hostname).toBe(hostname);
  const again = await world.glewlwyd.signIn(browser, asked);
  expect(claimsOf(again)['sub']).toBe(claims['sub']);
});

test.for([
  ['ben', 'domain.example', 403],
  ['ben', 'group.example', 200],
  ['cleo', 'domain.example', 403],
  ['cleo', 'group.example', 403],
  ['cleo', 'claim.example', 200],
] as const)('by what it says of %s, %s answers with %d', async ([username, host, code], { world }) => {
  expect((await world.signedIn(username, world.at(host))).page.code).toBe(code);
});

test('new keys count at once, whichever worker is asked', async ({ world }) => {
  for (let round = 0; round < 2; round++) {
    await world.glewlwyd.rotate();
    // One after another: with SQLite, Glewlwyd has errors of its own if they come together.
    for (let i = 0; i < 3; i++) expect((await world.signedIn('ann', world.at('domain.example'))).page.code).toBe(200);
  }
});

test('who signs out here does so at Glewlwyd by a link, which ends what began there', async ({ world }) => {
  const url = world.at('domain.example');
  const { hostname } = new URL(world.glewlwyd.issuer);
  const [mine, phone, other] = [world.browser(), world.browser(), world.browser()];
  for (const browser of [mine, phone]) await world.glewlwyd.signIn(browser, await browser.open(url), 'ann');
  // Of the same session there.
  other.jars.set(hostname, new Map(mine.jarOf({ hostname })));
  await world.glewlwyd.signIn(other, await other.open(url));
  const isIn = async (browser: Browser) => (await browser.get(url)).code === 200;
  const left = await world.signOut(other, `${url}.credveil/sign-out`);
  expect(await Promise.all([mine, phone, other].map(isIn))).toEqual([true, true, false]);
  const [, link = ''] = /href="([^"]+end_session[^"]+)"/.exec(left.text) ?? [];
  const asked = await other.open(link.replaceAll('&amp;', '&'));
  const end = await world.glewlwyd.signOut(other, asked);
  expect(end.url.pathname).toBe('/signed-out');
  expect(end.text).toContain('signed out');
  // Glewlwyd has told so by the back channel.
  await expect.poll(() => isIn(mine)).toBe(false);
  expect(await isIn(phone)).toBe(true);
  const events = world.gateway.running.written.stderr;
  expect(events).toMatch(/"event":"signed-out-by-provider","provider":"staff","sessions":1/);
  expect(events).not.toContain('ann@');
  // And asks anew who somebody is.
  expect((await mine.open(url)).url.hostname).toBe(hostname);
});
