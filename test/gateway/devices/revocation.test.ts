// Certificates that count no more: on open connections and WebSockets, by command and by lists of
// the CA.

import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readShown, type ShownCertificate } from '../../../gateway/devices/certificate/client-certificate.ts';
import { CertifiedConnections } from '../../../gateway/devices/certified-connections.ts';
import { readCrl } from '../../../gateway/devices/revocation/crl.ts';
import { Revocations } from '../../../gateway/devices/revocation/revocations.ts';
import { readRevoked, revoke, revokedFolder } from '../../../gateway/devices/revocation/revoked-folder.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { createWorkPlace } from '../../support/credveil.ts';
import { makeCrl } from '../../support/gateway/crl.ts';
import { createCa, deviceWorld, type Held, type TestCa } from '../../support/gateway/device-world.ts';
import { parseAnswer } from '../../support/gateway/gateway.ts';
import { askHttp2, connectHttp2, secure } from '../../support/gateway/tls.ts';

const HOST = 'managed.example';
const DAY = 86_400_000;
const SUBJECT = { commonName: 'laptop', serialNumber: 'C02XL0' };

function shownOf({ certificate }: Held, ca: TestCa): ShownCertificate {
  const shown = readShown(certificate, [], [ca.certificate]);
  if (!shown) throw new Error('does not lead to the CA');
  return shown;
}

const open = (port: number, { options }: Held): Promise<TLSSocket> => secure({ port, servername: HOST, ...options });

async function ask(socket: TLSSocket, ...headers: string[]): Promise<number> {
  socket.write(['GET / HTTP/1.1', `Host: ${HOST}`, ...headers, '', ''].join('\r\n'));
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return parseAnswer(bytes.toString('latin1')).status;
}

const UPGRADE = [
  ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('a certificate that is revoked', () => {
  test('ends its connections, a WebSocket and HTTP/2 among them, and opens none; others go on', async () => {
    const ca = await createCa('devices');
    const { port, home } = await deviceWorld({ cas: [ca], laptops: ['C02XL0'] });
    const [lost, other] = [await ca.issue(SUBJECT), await ca.issue(SUBJECT)];
    const [idle, webSocket, kept] = [await open(port, lost), await open(port, lost), await open(port, other)];
    const session = await connectHttp2({ port, servername: HOST, ...lost.options });
    expect(await ask(idle)).toBe(200);
    expect(await ask(kept)).toBe(200);
    expect(await ask(webSocket, ...UPGRADE)).toBe(101);
    expect((await askHttp2(session, { ':authority': HOST })).status).toBe(200);
    const ended = [idle, webSocket, session].map((each) => once(each, 'close'));
    revoke(revokedFolder(home), shownOf(lost, ca).certificate);
    await Promise.all(ended);
    expect(await ask(kept)).toBe(200);
    const again = await open(port, lost);
    expect(await ask(again, 'Connection: close').catch(() => 'ended')).not.toBe(200);
  });

  test('is refused by an application without policies that requires one', async () => {
    const ca = await createCa('devices');
    const { gateway, config, port, home } = await deviceWorld({ cas: [ca], laptops: [] });
    const app = config.apps[HOST] as (typeof config.apps)[string];
    const { access: _, ...rest } = app;
    const tls = { ...app.tls, clientCertificates: { ...app.tls?.clientCertificates, require: true } } as typeof app.tls;
    await gateway.reload({ ...config, apps: { ...config.apps, [HOST]: { ...rest, tls } } });
    const lost = await ca.issue(SUBJECT);
    expect(await ask(await open(port, lost))).toBe(200);
    revoke(revokedFolder(home), shownOf(lost, ca).certificate);
    const status = async () => ask(await open(port, lost)).catch(() => 403);
    await expect.poll(status).toBe(403);
  });

  test('and one that expires while it is shown end alike', async () => {
    const ca = await createCa('devices');
    const { port } = await deviceWorld({ cas: [ca], laptops: ['C02XL0'] });
    const short = await ca.issue(SUBJECT, { notAfter: new Date(Date.now() + 3_000) });
    const socket = await open(port, short);
    const ended = once(socket, 'close');
    await ended;
    expect(Date.now()).toBeGreaterThanOrEqual(shownOf(short, ca).notAfter);
  });
});

test('a connection ends less than a second after its certificate was revoked', async () => {
  const ca = await createCa('devices');
  const { certificate } = shownOf(await ca.issue(SUBJECT), ca);
  const folder = revokedFolder(createWorkPlace().home);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const revocations = new Revocations({ folder, crlFiles: [], cas: () => [], onEvent: () => undefined });
  revocations.start();
  const connections = new CertifiedConnections(() => revocations.isRevoked(certificate, Date.now()) !== false);
  const connection = Object.assign(new EventEmitter(), { destroy: () => connection.emit('close') });
  let hasEnded = false;
  connections.add(connection.once('close', () => (hasEnded = true)));
  vi.advanceTimersByTime(5_000);
  expect(hasEnded).toBe(false);
  revoke(folder, certificate);
  vi.advanceTimersByTime(999);
  expect(hasEnded).toBe(true);
  revocations.close();
});

describe('the folder of revoked certificates', () => {
  const fixed = { issuer: 'ab'.repeat(32), serial: '1f' };

  test('has each once, whatever else is there', () => {
    const folder = revokedFolder(createWorkPlace().home);
    expect(readRevoked(folder)).toEqual([]);
    revoke(folder, fixed);
    revoke(folder, fixed);
    fs.writeFileSync(path.join(folder, 'README'), 'x');
    expect(readRevoked(folder)).toEqual([`${fixed.issuer}:1f`]);
  });

  test('that cannot be read makes every certificate unknown, until it can', async () => {
    const ca = await createCa('devices');
    const { certificate } = shownOf(await ca.issue(SUBJECT), ca);
    const { home } = createWorkPlace();
    const folder = revokedFolder(home);
    fs.writeFileSync(folder, 'a file');
    const events: ServerEvent[] = [];
    const onEvent = (event: ServerEvent): void => void events.push(event);
    const revocations = new Revocations({ folder, crlFiles: [], cas: () => [], onEvent });
    revocations.look();
    expect(revocations.isRevoked(certificate, Date.now())).toBe(undefined);
    expect(events).toMatchObject([{ event: 'revocations-failed', code: 'REVOKED_UNREADABLE' }]);
    fs.rmSync(folder);
    revocations.look();
    expect(revocations.isRevoked(certificate, Date.now())).toBe(false);
    revoke(folder, certificate);
    revocations.look();
    expect(revocations.isRevoked(certificate, Date.now())).toBe(true);
  });
});

describe('a list of revoked certificates', () => {
  test('counts if a CA has signed it, all of it, and until its end', async () => {
    const [ca, other] = [await createCa('devices'), await createCa('devices')];
    const [lost, kept] = [await ca.issue(SUBJECT), await ca.issue(SUBJECT)];
    const cas = [ca.certificate];
    const serials = [lost.certificate.serialNumber];
    const good = await makeCrl(ca, { serials });
    const pem = `-----BEGIN X509 CRL-----\n${good.toString('base64')}\n-----END X509 CRL-----\n`;
    for (const content of [good, Buffer.from(pem)]) {
      const crl = readCrl(content, cas);
      expect(crl.issuer).toBe(shownOf(lost, ca).certificate.issuer);
      expect([...crl.serials]).toEqual([shownOf(lost, ca).certificate.serial]);
    }
    expect(readCrl(await makeCrl(ca, { serials: [] }), cas).serials.size).toBe(0);
    const forged = Buffer.from(good);
    forged[forged.length - 4] = (forged[forged.length - 4] as number) ^ 1;
    expect(() => readCrl(forged, cas)).toThrow();
    expect(() => readCrl(good.subarray(0, -1), cas)).toThrow();
    expect(() => readCrl(Buffer.from('x'), cas)).toThrow();
    expect(() => readCrl(good, [other.certificate])).toThrow('signed by no CA');
    expect(() => readCrl(good, [])).toThrow('signed by no CA');
    const delta = await makeCrl(ca, { serials, critical: '2.5.29.27' });
    expect(() => readCrl(delta, cas)).toThrow('critical extensions');

    const { home } = createWorkPlace();
    const file = path.join(home, 'ca.crl');
    fs.writeFileSync(file, good);
    const events: ServerEvent[] = [];
    const onEvent = (event: ServerEvent): void => void events.push(event);
    const revocations = new Revocations({ folder: undefined, crlFiles: [file], cas: () => cas, onEvent });
    const isRevoked = (held: Held, now = Date.now()) => revocations.isRevoked(shownOf(held, ca).certificate, now);
    expect([isRevoked(lost), isRevoked(kept)]).toEqual([true, false]);
    expect([isRevoked(lost, Date.now() + 2 * DAY), isRevoked(kept, Date.now() + 2 * DAY)]).toEqual([true, undefined]);
    const put = (content: Buffer): void => {
      fs.writeFileSync(`${file}.new`, content);
      fs.renameSync(`${file}.new`, file);
      revocations.look();
    };
    put(await makeCrl(ca, { serials: [], thisUpdate: new Date(Date.now() - DAY) }));
    put(Buffer.from('x'));
    expect(isRevoked(lost)).toBe(true);
    expect(events.map(({ event }) => event)).toEqual(['revocations-failed', 'revocations-failed']);
    put(await makeCrl(ca, { serials: [kept.certificate.serialNumber] }));
    expect([isRevoked(lost), isRevoked(kept)]).toEqual([false, true]);
    const missing = { folder: undefined, crlFiles: ['/nonexistent'], cas: () => cas, onEvent };
    expect(() => new Revocations(missing)).toThrow('/nonexistent');
  });

  test('ends connections in a gateway, and one that is unusable is a mistake at the start', async () => {
    const ca = await createCa('devices');
    const { home } = createWorkPlace();
    const file = path.join(home, 'ca.crl');
    fs.writeFileSync(file, await makeCrl(ca, { serials: [] }));
    const more = `devices: { crlFiles: ["${file}"] }`;
    const { port } = await deviceWorld({ cas: [ca], laptops: ['C02XL0'], more });
    const lost = await ca.issue(SUBJECT);
    const socket = await open(port, lost);
    expect(await ask(socket)).toBe(200);
    const ended = once(socket, 'close');
    fs.writeFileSync(`${file}.new`, await makeCrl(ca, { serials: [lost.certificate.serialNumber] }));
    fs.renameSync(`${file}.new`, file);
    await ended;
    fs.writeFileSync(file, 'x');
    await expect(deviceWorld({ cas: [ca], laptops: [], more })).rejects.toMatchObject({ code: 'CRL_UNUSABLE' });
  });
});
