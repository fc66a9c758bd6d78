// The headers of every response.

import { test as base, expect } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { connect, readToEnd } from '../support/raw-http.ts';

interface Fixtures {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Waits for little. */
  readonly hasty: CredveilServer;
}

const test = base.extend<Fixtures>({
  made: perFile(
    () => makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 }),
    (made) => made.dispose(),
  ),
  server: [
    async ({ made }, use) => {
      const server = await startServer(made.folder, { port: 0, allowedOrigins: ['*'] });
      await use(server);
      await server.close({ deadlineMs: 100 });
    },
    { scope: 'file' },
  ],
  hasty: async ({ made }, use) => {
    const server = await startServer(made.folder, { port: 0, headersTimeoutMs: 100, timeoutCheckIntervalMs: 20 });
    await use(server);
    await server.close({ deadlineMs: 100 });
  },
});

test.for([
  ['a bucket', 200, 'GET /v1/account/0', ''],
  ['a bucket as text', 200, 'GET /v1/account/0', 'Accept: text/plain\r\n'],
  ['a bucket without its body', 200, 'HEAD /v1/account/0', ''],
  ['the head', 200, 'GET /v1/head', ''],
  ['the list of datasets', 200, 'GET /v1/datasets', ''],
  ['health', 200, 'GET /healthz', ''],
  ['readiness', 200, 'GET /readyz', ''],
  ['a preflight', 204, 'OPTIONS /v1/head', ''],
  ['an invalid prefix', 400, 'GET /v1/account/x', ''],
  ['an unknown route', 404, 'GET /nothing', ''],
  ['an evaluation of another suite', 404, 'POST /v1/evaluate', ''],
  ['an unsupported method', 405, 'DELETE /v1/head', ''],
  ['a body', 413, 'GET /healthz', 'Content-Length: 9\r\n'],
  ['a long URL', 414, `GET /${'a'.repeat(3000)}`, ''],
  ['no host', 400, 'GET /healthz', 'Nothing: here\r\n'],
  ['long headers', 431, 'GET /healthz', `Cookie: ${'a'.repeat(9000)}\r\n`],
  ['a malformed request', 400, 'nonsense', ''],
])('a response has the common headers: %s', async ([name, status, target, headers], { server }) => {
  const host = name === 'no host' ? '' : 'Host: localhost\r\n';
  const socket = await connect(server);
  socket.write(`${target} HTTP/1.1\r\n${host}Connection: close\r\n${headers}\r\n`);
  const [head = ''] = (await readToEnd(socket)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  for (const line of [
    'X-Content-Type-Options: nosniff',
    'Referrer-Policy: no-referrer',
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    // What never became a request has no origin.
    ...(name === 'long headers' || name === 'a malformed request' ? [] : ['Access-Control-Allow-Origin: *']),
  ])
    expect(head.split(`\r\n${line}`)).toHaveLength(2);
  // No header reveals the server's software.
  expect(head).not.toMatch(/^(?:server|x-powered-by):/im);
});

test('the response to an incomplete request has the common headers', async ({ hasty }) => {
  const socket = await connect(hasty);
  socket.write('GET /healthz HTTP/1.1\r\n');
  const answer = await readToEnd(socket);
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(answer).toContain("\r\nContent-Security-Policy: default-src 'none'");
});
