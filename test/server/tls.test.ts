// TLS in process: protocol versions, changed and broken files, and limits under TLS.

import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { test as base, describe, expect } from 'vitest';
import type { ServerEvent } from '../../runtime/events.ts';
import { type CredveilServer, type ServerOptions, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { readToEnd } from '../support/raw-http.ts';
import {
  caPem,
  certificateName,
  connectTls,
  getTls,
  makeTlsFiles,
  pairOf,
  type TestTlsFiles,
} from '../support/tls-files.ts';

const FIRST = 'Credveil test server 1, not for use';
const SECOND = 'Credveil test server 2, not for use';
const HSTS = 'max-age=31536000';

interface World {
  readonly made: MadeDataset;
  readonly files: TestTlsFiles;
  readonly server: CredveilServer;
  /** Events of the most recently started server. */
  readonly events: readonly ServerEvent[];
  /** Starts another server. */
  start(options?: Partial<ServerOptions>): Promise<CredveilServer>;
  /** The last event of a name. */
  last(event: string): ServerEvent | undefined;
  /** Waits for `count` events of a name. */
  seen(event: string, count?: number): Promise<void>;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

interface Fixtures {
  readonly made: MadeDataset;
  readonly world: World;
}

const test = base.extend<Fixtures>({
  made: perFile(
    () => makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 }),
    (made) => made.dispose(),
  ),
  world: async ({ made }, use) => {
    const files = makeTlsFiles();
    const events: ServerEvent[] = [];
    const start: World['start'] = (options = {}) => {
      events.length = 0;
      const { certFile, keyFile } = files;
      const tls = { certFile, keyFile };
      const onEvent = (event: ServerEvent): unknown => events.push(event);
      return startServer(made.folder, { port: 0, pollIntervalMs: 10, tls, onEvent, ...options });
    };
    const server = await start();
    await use({
      made,
      files,
      server,
      events,
      start,
      last: (event) => events.findLast((each) => each.event === event),
      async seen(event, count = 1) {
        while (events.filter((each) => each.event === event).length < count) await pause();
      },
    });
    await server.close({ deadlineMs: 50 });
    files.dispose();
  },
});

describe('HTTPS', () => {
  test('HTTPS responses equal those of HTTP plus Strict-Transport-Security', async ({ world: { server } }) => {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { headers } = await getTls(server.address, '/v1/account/0');
    const cases: [string, https.RequestOptions, number][] = [
      ['/v1/account/0', {}, 200],
      ['/v1/head', {}, 200],
      ['/readyz', {}, 200],
      ['/v1/account/0', { headers: { 'if-none-match': headers.etag as string } }, 304],
      ['/nothing', {}, 404],
      ['/v1/account/x', {}, 400],
      ['/v1/head', { method: 'OPTIONS' }, 204],
      ['/v1/head', { method: 'DELETE' }, 405],
      ['/healthz', { headers: { 'content-length': 1_000_000 } }, 413],
      ['/healthz', { headers: { cookie: 'a'.repeat(9000) } }, 431],
    ];
    for (const [target, options, status] of cases) {
      const answer = await getTls(server.address, target, options);
      expect([target, answer.status]).toEqual([target, status]);
      expect(answer.headers['strict-transport-security'], target).toBe(HSTS);
      expect(answer.headers['x-content-type-options'], target).toBe('nosniff');
    }
  });

  test('a server without TLS sends no Strict-Transport-Security', async ({ world: { made } }) => {
    const plain = await startServer(made.folder, { port: 0 });
    const answer = await fetch(`${plain.url}/v1/account/0`);
    expect([answer.status, answer.headers.get('strict-transport-security')]).toEqual([200, null]);
    await answer.arrayBuffer();
    await plain.close({ deadlineMs: 50 });
  });

  test.for(['TLSv1.2', 'TLSv1.3'] as const)('the server supports %s', async (version, { world: { server } }) => {
    const socket = await connectTls(server.address, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });

  test('the server rejects older TLS versions', async ({ world: { server } }) => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    await expect(connectTls(server.address, old)).rejects.toThrow(/protocol version|unsupported protocol/);
  });

  test('plain HTTP gets no response, and the server keeps running', async ({ world: { server, last } }) => {
    const socket = net.connect(server.address.port, server.address.host);
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    // At most a TLS alert.
    expect(await readToEnd(socket)).not.toContain('HTTP');
    expect((await getTls(server.address, '/healthz')).status).toBe(200);
    expect(last('request-failed')).toBeUndefined();
  });
});

describe('TLS files', () => {
  test('changed files apply to new connections, and open ones stay up', async ({
    world: { files, server, events, last },
  }) => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async () => {
      const request = https.request({ ...server.address, path: '/healthz', ca: caPem, agent });
      request.end();
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      return { status: response.statusCode, reused: request.reusedSocket };
    };
    expect(await ask()).toEqual({ status: 200, reused: false });
    expect(await certificateName(server.address)).toBe(FIRST);
    files.put(pairOf('second'));
    while ((await certificateName(server.address)) !== SECOND) await pause();
    expect(await ask()).toEqual({ status: 200, reused: true });
    expect(events.filter(({ event }) => event === 'tls-refused')).toEqual([]);
    expect(last('tls-loaded')).toEqual({ event: 'tls-loaded', notAfter: '2120-01-01T00:00:00.000Z' });
    agent.destroy();
  });

  test.for<[string, (files: TestTlsFiles) => void, string]>([
    ['do not belong together', (files) => files.put({ cert: pairOf('second').cert }), 'TLS_FILES_INVALID'],
    ['are not PEM', (files) => files.put({ cert: Buffer.from('nonsense') }), 'TLS_FILES_INVALID'],
    ['are empty', (files) => files.put({ key: Buffer.alloc(0) }), 'TLS_FILES_INVALID'],
    ['are missing', (files) => files.remove(), 'TLS_FILE_UNREADABLE'],
    ['are too large', (files) => files.put({ cert: Buffer.alloc(2 ** 20 + 1) }), 'TLS_FILE_UNREADABLE'],
  ])(
    'files that %s are refused once, the previous ones stay in use, and valid ones apply later',
    async ([, spoil, code], { world: { files, server, events, seen } }) => {
      spoil(files);
      await seen('tls-refused');
      for (let i = 0; i < 10; i++) await pause();
      expect(events.filter(({ event }) => event === 'tls-refused')).toEqual([
        { event: 'tls-refused', code, message: expect.any(String), hint: expect.any(String) },
      ]);
      expect(await certificateName(server.address)).toBe(FIRST);
      files.put(pairOf('second'));
      await seen('tls-loaded', 2);
      expect(await certificateName(server.address)).toBe(SECOND);
    },
  );

  test('a reload reads the files immediately', async ({ world: { files, start, last } }) => {
    const patient = await start({ pollIntervalMs: 1_000_000 });
    files.put(pairOf('second'));
    patient.reload();
    expect(await certificateName(patient.address)).toBe(SECOND);
    files.put({ key: pairOf('first').key });
    patient.reload();
    expect(last('tls-refused')).toMatchObject({ code: 'TLS_FILES_INVALID' });
    expect(await certificateName(patient.address)).toBe(SECOND);
    await patient.close({ deadlineMs: 50 });
  });

  test('a server does not start with invalid files', async ({ world: { files, start } }) => {
    files.put({ key: pairOf('second').key });
    await expect(start()).rejects.toMatchObject({ name: 'ServerError', code: 'TLS_FILES_INVALID' });
    files.remove();
    await expect(start()).rejects.toMatchObject({
      code: 'TLS_FILE_UNREADABLE',
      message: expect.stringContaining('does not exist'),
    });
  });
});

describe('limits under TLS', () => {
  test('an incomplete handshake is disconnected', async ({ world: { start } }) => {
    const strict = await start({ headersTimeoutMs: 100 });
    for (const begun of ['', '\x16\x03\x01\x02\x00']) {
      const socket = net.connect(strict.address.port, strict.address.host);
      socket.on('error', () => undefined);
      socket.write(begun, 'latin1');
      await readToEnd(socket);
    }
    await strict.close({ deadlineMs: 50 });
  });

  test('incomplete headers get 408 with Strict-Transport-Security', async ({ world: { start } }) => {
    const strict = await start({ headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckIntervalMs: 20 });
    const socket = await connectTls(strict.address);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
    const answer = await readToEnd(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain(`Strict-Transport-Security: ${HSTS}\r\n`);
    await strict.close({ deadlineMs: 50 });
  });

  test('a client that stops reading is disconnected', async ({ world: { start } }) => {
    const strict = await start({ stalledTimeoutMs: 100 });
    const stalled = await connectTls(strict.address);
    stalled.pause();
    stalled.write('GET /v1/account/0 HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10_000));
    // The test times out before this deadline.
    await getTls(strict.address, '/healthz');
    await strict.close({ deadlineMs: 600_000 });
    stalled.destroy();
  });

  test('a closing server waits for neither idle connections nor handshakes', async ({ world: { start } }) => {
    const target = await start();
    const quiet = await connectTls(target.address);
    const used = await connectTls(target.address);
    used.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(used, 'data');
    const silent = net.connect(target.address.port, target.address.host);
    await once(silent, 'connect');
    silent.on('error', () => undefined);
    await getTls(target.address, '/healthz');
    await target.close({ deadlineMs: 600_000 });
    for (const socket of [quiet, used, silent]) socket.destroy();
  });

  test('a closing server destroys an incomplete handshake at the deadline', async ({ world: { start } }) => {
    const target = await start();
    const begun = net.connect(target.address.port, target.address.host);
    begun.on('error', () => undefined);
    begun.write('\x16\x03\x01\x02\x00', 'latin1');
    await getTls(target.address, '/healthz');
    await target.close({ deadlineMs: 50 });
    begun.destroy();
  });
});
