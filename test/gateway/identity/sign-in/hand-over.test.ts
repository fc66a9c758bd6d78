// Where a code for a session goes: to the application's own host and port, whatever the request
// named that began the way. Who began it may be an attacker, with a client of their own.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../../gateway/config/load.ts';
import { HTML } from '../../../support/gateway/identity/browser.ts';
import { EVERYONE, startWorld } from '../../../support/gateway/identity/sign-in-world.ts';
import { valuesOf, visit } from '../../../support/gateway/visit.ts';

/** Of a way that a client of Mallory's began. */
async function wayOf(port: number, host: string): Promise<string | undefined> {
  return valuesOf(await visit(port, host, { path: '/page', headers: HTML }), 'location')[0];
}

test('a code goes to no other port, and to no other name', async () => {
  const { browser, port } = await startWorld();
  const ann = browser();
  await ann.open('http://app.example/');
  for (const host of ['app.example:8443', 'app.example:80', 'app.example:1', 'app.example.', 'APP.example:81']) {
    const way = (await wayOf(port, host)) ?? '';
    const { url } = await ann.open(way, { stopAt: ({ pathname }) => pathname === '/.credveil/callback' });
    expect(url.host, host).toBe('app.example');
  }
});

test("under a wildcard it goes to those hosts that are the gateway's", async () => {
  const origin = 'to: "http://127.0.0.1:1"';
  const { browser, port } = await startWorld({
    more: `  '*.shop.example': { ${origin}, access: { hosts: [one.shop.example], ${EVERYONE} } }`,
  });
  const ann = browser();
  await ann.open('http://app.example/');
  const way = (await wayOf(port, 'one.shop.example')) ?? '';
  const { url } = await ann.open(way, { stopAt: ({ pathname }) => pathname === '/.credveil/callback' });
  expect(url.host).toBe('one.shop.example');
  for (const host of ['evil.shop.example', 'a.one.shop.example', 'one.shop.example.evil.shop.example']) {
    const page = await visit(port, host, { path: '/page', headers: HTML });
    expect(page.status, host).toContain('401');
    expect(page.body.toString(), host).not.toContain('sign-in?');
  }
});

test.each([
  ['*', EVERYONE, 'needs hosts'],
  ['*.example.com', EVERYONE, 'needs hosts'],
  ['*.example.com/part', EVERYONE, 'needs hosts'],
  ['*.example.com', `hosts: [evil.example], ${EVERYONE}`, 'is no host of this application'],
  ['*.example.com', `hosts: [example.com], ${EVERYONE}`, 'is no host of this application'],
  ['app.example.com', `hosts: [b.example.com], ${EVERYONE}`, 'is no host of this application'],
  ['*.example.com', `hosts: [a.b.example.com], ${EVERYONE}`, undefined],
  ['*', `hosts: [a.example], ${EVERYONE}`, undefined],
  ['*', 'policies: [{ name: all, action: bypass, include: [{ everyone: true }] }]', undefined],
])('%s with %s is told so: %s', (name, access, message) => {
  const { faults } = parseConfig(`
listen: "127.0.0.1:443"
auth: auth.example
identity: { staff: { oidc: "https://idp.example", clientId: gateway } }
apps: { '${name}': { to: "http://127.0.0.1:1", access: { ${access} } } }`);
  if (message === undefined) expect(faults).toEqual([]);
  else expect(faults.map((fault) => fault.message).join()).toContain(message);
});
