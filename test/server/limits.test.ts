// Limits of the server over real sockets, and options that startServer refuses.

import { once } from 'node:events';
import net from 'node:net';
import { test as base, describe, expect } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { connect, expectRawProblem, readToEnd } from '../support/raw-http.ts';

interface Fixtures {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Waits for little. */
  readonly hasty: CredveilServer;
  /** Sends bytes on a new connection and returns the response. */
  readonly exchange: (request: string, to?: CredveilServer) => Promise<string>;
}

const test = base.extend<Fixtures>({
  made: perFile(
    () => makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 }),
    (made) => made.dispose(),
  ),
  server: [
    async ({ made }, use) => {
      const server = await startServer(made.folder, { port: 0 });
      await use(server);
      await server.close({ deadlineMs: 100 });
    },
    { scope: 'file' },
  ],
  hasty: async ({ made }, use) => {
    const server = await startServer(made.folder, {
      port: 0,
      headersTimeoutMs: 200,
      requestTimeoutMs: 300,
      timeoutCheckIntervalMs: 50,
    });
    await use(server);
    await server.close({ deadlineMs: 100 });
  },
  exchange: async ({ server }, use) => {
    await use(async (request, to = server) => {
      const socket = await connect(to);
      socket.write(request);
      return readToEnd(socket);
    });
  },
});

describe('limits', () => {
  test('a client that stops in the middle of its headers gets 408 and is disconnected', async ({ exchange, hasty }) => {
    expectRawProblem(await exchange('GET /healthz HTTP/1.1\r\nHost: localhost\r\n', hasty), 408, 'REQUEST_TIMEOUT');
  });

  test('a silent client is disconnected', async ({ exchange, hasty }) => {
    expectRawProblem(await exchange('', hasty), 408, 'REQUEST_TIMEOUT');
  });

  test('oversized headers are refused', async ({ exchange }) => {
    const request = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: marked${'a'.repeat(9000)}\r\n\r\n`;
    const answer = await exchange(request);
    expectRawProblem(answer, 431, 'HEADERS_TOO_LARGE');
    expect(answer).not.toContain('marked');
  });

  test.for([
    ['a length', 'Content-Length: 5\r\n\r\nhello'],
    ['a length and nothing sent', 'Content-Length: 1000000000\r\n\r\n'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
    ['an expectation', 'Content-Length: 5\r\nExpect: 100-continue\r\n\r\n'],
  ])('a body announced by %s is refused before it is read', async ([_name, rest], { exchange }) => {
    for (const target of ['GET /v1/account/0', 'POST /v1/head', 'GET /healthz', 'GET /nothing']) {
      const answer = await exchange(`${target} HTTP/1.1\r\nHost: localhost\r\n${rest}`);
      expectRawProblem(answer, 413, 'BODY_NOT_ALLOWED');
    }
  });

  test('a URL beyond the limit is refused', async ({ exchange }) => {
    const answer = await exchange(`GET /v1/account/${'a'.repeat(2048)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expectRawProblem(answer, 414, 'URL_TOO_LONG');
    expect(answer).not.toContain('aaaa');
  });

  test.for([
    'nonsense\r\n\r\n',
    'GET /healthz HTTP/1.1\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nBad header\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ])('a malformed request gets exactly one problem: %j', async (request, { exchange }) => {
    expectRawProblem(await exchange(request), 400, 'REQUEST_MALFORMED');
  });

  test('a connection serves many requests, including absolute-form and pipelined ones', async ({ exchange }) => {
    const request = (target: string, last = false): string =>
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
    const answer = await exchange(
      request('/healthz') + request('http://localhost/readyz') + request('/nothing') + request('/healthz', true),
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
    expect(answer).toContain('Connection: keep-alive');
  });

  test('connections beyond the limit are dropped, and the others stay open', async ({ made }) => {
    const capped = await startServer(made.folder, { port: 0, maxConnections: 1 });
    try {
      const first = await connect(capped);
      const second = net.connect(capped.address.port, capped.address.host);
      second.on('error', () => undefined);
      await once(second, 'close');
      first.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      expect(await readToEnd(first)).toMatch(/^HTTP\/1.1 200 /);
    } finally {
      await capped.close({ deadlineMs: 100 });
    }
  });
});

test('a client that stops reading is disconnected', async ({ made }) => {
  const target = await startServer(made.folder, { port: 0, stalledTimeoutMs: 100 });
  const stalled = await connect(target);
  stalled.on('error', () => undefined);
  stalled.pause();
  // More than the kernel buffers of both sides.
  stalled.write('GET /v1/account/0 HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10_000));
  const fetched = await fetch(`${target.url}/v1/account/0`);
  expect(fetched.status).toBe(200);
  await fetched.arrayBuffer();
  // The test times out before this deadline.
  await target.close({ deadlineMs: 600_000 });
  stalled.destroy();
});

describe('starting a server', () => {
  test('a server binds to loopback by default', ({ server }) => {
    expect(server.address.host).toBe('127.0.0.1');
    expect(server.url).toBe(`http://127.0.0.1:${server.address.port}`);
  });

  test('an address in use fails with its own error code', async ({ made, server }) => {
    await expect(startServer(made.folder, { port: server.address.port })).rejects.toMatchObject({
      name: 'ServerError',
      code: 'ADDRESS_IN_USE',
      hint: expect.any(String),
    });
  });

  test('an address of another machine fails with its own error code', async ({ made }) => {
    await expect(startServer(made.folder, { host: '192.0.2.1', port: 0, allowAnonymous: true })).rejects.toMatchObject({
      code: 'ADDRESS_NOT_AVAILABLE',
    });
  });

  test.for([{ port: -1 }, { port: 65_536 }, { headersTimeoutMs: 0 }, { maxConnections: 1.5 }, { pollIntervalMs: 0 }])(
    'option %j is out of range',
    async (option, { made }) => {
      await expect(startServer(made.folder, option)).rejects.toMatchObject({ code: 'OPTION_OUT_OF_RANGE' });
    },
  );

  test('a server does not start on an unpublished dataset', async () => {
    await expect(startServer('/nonexistent')).rejects.toMatchObject({ code: 'DATASET_MISSING' });
    const fresh = await makeDataset({ pairs: seededPairs(5), published: false });
    await expect(startServer(fresh.folder)).rejects.toMatchObject({ code: 'SNAPSHOT_MISSING' });
    fresh.dispose();
  });
});
