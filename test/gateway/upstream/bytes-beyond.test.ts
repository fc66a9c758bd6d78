// Bytes of an application beyond its response: nobody gets them as the response to another request.

import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { exchange, inFrontOf, sendRaw, serve } from '../../support/gateway/gateway.ts';
import { startRawOrigin } from '../../support/gateway/upstream/raw-origin.ts';

const HOST = 'Host: app.example\r\n';
const FORGED = 'HTTP/1.1 200 OK\r\nSet-Cookie: s=forged\r\nContent-Length: 6\r\n\r\nforged';
const LENGTH = `Content-Length: ${FORGED.length}\r\n`;
const OWN = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nown';

/** The head as one piece, and the bytes beyond it as another, or both at once. */
function sendBoth(socket: Socket, head: string, isLater: boolean): void {
  if (!isLater) socket.write(head + FORGED);
  else {
    socket.write(head);
    // After the response has been read, and before the next request.
    setTimeout(() => socket.write(FORGED), 20);
  }
}

test.each([
  ['HEAD with a length', 'HEAD', `HTTP/1.1 200 OK\r\n${LENGTH}\r\n`, true],
  ['HEAD without a length', 'HEAD', 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n', true],
  ['HEAD at once', 'HEAD', `HTTP/1.1 200 OK\r\n${LENGTH}\r\n`, false],
  ['HEAD with 404', 'HEAD', `HTTP/1.1 404 No\r\n${LENGTH}Connection: keep-alive\r\n\r\n`, true],
  ['204 with a length', 'GET', `HTTP/1.1 204 None\r\n${LENGTH}\r\n`, true],
  ['204 in chunks', 'GET', 'HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n', true],
  ['204 at once', 'GET', 'HTTP/1.1 204 None\r\n\r\n', false],
  ['304 with a length', 'GET', `HTTP/1.1 304 Same\r\n${LENGTH}\r\n`, true],
  ['304 at once', 'GET', 'HTTP/1.1 304 Same\r\n\r\n', false],
  ['200 at once', 'GET', OWN, false],
  ['DELETE at once', 'DELETE', OWN, false],
])('after %s', async (_, method, head, isLater) => {
  const origin = await startRawOrigin((request, socket) => {
    if (request.includes('/first')) sendBoth(socket, head, isLater);
    // A connection on which bytes are still to come answers late.
    else setTimeout(() => socket.write(OWN), 40);
  });
  const { port } = await serve(
    `{listen: '127.0.0.1:0', apps: {app.example: {to: '${origin.url}', upstream: {maxConnections: 1}}}}`,
  );
  await exchange(port, `${method} /first HTTP/1.1\r\n${HOST}\r\n`);
  const { body } = await exchange(port, `GET /next HTTP/1.1\r\n${HOST}\r\n`);
  expect(body).toBe('own');
});

test('a request with a body that its method does not have is the last one of its connection', async () => {
  const origin = await startRawOrigin((_, socket) => socket.write(OWN));
  const { port } = await serve(inFrontOf(origin.url));
  for (let i = 0; i < 3; i++) await exchange(port, `GET /${i} HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\nbody`);
  expect(origin.count()).toBe(3);
});

test.each([
  ['undici', ''],
  ['node:http', 'Trailer: X-Sum\r\n'],
])('an application that sends 1xx without end is given up (%s)', async (_, more) => {
  const origin = await startRawOrigin((__, socket) => {
    const flood = (): void => {
      while (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'));
    };
    socket.on('drain', flood);
    flood();
  });
  const { port } = await serve(inFrontOf(origin.url));
  const text = await sendRaw(port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n${more}\r\n`);
  expect(text).toContain('HTTP/1.1 502 Bad Gateway');
  expect(text.split('HTTP/1.1 103').length).toBeLessThan(50);
});

test.each([
  ['undici', ''],
  ['node:http', 'Trailer: X-Sum\r\n'],
])('a link of 103 that cannot be passed on is left out (%s)', async (_, more) => {
  const origin = await startRawOrigin((__, socket) =>
    socket.write(`HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OWN}`),
  );
  const { port } = await serve(inFrontOf(origin.url));
  const { status, body } = await exchange(port, `GET / HTTP/1.1\r\n${HOST}${more}\r\n`);
  expect([102, 200]).toContain(status);
  expect(body).toContain('own');
});
