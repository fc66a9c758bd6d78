// Connections that the server ends: of strangers, of withdrawn CAs, and after malformed requests.

import { once } from 'node:events';
import type http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { type CredveilServer, type ServerOptions, startServer } from '../../../server/server.ts';
import { seededPairs } from '../../support/dataset.ts';
import { connect, expectRawProblem, readToEnd } from '../../support/raw-http.ts';
import { caPem, makeTlsFiles, pairOf } from '../../support/tls-files.ts';
import { datasetTest } from '../../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(300), bucketFloor: 1000 }, 'file');
/** Longer than any answer takes. */
const HANG_MS = 60_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function withServer<T>(
  folder: string,
  options: ServerOptions,
  work: (server: CredveilServer) => Promise<T>,
): Promise<T> {
  const server = await startServer(folder, { port: 0, pollIntervalMs: 10, ...options });
  try {
    return await work(server);
  } finally {
    await server.close({ deadlineMs: 100 });
  }
}

/** Asks every 50 ms. @returns whether the server closed the connection, within `maxMs` */
async function isClosed(server: CredveilServer, request: string, maxMs: number): Promise<boolean> {
  const socket = await connect(server);
  const started = performance.now();
  socket.on('error', () => undefined).resume();
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  let ended = false;
  while (!ended && performance.now() - started < maxMs) {
    if (socket.writable) socket.write(request);
    ended = (await Promise.race([closed, pause(50)])) === true;
  }
  socket.destroy();
  return ended;
}

describe('a connection without a client', () => {
  const get = (path: string, key?: string) =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${key === undefined ? '' : `Authorization: Bearer ${key}\r\n`}\r\n`;

  test('strangers cannot hold connections open where clients are required', async ({ made }) => {
    const clientsFile = `${clientFileFor(made.folder)}.strangers`;
    const key = addClient(clientsFile, 'one', {}).keyText as string;
    const options = { clientsFile, strangerTimeoutMs: 300 };
    await withServer(made.folder, options, async (server) => {
      for (const path of ['/healthz', '/readyz', '/openapi.json', '/', '/nothing'])
        expect(await isClosed(server, get(path), HANG_MS), path).toBe(true);
      expect(await isClosed(server, get('/v1/head', key), 1000)).toBe(false);
      expect(await isClosed(server, get('/v1/head', key) + get('/healthz'), 1000)).toBe(false);
      // One answer, and then nothing.
      const idle = await connect(server);
      idle.write(get('/healthz'));
      expect(await readToEnd(idle)).toMatch(/^HTTP\/1.1 200 /);
    });
    await withServer(made.folder, { strangerTimeoutMs: 100 }, async (server) => {
      expect(await isClosed(server, get('/healthz'), 600)).toBe(false);
    });
  });

  test('strangers make room where the server is full, and clients do not', async ({ made }) => {
    const clientsFile = `${clientFileFor(made.folder)}.room`;
    const key = addClient(clientsFile, 'one', {}).keyText as string;
    const limits = { maxConnections: 3, strangerTimeoutMs: HANG_MS };
    await withServer(made.folder, { clientsFile, ...limits }, async (server) => {
      const clients: net.Socket[] = [];
      const admit = async (): Promise<void> => {
        const client = await connect(server);
        client.write(get('/v1/head', key));
        const [answer] = (await once(client, 'data')) as [Buffer];
        expect(answer.toString('latin1')).toMatch(/^HTTP\/1.1 200 /);
        clients.push(client);
      };
      // Silent ones, one amid a request, and one that was answered.
      for (const text of ['', '', 'GET /healthz HT', get('/healthz')]) (await connect(server)).write(text);
      for (let i = 0; i < 3; i++) await admit();
      const late = await connect(server);
      late.on('error', () => undefined).resume();
      await once(late, 'close');
      for (const client of clients) {
        client.write(get('/v1/head', key));
        await once(client, 'data');
        client.destroy();
      }
    });
    await withServer(made.folder, { maxConnections: 1 }, async (server) => {
      const first = await connect(server);
      const second = await connect(server);
      second.on('error', () => undefined).resume();
      await once(second, 'close');
      first.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      expect(await readToEnd(first)).toMatch(/^HTTP\/1.1 200 /);
    });
  });

  test('an address has at most its share of the connections', async ({ made }) => {
    await withServer(made.folder, { maxConnectionsPerAddress: 2 }, async (server) => {
      const sockets = [await connect(server), await connect(server)];
      const third = net.connect(server.address.port, server.address.host);
      third.on('error', () => undefined);
      await new Promise((resolve) => third.once('close', resolve));
      sockets[0]?.destroy();
      await pause(100);
      const fourth = await connect(server);
      fourth.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      expect(await readToEnd(fourth)).toMatch(/^HTTP\/1.1 200 /);
      for (const socket of sockets) socket.destroy();
    });
  });
});

describe('a connection with a certificate', () => {
  test('a connection that a withdrawn CA vouched for is closed', async ({ made }) => {
    const files = makeTlsFiles();
    const { certFile, keyFile, caFile } = files;
    const tls = { certFile, keyFile, caFile, requireClientCertificate: true };
    await withServer(made.folder, { tls }, async (server) => {
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
      const ask = async (): Promise<number | string> => {
        const { host, port } = server.address;
        const request = https.request({ host, port, agent, path: '/v1/head', ca: caPem, ...pairOf('client') });
        request.end();
        try {
          const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
          await answer.resume().toArray();
          return answer.statusCode ?? 0;
        } catch {
          return 'refused';
        }
      };
      expect(await ask()).toBe(200);
      expect(await ask()).toBe(200);
      files.put({ ca: pairOf('stranger').cert });
      server.reload();
      await pause(100);
      expect(await ask()).toBe('refused');
      agent.destroy();
    });
    files.dispose();
  });
});

describe('a malformed request', () => {
  const raw = (folder: string, text: string): Promise<string> =>
    withServer(folder, {}, async (server) => {
      const socket = await connect(server);
      socket.write(text);
      return readToEnd(socket);
    });

  test.for([
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nhost: 127.0.0.1\r\n\r\n',
  ])('two Host fields are refused: %j', async (request, { made }) => {
    expectRawProblem(await raw(made.folder, request), 400, 'REQUEST_MALFORMED');
  });

  test.for([
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'POST /v1/evaluate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'POST /v1/head HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n',
  ])('a bad coding gets one response: %j', async (request, { made }) => {
    const answer = await raw(made.folder, request);
    expect(answer.match(/HTTP\/1\.1 \d\d\d /g)).toHaveLength(1);
    expect(answer.toLowerCase()).toContain('connection: close');
  });
});
