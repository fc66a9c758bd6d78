// Who is let in by a client certificate, in real handshakes: the device of a list, and nobody else.

import { describe, expect, test } from 'vitest';
import { keyHashOf } from '../../../gateway/devices/certificate/client-certificate.ts';
import { createCa, deviceWorld, type Held, type TestCa } from '../../support/gateway/device-world.ts';
import { parseAnswer } from '../../support/gateway/gateway.ts';
import { askHttp2, connectHttp2, secure } from '../../support/gateway/tls.ts';

const HOST = 'managed.example';
const DAY = 86_400_000;

interface Asked {
  readonly path?: string;
  readonly servername?: string;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly version?: 'TLSv1.2' | 'TLSv1.3';
}

/** @returns the status, or undefined for a connection that ended without one */
async function ask(port: number, held: Held | undefined, asked: Asked = {}): Promise<number | undefined> {
  const { path = '/', servername = HOST, host = servername, headers = [], version = 'TLSv1.3' } = asked;
  let text = '';
  try {
    const tls = { port, servername, minVersion: version, maxVersion: version, ...held?.options };
    const socket = await secure(tls);
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
    });
    socket.write([`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n'));
    await new Promise((resolve) => socket.once('close', resolve));
  } catch {
    return undefined;
  }
  return text === '' ? undefined : parseAnswer(text).status;
}

describe('a device', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of the list is let in, over %s; no other one is', async (version) => {
    const ca = await createCa('devices');
    const { port, asked } = await deviceWorld({ cas: [ca], laptops: ['C02XL0', 'pf-2'] });
    const listed = await ca.issue({ commonName: 'laptop', serialNumber: 'C02XL0' });
    const inCapitals = await ca.issue({ commonName: 'laptop', serialNumber: 'PF-2' });
    const unlisted = await ca.issue({ commonName: 'C02XL0', serialNumber: 'C02XL1' });
    const nameless = await ca.issue({ commonName: 'serialNumber=C02XL0\nserialNumber=C02XL0' });
    expect(await ask(port, listed, { version })).toBe(200);
    expect(await ask(port, inCapitals, { version })).toBe(200);
    expect(asked()).toBe(2);
    for (const other of [undefined, unlisted, nameless]) expect(await ask(port, other, { version })).toBe(403);
    expect(await ask(port, unlisted, { version, path: '/any' })).toBe(200);
    expect(await ask(port, undefined, { version, path: '/any' })).toBe(403);
    expect(asked()).toBe(3);
  });

  test('is told by its certificate: the issuer with the serial number, never the number alone', async () => {
    const ca = await createCa('devices');
    const [listed, other] = [await ca.issue({ commonName: 'a' }), await ca.issue({ commonName: 'b' })];
    const serial = listed.certificate.serialNumber.toLowerCase();
    const issuer = keyHashOf(ca.certificate.publicKey);
    const { port } = await deviceWorld({ cas: [ca], laptops: [`${issuer}:${serial}`] });
    expect(await ask(port, listed)).toBe(200);
    expect(await ask(port, other)).toBe(403);
    const alone = await deviceWorld({
      cas: [ca],
      laptops: [serial, serial.toUpperCase(), `${'0'.repeat(64)}:${serial}`],
    });
    expect(await ask(alone.port, listed)).toBe(403);
  });

  test('that is not listed is refused though a person who may has signed in', async () => {
    const ca = await createCa('devices');
    const { port, enter } = await deviceWorld({ cas: [ca], laptops: ['C02XL0'] });
    const headers = [await enter('ann')];
    const listed = await ca.issue({ commonName: 'laptop', serialNumber: 'C02XL0' });
    const unlisted = await ca.issue({ commonName: 'laptop', serialNumber: 'C02XL1' });
    expect(await ask(port, listed, { path: '/staff', headers })).toBe(200);
    expect(await ask(port, unlisted, { path: '/staff', headers })).toBe(403);
    expect(await ask(port, undefined, { path: '/staff', headers })).toBe(403);
    // And a person is not the device.
    expect(await ask(port, listed, { path: '/staff' })).toBe(401);
  });

  test('has a certificate that counts: its CA, its dates, its chain', async () => {
    const [ca, stranger] = [await createCa('devices'), await createCa('devices')];
    const { port, asked } = await deviceWorld({ cas: [ca], laptops: ['C02XL0'] });
    const subject = { commonName: 'laptop', serialNumber: 'C02XL0' };
    const own = await createCa('C02XL0', undefined, { subject, isCa: false });
    const plain = await ca.issue({ commonName: 'devices', serialNumber: 'X' });
    const notCa = { ...plain, issuer: plain };
    const wrong: { readonly [what: string]: Held } = {
      expired: await ca.issue(subject, { notAfter: new Date(Date.now() - 60_000) }),
      'not yet valid': await ca.issue(subject, { notBefore: new Date(Date.now() + DAY / 2) }),
      'of another CA of the same name': await stranger.issue(subject),
      'self-signed with this subject': own,
      'signed by a certificate that is no CA': await ca.issue(subject, { issuer: notCa }),
    };
    for (const [what, held] of Object.entries(wrong)) {
      const status = await ask(port, held);
      expect(status, what).toBe(403);
      expect(await ask(port, held, { path: '/any' }), what).toBe(403);
    }
    expect(asked()).toBe(0);
  });

  test('is named by the only CA of the file alone, or by those that devices.issuers has', async () => {
    const [ca, other] = [await createCa('devices'), await createCa('people')];
    const below = await ca.below('users');
    const subject = { commonName: 'laptop', serialNumber: 'C02XL0' };
    const old = await ca.below('old', { notAfter: new Date(Date.now() - 60_000) });
    const [direct, fromBelow, fromOld, foreign] = [
      await ca.issue(subject),
      await below.issue(subject),
      await old.issue(subject),
      await other.issue(subject),
    ];
    const hashes = (...cas: TestCa[]) => JSON.stringify(cas.map(({ certificate }) => keyHashOf(certificate.publicKey)));
    const served = async (cas: readonly TestCa[], issuers?: string) =>
      (await deviceWorld({ cas, laptops: ['C02XL0'], more: issuers ? `devices: { issuers: ${issuers} }` : '' })).port;
    const one = await served([ca]);
    expect(await ask(one, direct)).toBe(200);
    expect(await ask(one, fromBelow)).toBe(403);
    const chain = await served([ca, below]);
    expect(await ask(chain, fromBelow, { path: '/any' })).toBe(200);
    expect(await ask(chain, fromBelow)).toBe(403);
    expect(await ask(chain, direct)).toBe(403);
    expect(await ask(await served([ca, below], hashes(below)), fromBelow)).toBe(200);
    expect(await ask(await served([ca, old], hashes(old)), fromOld)).toBe(403);
    expect(await ask(await served([ca, other]), direct)).toBe(403);
    const named = await served([ca, other], hashes(ca));
    expect(await ask(named, direct)).toBe(200);
    expect(await ask(named, foreign)).toBe(403);
    expect(await ask(named, foreign, { path: '/any' })).toBe(200);
  });
});

describe('a connection', () => {
  test('serves no application of devices that its server name did not choose: h1, h2, and without a name', async () => {
    const ca = await createCa('devices');
    const { port, asked } = await deviceWorld({ cas: [ca], laptops: ['C02XL0'] });
    const listed = await ca.issue({ commonName: 'laptop', serialNumber: 'C02XL0' });
    const servername = 'public.example';
    expect(await ask(port, listed, { servername })).toBe(200);
    expect(await ask(port, listed, { servername, host: HOST })).toBe(421);
    expect(await ask(port, listed, { servername: '', host: HOST })).toBe(421);
    expect(await ask(port, listed, { host: servername })).toBe(421);
    const session = await connectHttp2({ port, servername, ...listed.options });
    expect((await askHttp2(session, { ':authority': HOST })).status).toBe(421);
    expect((await askHttp2(session, { ':authority': servername })).status).toBe(200);
    const managed = await connectHttp2({ port, servername: HOST, ...listed.options });
    expect((await askHttp2(managed, { ':authority': HOST })).status).toBe(200);
    expect((await askHttp2(managed, { ':authority': servername })).status).toBe(421);
    expect(asked()).toBe(3);
  });

  test('with the only profile, and without a name, serves none of them either', async () => {
    const ca = await createCa('devices');
    const world = await deviceWorld({ cas: [ca], laptops: ['C02XL0'] });
    const listed = await ca.issue({ commonName: 'laptop', serialNumber: 'C02XL0' });
    const { tls: _, apps, ...config } = world.config;
    const managed = apps[HOST] as (typeof apps)[string];
    await world.gateway.reload({ ...config, apps: { [HOST]: managed } });
    expect(await ask(world.port, listed)).toBe(200);
    expect(await ask(world.port, listed, { servername: '', host: HOST })).toBe(421);
  });

  test('of HTTP/1.1 ends with 421', async () => {
    const { port } = await deviceWorld({ cas: [await createCa('devices')], laptops: [] });
    const socket = await secure({ port, servername: 'public.example' });
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    const [bytes] = (await new Promise<[Buffer]>((resolve) => socket.once('data', (data) => resolve([data])))) as [
      Buffer,
    ];
    expect(parseAnswer(bytes.toString('latin1'))).toMatchObject({
      status: 421,
      head: expect.stringContaining('Connection: close'),
    });
  });
});
