// Clients that leave at any moment of a request: no process ends by it, and others are served.

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import net from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exchange, inFrontOf, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { until } from '../../support/gateway/http2-frames.ts';
import { connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const HOST = 'Host: app.example\r\n';
/** An error that nobody listens to would end a worker. */
const uncaught: unknown[] = [];
const onUncaught = (error: unknown): void => {
  uncaught.push(error);
};
beforeEach(() => {
  process.on('uncaughtException', onUncaught);
});
afterEach(() => {
  process.off('uncaughtException', onUncaught);
  expect(uncaught.splice(0)).toEqual([]);
});

/** Takes no body, and answers none but `/ok`. */
const stubborn: RequestListener = (request, response) => {
  request.on('error', () => undefined);
  if (request.url === '/ok') response.end('ok');
};

/** What clients send until they leave, in pieces. */
const WAYS: readonly [string, readonly string[]][] = [
  ['GET', [`GET / HTTP/1.1\r\n${HOST}\r\n`]],
  ['upload', [`POST / HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`, 'abc', 'x'.repeat(50_000)]],
  ['chunks', [`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, '3\r\nabc\r\n', '5\r\nab', 'zz\r\nbad']],
  ['Expect', [`POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`, 'abc']],
  [
    'trailers',
    [`POST / HTTP/1.1\r\n${HOST}Trailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n`, '3\r\nabc\r\n0\r\nX-A'],
  ],
  ['WebSocket', [`GET / HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`, 'frames']],
  ['head', ['POST / HTTP/1.1\r\n', HOST, 'Content-Length: 5\r\n\r\n']],
  ['pipeline', [`GET / HTTP/1.1\r\n${HOST}\r\nPOST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`, 'ab']],
];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.each(WAYS)('while the application is busy, after each piece of %s', async (_, pieces) => {
  const { url, server } = await startOrigin(stubborn);
  const { port } = await serve(
    `{listen: '127.0.0.1:0', apps: {app.example: {to: '${url}', upstream: {maxConnections: 1, responseTimeoutMs: 1000}}}, limits: {halfClosedTimeoutMs: 50}}`,
  );
  const busy = net.connect(port, '127.0.0.1').on('error', () => undefined);
  busy.write(`POST /hold HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nabc`);
  await once(server, 'request');
  for (let count = 1; count <= pieces.length; count++)
    for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const)
      await visit(port, pieces.slice(0, count), leave);
  busy.resetAndDestroy();
  expect((await exchange(port, `GET /ok HTTP/1.1\r\n${HOST}\r\n`)).body).toBe('ok');
});

test.each(WAYS)('at once, and while the application takes its time, after each piece of %s', async (_, pieces) => {
  const { url } = await startOrigin(stubborn);
  const { port } = await serve(inFrontOf(url));
  for (let count = 1; count <= pieces.length; count++)
    for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const)
      for (const waitMs of [0, 6]) await visit(port, pieces.slice(0, count), leave, waitMs);
  expect((await exchange(port, `GET /ok HTTP/1.1\r\n${HOST}\r\n`)).body).toBe('ok');
});

async function visit(
  port: number,
  pieces: readonly string[],
  leave: 'destroy' | 'resetAndDestroy' | 'end',
  waitMs = 6,
): Promise<void> {
  const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await pause(waitMs / 2);
  }
  await pause(waitMs / 2);
  socket[leave]();
  if (leave === 'end') {
    await pause(waitMs);
    socket.destroy();
  }
  await pause(1);
}

test('streams of HTTP/2 that are reset while they wait', async () => {
  const { url } = await startOrigin(stubborn);
  const { port } = await serve(
    hostsInFrontOf(url).replace('public.example: { ', 'public.example: { upstream: { maxConnections: 1 }, '),
  );
  const session = await connectHttp2({ port, servername: 'public.example' });
  const post = { ':authority': 'public.example', ':method': 'POST', ':path': '/' };
  const streams = Array.from({ length: 20 }, () => session.request(post, { endStream: false }));
  for (const [i, stream] of streams.entries()) {
    stream.on('error', () => undefined);
    if (i % 3 > 0) stream.write('abc');
  }
  await pause(100);
  for (const [i, stream] of streams.entries()) stream.close(i % 2 === 0 ? 8 : 2);
  await until(() => streams.every((stream) => stream.closed));
  await pause(100);
  const ok = session.request({ ':authority': 'public.example', ':path': '/ok' }).setEncoding('utf8');
  let body = '';
  ok.on('data', (piece: string) => {
    body += piece;
  });
  await once(ok, 'end');
  expect(body).toBe('ok');
});
