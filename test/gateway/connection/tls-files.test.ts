// The certificates of the gateway over time: replaced, expiring, expired, shared, and wrong ones.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sharedCertificates } from '../../../gateway/connection/shared-certificates.ts';
import { TlsFiles } from '../../../runtime/tls.ts';
import { credveil } from '../../support/credveil.ts';
import { configOf, echo, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { until } from '../../support/gateway/http2-frames.ts';
import { askHttp2, askOn, connectHttp2, hostsInFrontOf, secure, tlsKey } from '../../support/gateway/tls.ts';
import { makeTlsFiles, pairOf } from '../../support/tls-files.ts';

const SECOND = 'Credveil test server 2, not for use';

function files() {
  const made = makeTlsFiles();
  onTestFinished(() => made.dispose());
  return made;
}

test('files that are replaced are served to new connections, and the others go on', async () => {
  const { certFile, keyFile, put } = files();
  const { url } = await startOrigin(echo);
  const tls = `{ certFile: ${JSON.stringify(certFile)}, keyFile: ${JSON.stringify(keyFile)} }`;
  const text = `listen: 127.0.0.1:0\ntls: ${tls}\napps:\n  public.example: { to: "${url}" }\n`;
  const { port, events } = await serve(text);
  const there = { port, servername: 'public.example' };
  const [session, socket] = [await connectHttp2(there), await secure(there)];
  put(pairOf('second'));
  await until(() => events.filter(({ event }) => event === 'tls-loaded').length > 1);
  const fresh = await secure(there);
  expect(fresh.getPeerCertificate().subject.CN).toBe(SECOND);
  fresh.destroy();
  expect((await askHttp2(session, { ':authority': 'public.example' })).status).toBe(200);
  expect((await askOn(socket, 'public.example'))?.status).toBe(200);
  // A key of another certificate changes nothing.
  put({ key: pairOf('first').key });
  await until(() => events.some(({ event }) => event === 'tls-refused'));
  expect((await secure(there)).getPeerCertificate().subject.CN).toBe(SECOND);
});

describe('a certificate', () => {
  test('that expires in less than 14 days is reported once, and again when it has expired', () => {
    vi.useFakeTimers({ now: Date.parse('2119-12-01') });
    onTestFinished(() => void vi.useRealTimers());
    const { certFile, keyFile } = files();
    const seen: string[] = [];
    const loaded = new TlsFiles({ certFile, keyFile }, 60_000, ({ event }) => seen.push(event));
    onTestFinished(() => loaded.close());
    vi.advanceTimersByTime(60_000);
    expect(seen).toEqual(['tls-loaded']);
    vi.setSystemTime(Date.parse('2119-12-19'));
    vi.advanceTimersByTime(180_000);
    expect(seen).toEqual(['tls-loaded', 'tls-expiring']);
    vi.setSystemTime(Date.parse('2120-01-01'));
    vi.advanceTimersByTime(180_000);
    expect(seen).toEqual(['tls-loaded', 'tls-expiring', 'tls-expired']);
  });

  test('that has expired is served with an error in the log, and refused by --check', async () => {
    const { url } = await startOrigin(echo);
    const text = `listen: 127.0.0.1:0\ntls: ${tlsKey('expired')}\napps:\n  public.example: { to: "${url}" }\n`;
    const { port, events } = await serve(text);
    expect(events).toContainEqual({
      event: 'tls-expired',
      code: 'TLS_CERTIFICATE_EXPIRED',
      notAfter: '2021-01-01T00:00:00.000Z',
      message: expect.stringMatching(/expired\.pem expired on 2021-01-01$/),
      hint: expect.stringContaining('Renew'),
    });
    expect((await askOn(await secure({ port, servername: 'public.example' }), 'public.example'))?.status).toBe(200);
    const file = path.join(path.dirname(files().certFile), 'gateway.yaml');
    fs.writeFileSync(file, text);
    const { code, stderr } = await credveil(['gateway', '--config', file, '--check']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error TLS_CERTIFICATE_EXPIRED: .*expired on 2021-01-01/);
  });

  test('keeps no check from its end that finds a mistake elsewhere', async () => {
    const file = path.join(path.dirname(files().certFile), 'gateway.yaml');
    const identity = `auth: a.example\nidentity: { idp: { oidc: "https://idp.example", clientId: x, clientSecretFile: ${file} } }\n`;
    const app = 'apps: { public.example: { to: "http://127.0.0.1:1" } }\n';
    fs.writeFileSync(file, `listen: 127.0.0.1:0\ntls: ${tlsKey('first')}\n${identity}${app}`);
    const { code, stderr } = await credveil(['gateway', '--config', file, '--check'], '', { ownProcess: true });
    expect([code, stderr]).toEqual([1, expect.stringContaining('KEY_FILE_MALFORMED')]);
  });

  test('with the key of another is refused at the start', async () => {
    const wrong = tlsKey('first').replace('first.key', 'second.key');
    const text = `listen: 127.0.0.1:0\ntls: ${wrong}\napps: { "*": { to: "http://127.0.0.1:1" } }\n`;
    await expect(serve(text)).rejects.toMatchObject({
      code: 'TLS_FILES_INVALID',
      message: expect.stringMatching(
        /^tls: the private key in \S+second\.key is not that of the certificate in \S+first\.pem$/,
      ),
    });
  });

  test.each([
    ['{ certFile: "PLACE/none.pem", keyFile: "PLACE/key.pem" }', 'tls', /none\.pem does not exist/],
    ['{ certFile: "PLACE/key.pem", keyFile: "PLACE/key.pem" }', 'tls', /key\.pem has no certificate/],
    ['{ certFile: "PLACE/cert.pem", keyFile: "PLACE/cert.pem" }', 'tls', /cert\.pem has no private key/],
    [
      '{ certFile: "PLACE/cert.pem", keyFile: "PLACE/key.pem", clientCertificates: { caFile: "PLACE/key.pem" } }',
      'tls',
      /key\.pem has no certificate/,
    ],
    ['{ caFile: "PLACE/none.pem" }', 'upstream', /none\.pem does not exist/],
  ])('and its files are named with their application: %s', async (value, key, message) => {
    const place = path.dirname(files().certFile);
    const text = `listen: { address: 127.0.0.1:0, protocol: http }\napps:\n  b.example: { to: "http://127.0.0.1:1", ${key}: ${value.replaceAll('PLACE', place)} }\n`;
    const error = (await serve(text).catch((caught: unknown) => caught)) as Error;
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`apps.b.example.${key}: `);
  });

  test('that is valid for a host of other tls is reported', () => {
    const app = (name: string, tls: string) => `  ${name}: { to: "http://127.0.0.1:1", tls: ${tls} }\n`;
    const shared = (apps: string) => sharedCertificates(configOf(`listen: 127.0.0.1:0\napps:\n${apps}`));
    // The certificates of the fixtures are valid for localhost.
    expect(shared(app('localhost', tlsKey('first', 'ca')) + app('b.example', tlsKey('first')))).toEqual([
      expect.objectContaining({ event: 'tls-certificate-shared', app: 'localhost' }),
    ]);
    expect(shared(app('localhost', tlsKey('first')) + app('b.example', tlsKey('first')))).toEqual([]);
    expect(sharedCertificates(configOf(hostsInFrontOf('http://127.0.0.1:1')))).toEqual([]);
  });
});
