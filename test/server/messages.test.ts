// Refusals of POST /v1/lookup, /v1/evaluate and /v1/prove, over real HTTP. PROTOCOL.md §16.

import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import type { Oprf } from '../../protocol/oprf.ts';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import {
  blindedElements,
  codeOf,
  EVALUATION_ROUTES,
  IDENTITY,
  messageFor,
  NOT_CANONICAL,
  postMessage,
  rawPost,
} from '../support/post-message.ts';
import { connect, expectRawProblem, readToEnd } from '../support/raw-http.ts';

interface Fixtures {
  readonly sodium: Oprf;
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Waits for little. */
  readonly hasty: CredveilServer;
  readonly post: (path: string, message: Uint8Array, headers?: Record<string, string>) => Promise<Response>;
}

const test = base.extend<Fixtures>({
  sodium: perFile(createSodiumOprf, () => undefined),
  made: [
    async ({ sodium }, use) => {
      const made = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(50), bucketFloor: 16 });
      await use(made);
      made.dispose();
    },
    { scope: 'file' },
  ],
  server: [
    async ({ made }, use) => {
      const server = await startServer(made.folder, { port: 0, key: made.key });
      await use(server);
      await server.close({ deadlineMs: 100 });
    },
    { scope: 'file' },
  ],
  hasty: async ({ made }, use) => {
    const server = await startServer(made.folder, {
      port: 0,
      key: made.key,
      requestTimeoutMs: 300,
      headersTimeoutMs: 300,
      timeoutCheckIntervalMs: 50,
    });
    await use(server);
    await server.close({ deadlineMs: 100 });
  },
  post: async ({ server }, use) => {
    await use((path, message, headers) => postMessage(`${server.url}${path}`, message, headers));
  },
});

describe.each(EVALUATION_ROUTES)('POST %s', (route) => {
  test('invalid group elements are refused in any position and not repeated', async ({ sodium, post }) => {
    const good = blindedElements(sodium, 8);
    for (const at of [0, 3, 7])
      for (const [bad, code] of [
        [IDENTITY, 'ELEMENT_IDENTITY'] as const,
        ...NOT_CANONICAL.map((element) => [element, 'ELEMENT_NOT_CANONICAL'] as const),
      ]) {
        const answer = await post(route, messageFor(route, good.with(at, bad)));
        expect(answer.status).toBe(400);
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        const text = await answer.text();
        expect((JSON.parse(text) as { code: string }).code).toBe(code);
        expect(text).not.toContain(Buffer.from(bad).toString('hex'));
      }
  });

  test('a malformed message is refused', async ({ sodium, post }) => {
    const message = messageFor(route, blindedElements(sodium, 2));
    const countAt = route === '/v1/lookup' ? 5 : 1;
    const wrong = [
      new Uint8Array(0),
      message.slice(0, 1),
      message.with(0, 0),
      message.with(0, 2),
      message.with(countAt, 0),
      message.with(countAt, 1),
      message.with(countAt, 3),
      message.with(countAt, 33),
      message.slice(0, -1),
      Uint8Array.of(...message, 0),
      ...(route === '/v1/lookup' ? [message.with(1, 255), message.with(3, 1)] : []),
    ];
    for (const bytes of wrong) expect(await codeOf(await post(route, bytes))).toEqual([400, 'MESSAGE_MALFORMED']);
    expect((await post(route, message)).status).toBe(200);
  });

  test('another media type is refused', async ({ sodium, post }) => {
    const message = messageFor(route, blindedElements(sodium, 1));
    for (const type of ['', 'text/plain', 'application/json', 'application/octet-streams'])
      expect(await codeOf(await post(route, message, { 'Content-Type': type }))).toEqual([
        415,
        'MEDIA_TYPE_UNSUPPORTED',
      ]);
    const parameters = await post(route, message, { 'Content-Type': 'Application/Octet-Stream; x=1' });
    expect(parameters.status).toBe(200);
  });

  test('a body of unknown or excessive length is refused before it is read', async ({ server }) => {
    for (const [headers, status, code] of [
      ['\r\n', 411, 'LENGTH_REQUIRED'],
      ['Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', 411, 'LENGTH_REQUIRED'],
      ['Content-Length: 1031\r\n\r\n', 413, 'BODY_TOO_LARGE'],
      ['Content-Length: 99999999999999999999\r\n\r\n', 411, 'LENGTH_REQUIRED'],
      ['Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n', 413, 'BODY_TOO_LARGE'],
    ] as const) {
      const socket = await connect(server);
      socket.write(`POST ${route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n${headers}`);
      const answer = await readToEnd(socket);
      // Node's parser may refuse a length beyond its integers itself.
      if (headers.includes('99999') && answer.startsWith('HTTP/1.1 400')) continue;
      expectRawProblem(answer, status, code);
    }
  });

  test('a body that does not arrive is refused after a timeout', async ({ sodium, hasty }) => {
    const message = messageFor(route, blindedElements(sodium, 1));
    const socket = await connect(hasty);
    socket.write(rawPost(route, message).slice(0, -1), 'latin1');
    expectRawProblem(await readToEnd(socket), 408, 'REQUEST_TIMEOUT');
  });

  test('other methods are refused, and a preflight succeeds', async ({ server }) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await fetch(`${server.url}${route}`, { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    }
    const preflight = await fetch(`${server.url}${route}`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type');
  });
});

describe('a connection with messages', () => {
  test('a connection carries bodies in pieces, pipelined requests, and requests after a refusal', async ({
    sodium,
    server,
  }) => {
    const message = encodeElementsRequest(blindedElements(sodium, 3));
    const socket = await connect(server);
    const whole =
      rawPost('/v1/evaluate', message) +
      rawPost('/v1/evaluate', message.with(0, 9)) +
      rawPost('/v1/evaluate', message, 'Connection: close\r\n');
    for (let at = 0; at < whole.length; at += 100) {
      socket.write(whole.slice(at, at + 100), 'latin1');
      await new Promise(setImmediate);
    }
    expect((await readToEnd(socket)).match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 400',
      'HTTP/1.1 200',
    ]);
  });

  test('a request with Expect: 100-continue gets 100 Continue', async ({ sodium, server }) => {
    const socket = await connect(server);
    const message = encodeElementsRequest(blindedElements(sodium, 1));
    const request = rawPost('/v1/evaluate', message, 'Expect: 100-continue\r\nConnection: close\r\n');
    const head = request.slice(0, request.indexOf('\r\n\r\n') + 4);
    socket.write(head, 'latin1');
    const [first] = await new Promise<string[]>((resolve) => socket.once('data', (piece) => resolve([String(piece)])));
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(request.slice(head.length), 'latin1');
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1.1 200 /);
  });
});
