// TLS: client certificates and session resumption.

import { X509Certificate } from 'node:crypto';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type tls from 'node:tls';
import { test as base, describe, expect } from 'vitest';
import { clientFingerprint, TlsFiles } from '../../runtime/tls.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { connectTls, getTls, makeTlsFiles, pairOf, type TestTlsFiles } from '../support/tls-files.ts';

const test = base.extend<{ readonly made: MadeDataset; readonly files: TestTlsFiles }>({
  made: perFile(
    () => makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 }),
    (made) => made.dispose(),
  ),
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  files: async ({}, use) => {
    const files = makeTlsFiles();
    await use(files);
    files.dispose();
  },
});

describe('client certificates', () => {
  const fingerprintOf = (name: 'client' | 'stranger'): string => new X509Certificate(pairOf(name).cert).fingerprint256;

  async function fingerprints(files: TestTlsFiles, requireClientCertificate: boolean) {
    const { certFile, keyFile, caFile } = files;
    const tlsFiles = new TlsFiles({ certFile, keyFile, caFile, requireClientCertificate }, 1000, () => undefined);
    const listener = https.createServer(tlsFiles.context, (request, response) => {
      const resumed = (request.socket as tls.TLSSocket).isSessionReused();
      response.end(JSON.stringify({ fingerprint: clientFingerprint(request) ?? null, resumed }));
    });
    tlsFiles.onChange((context) => listener.setSecureContext(context));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = { host: '127.0.0.1', port: (listener.address() as AddressInfo).port };
    return {
      address,
      tlsFiles,
      ask: async (options: https.RequestOptions = {}) =>
        JSON.parse((await getTls(address, '/', options)).body) as { fingerprint: string | null; resumed: boolean },
      close: () => {
        tlsFiles.close();
        listener.close();
      },
    };
  }

  test('client certificates are optional, and only one signed by the CA has a fingerprint', async ({ files }) => {
    const { ask, close } = await fingerprints(files, false);
    expect((await ask()).fingerprint).toBeNull();
    expect((await ask(pairOf('client'))).fingerprint).toBe(fingerprintOf('client'));
    expect((await ask(pairOf('stranger'))).fingerprint).toBeNull();
    close();
  });

  test('requireClientCertificate rejects connections without a valid client certificate', async ({ files }) => {
    const { ask, close } = await fingerprints(files, true);
    expect((await ask(pairOf('client'))).fingerprint).toBe(fingerprintOf('client'));
    await expect(ask()).rejects.toThrow();
    await expect(ask(pairOf('stranger'))).rejects.toThrow();
    close();
  });

  test('a resumed session keeps its client certificate until the CA changes', async ({ files }) => {
    const { ask, address, tlsFiles, close } = await fingerprints(files, false);
    const socket = await connectTls(address, pairOf('client'));
    const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const again = { ...pairOf('client'), session: await session };
    expect(await ask(again)).toEqual({ fingerprint: fingerprintOf('client'), resumed: true });
    // This CA did not sign the client. A resumed session would still trust the client.
    files.put({ ca: pairOf('stranger').cert });
    tlsFiles.reload();
    expect(await ask(again)).toEqual({ fingerprint: null, resumed: false });
    socket.destroy();
    close();
  });

  test('the service can require client certificates', async ({ made, files }) => {
    const { certFile, keyFile, caFile } = files;
    const strict = await startServer(made.folder, {
      port: 0,
      tls: { certFile, keyFile, caFile, requireClientCertificate: true },
    });
    expect((await getTls(strict.address, '/healthz', pairOf('client'))).status).toBe(200);
    await expect(getTls(strict.address, '/healthz')).rejects.toThrow();
    await strict.close({ deadlineMs: 50 });
  });
});

test('a process resumes the session of another with the same ticket secret', async ({ made, files }) => {
  const { certFile, keyFile } = files;
  const server = await startServer(made.folder, { port: 0, tls: { certFile, keyFile } });
  const ticketSecret = Buffer.alloc(32, 7);
  const others = await Promise.all(
    [1, 2].map(() => startServer(made.folder, { port: 0, tls: { certFile, keyFile, ticketSecret } })),
  );
  const [one, two] = others as [CredveilServer, CredveilServer];
  const socket = await connectTls(one.address);
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const resumed = await connectTls(two.address, { session: await session });
  expect(resumed.isSessionReused()).toBe(true);
  const foreign = await connectTls(server.address, { session: await session });
  expect(foreign.isSessionReused()).toBe(false);
  for (const each of [socket, resumed, foreign]) each.destroy();
  await Promise.all([server, ...others].map((each) => each.close({ deadlineMs: 50 })));
});
