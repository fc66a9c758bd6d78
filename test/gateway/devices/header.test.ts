// Client-Cert of RFC 9440: from trusted proxies alone, where the configuration says so, and
// verified again.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyHashOf } from '../../../gateway/devices/certificate/client-certificate.ts';
import { revoke, revokedFolder } from '../../../gateway/devices/revocation/revoked-folder.ts';
import { createWorkPlace } from '../../support/credveil.ts';
import { createCa, type Held, type TestCa } from '../../support/gateway/device-world.ts';
import { echoOf, exchange, seen, serve } from '../../support/gateway/gateway.ts';
import { accessWorld } from '../../support/gateway/identity/access-world.ts';

const SUBJECT = { commonName: 'laptop', serialNumber: 'C02XL0' };
const POLICIES = `      policies:
        - { name: devices, action: bypass, include: [{ device: $laptops }] }
        - { name: any, action: bypass, include: [{ certificate: true }], paths: /any }
        - { name: open, action: bypass, include: [{ everyone: true }], paths: /open }
`;

const bytes = ({ certificate }: Pick<Held, 'certificate'>): string => `:${certificate.raw.toString('base64')}:`;
const shown = (held: Pick<Held, 'certificate'>, ...chain: Pick<Held, 'certificate'>[]): string[] => [
  `Client-Cert: ${bytes(held)}`,
  ...(chain.length > 0 ? [`Client-Cert-Chain: ${chain.map(bytes).join(', ')}`] : []),
];

async function served(cas: readonly TestCa[], more = '') {
  const caFile = path.join(createWorkPlace().home, 'ca.pem');
  fs.writeFileSync(caFile, cas.map(({ certificate }) => certificate.toString()).join(''));
  const devices = `devices: { clientCert: header, caFile: "${caFile}"${more} }\n`;
  const world = await accessWorld(POLICIES, `lists: { laptops: { kind: serial, items: [C02XL0] } }\n${devices}`);
  const ask = async (...headers: string[]) => (await world.send('GET /', ...headers)).status;
  return { ...world, ask, caFile };
}

describe('Client-Cert of a trusted proxy', () => {
  test('lets in a device of the list, and is not told to the application', async () => {
    const ca = await createCa('devices');
    const { ask, send } = await served([ca]);
    const [listed, other] = [await ca.issue(SUBJECT), await ca.issue({ ...SUBJECT, serialNumber: 'C02XL1' })];
    expect(await ask(...shown(listed))).toBe(200);
    expect(await ask(...shown(listed))).toBe(200);
    expect(await ask(...shown(other))).toBe(403);
    expect(await ask()).toBe(403);
    const told = echoOf(await send('GET /', ...shown(listed)));
    expect(seen(told, 'client-cert')).toEqual([]);
  });

  test('is verified again: CA, dates, chain and spelling', async () => {
    const [ca, stranger] = [await createCa('devices'), await createCa('devices')];
    const { send, ask } = await served([ca]);
    const listed = await ca.issue(SUBJECT);
    const plain = await ca.issue({ commonName: 'devices' });
    const notCa = { ...plain, issuer: plain };
    const users = await ca.below('users');
    const tooDeep = await users.below('deeper');
    const any = async (...headers: string[]) => (await send('GET /any', ...headers)).status;
    expect(await any(...shown(await users.issue(SUBJECT), users))).toBe(200);
    const refused: readonly (readonly [string, readonly string[]])[] = [
      ['without its chain', shown(await users.issue(SUBJECT))],
      ['deeper than its CA lets', shown(await tooDeep.issue(SUBJECT), tooDeep, users)],
      ['another CA of this name', shown(await stranger.issue(SUBJECT))],
      ['another CA, sent along', shown(await stranger.issue(SUBJECT), stranger)],
      ['signed by what is no CA', shown(await ca.issue(SUBJECT, { issuer: notCa }), plain)],
      ['expired', shown(await ca.issue(SUBJECT, { notAfter: new Date(Date.now() - 1_000) }))],
      ['twice', [...shown(listed), ...shown(listed)]],
      ['two in one', [`Client-Cert: ${bytes(listed)}, ${bytes(listed)}`]],
      ['without colons', [`Client-Cert: ${bytes(listed).slice(1, -1)}`]],
      ['with a parameter', [`${shown(listed)[0]};a=1`]],
      ['PEM', [`Client-Cert: :${Buffer.from(listed.certificate.toString()).toString('base64')}:`]],
      [
        'with something behind',
        [`Client-Cert: :${Buffer.concat([listed.certificate.raw, Buffer.of(0)]).toString('base64')}:`],
      ],
      ['a chain that is none', [...shown(listed), 'Client-Cert-Chain: x']],
      ['a chain that is too long', shown(listed, ...Array(9).fill(ca))],
    ];
    for (const [what, headers] of refused) {
      expect(await any(...headers), what).toBe(403);
      expect(await ask(...headers), what).toBe(403);
    }
  });

  test('ends with a revocation, and with the CA', async () => {
    const ca = await createCa('devices');
    const { ask, folder, caFile } = await served([ca]);
    const [lost, kept] = [await ca.issue(SUBJECT), await ca.issue(SUBJECT)];
    expect(await ask(...shown(lost))).toBe(200);
    const serial = lost.certificate.serialNumber.toLowerCase();
    revoke(revokedFolder(path.dirname(folder)), { issuer: keyHashOf(ca.certificate.publicKey), serial });
    await expect.poll(() => ask(...shown(lost))).toBe(403);
    expect(await ask(...shown(kept))).toBe(200);
    fs.writeFileSync(caFile, (await createCa('devices')).certificate.toString());
    await expect.poll(() => ask(...shown(kept))).toBe(403);
  });
});

test.each([
  ['127.0.0.1', 200],
  ['192.0.2.1', 403],
])('a proxy that asks tells it, if it is in trustedProxies: %s', async (trusted, status) => {
  const ca = await createCa('devices');
  const caFile = path.join(createWorkPlace().home, 'ca.pem');
  fs.writeFileSync(caFile, ca.certificate.toString());
  const { port } = await serve(`forwardAuth: { listen: 127.0.0.1:0, proxy: envoy }
trustedProxies: [${trusted}]
lists: { laptops: { kind: serial, items: [C02XL0] } }
devices: { clientCert: header, caFile: "${caFile}" }
apps: { app.example: { access: { policies: [{ name: devices, action: bypass, include: [{ device: $laptops }] }] } } }
`);
  const ask = async (...headers: string[]) =>
    (
      await exchange(
        port,
        ['GET / HTTP/1.1', 'Host: app.example', 'X-Forwarded-Proto: https', ...headers, '', ''].join('\r\n'),
      )
    ).status;
  expect(await ask(...shown(await ca.issue(SUBJECT)))).toBe(status);
  expect(await ask(...shown(await ca.issue({ ...SUBJECT, serialNumber: 'C02XL1' })))).toBe(403);
  expect(await ask()).toBe(403);
});

test('anybody else writes it for nothing, in any spelling', async () => {
  const ca = await createCa('devices');
  const { certificate } = await ca.issue(SUBJECT);
  const value = `:${certificate.raw.toString('base64')}:`;
  const { gateway, config, send } = await served([ca]);
  // The client is no trusted proxy any more.
  await gateway.reload({ ...config(POLICIES), trustedProxies: ['192.0.2.1'] });
  const names = [
    'Client-Cert',
    'client-cert',
    'CLIENT-CERT',
    'Client-Cert-Chain',
    'X-Client-Cert',
    'X-SSL-Client-Cert',
  ];
  for (const name of names) {
    expect((await send('GET /', `${name}: ${value}`)).status, name).toBe(403);
    const told = echoOf(await send('GET /open', `${name}: ${value}`));
    expect(
      told.rawHeaders.filter((each) => each.includes(value.slice(1, 40))),
      name,
    ).toEqual([]);
  }
  for (const name of ['Client_Cert', 'Client.Cert', 'client_cert_chain'])
    expect((await send('GET /open', `${name}: ${value}`)).status, name).toBe(400);
});
