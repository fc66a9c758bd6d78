// Connections to an application that are all in use: who waits, for how long, and who does not.

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import net, { type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { exchange, sendRaw, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { until } from '../../support/gateway/http2-frames.ts';
import { askHttp2, connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const HOST = 'Host: app.example\r\n';

/** Answers a request whose body it has, but never one of `/hold`. */
const patient: RequestListener = (request, response) => {
  request.on('error', () => undefined);
  if (request.url === '/hold') return;
  request.resume().on('end', () => response.end('done'));
};

async function serveWith(upstream: string) {
  const { url, server } = await startOrigin(patient);
  let asked = 0;
  server.on('request', () => asked++);
  const started = await serve(`{listen: '127.0.0.1:0', apps: {app.example: {to: '${url}', upstream: {${upstream}}}}}`);
  return { ...started, asked: () => asked };
}

function open(port: number, bytes: string, from = '127.0.0.1'): Socket {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress: from }).on('error', () => undefined);
  socket.write(bytes);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const hold = `GET /hold HTTP/1.1\r\n${HOST}\r\n`;
const slowUpload = `POST /slow HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\nabc`;
const get = `GET / HTTP/1.1\r\n${HOST}\r\n`;

test.each([
  ['plain', ''],
  ['with Expect', 'Expect: 100-continue\r\n'],
  ['with trailers', 'Trailer: X-Sum\r\n'],
])('who waits too long is answered 503, and the log says why (%s)', async (_, more) => {
  const { port, events, asked } = await serveWith('maxConnections: 1, connectTimeoutMs: 200');
  open(port, hold);
  await until(() => asked() === 1);
  const { status, body } = await exchange(port, `GET / HTTP/1.1\r\n${HOST}${more}\r\n`);
  expect(status).toBe(503);
  expect(body).toContain('UPSTREAM_BUSY');
  expect(events).toContainEqual(expect.objectContaining({ event: 'upstream-failed', code: 'UPSTREAM_BUSY' }));
});

test('who waits gets the connection that is free again, first come first served', async () => {
  const { port, asked } = await serveWith('maxConnections: 1');
  const holder = open(port, hold);
  await until(() => asked() === 1);
  const waiting = [1, 2, 3].map((i) => exchange(port, `GET /${i} HTTP/1.1\r\n${HOST}\r\n`));
  holder.resetAndDestroy();
  for (const { status, body } of await Promise.all(waiting))
    expect([status, body.includes('done')]).toEqual([200, true]);
});

test('more than maxWaiting do not wait, and who has left waits no longer', async () => {
  const { port, asked } = await serveWith('maxConnections: 1, maxWaiting: 1, connectTimeoutMs: 60000');
  open(port, hold);
  await until(() => asked() === 1);
  const waiting = open(port, get);
  let status = 0;
  while (status !== 503) status = (await exchange(port, get).catch(() => ({ status: 0 }))).status;
  waiting.resetAndDestroy();
  const next = open(port, get);
  next.setEncoding('latin1');
  let text = '';
  next.on('data', (piece: string) => {
    text += piece;
  });
  // Its place is free: it is not refused.
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(text).toBe('');
});

test('slow uploads leave connections to other requests, and to bodies that have come', async () => {
  const { port, asked } = await serveWith('maxConnections: 4, connectTimeoutMs: 1000');
  for (let i = 0; i < 8; i++) open(port, slowUpload, i < 4 ? '127.0.0.1' : '127.0.0.2');
  await until(() => asked() === 3);
  expect((await exchange(port, get)).status).toBe(200);
  const login = await exchange(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
  expect(login.status).toBe(200);
  expect(asked()).toBe(5);
});

test('one address does not hold all connections that uploads may have', async () => {
  const { port, asked } = await serveWith('maxConnections: 8, connectTimeoutMs: 1000');
  for (let i = 0; i < 8; i++) open(port, slowUpload);
  await until(() => asked() === 4);
  const other = open(port, slowUpload, '127.0.0.2');
  await until(() => asked() === 5);
  other.resetAndDestroy();
  expect(await sendRaw(port, slowUpload)).toContain('UPSTREAM_BUSY');
});

test('the same for streams of one connection of HTTP/2', async () => {
  const { url, server } = await startOrigin(patient);
  let asked = 0;
  server.on('request', () => asked++);
  const { port } = await serve(
    hostsInFrontOf(url).replace(
      'public.example: { ',
      'public.example: { upstream: { maxConnections: 4, connectTimeoutMs: 1000 }, ',
    ),
  );
  const session = await connectHttp2({ port, servername: 'public.example' });
  const post = { ':authority': 'public.example', ':method': 'POST', ':path': '/' };
  for (let i = 0; i < 6; i++)
    session
      .request(post, { endStream: false })
      .on('error', () => undefined)
      .write('abc');
  await until(() => asked === 2);
  expect((await askHttp2(session, { ...post, 'content-length': '5' }, 'hello')).status).toBe(200);
  expect((await askHttp2(session, { ':authority': 'public.example' })).status).toBe(200);
});

test('a gateway that closes lets those finish that wait', async () => {
  const { port, gateway, asked } = await serveWith('maxConnections: 1');
  const holder = open(port, hold);
  await until(() => asked() === 1);
  const waiting = exchange(port, get);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const closed = gateway.close({ deadlineMs: 10_000 });
  holder.resetAndDestroy();
  expect((await waiting).status).toBe(200);
  await closed;
});

test('bodies on their way have a bound in bytes for all connections together', async () => {
  const { url, server } = await startOrigin(patient);
  const { port, gateway } = await serve(
    `{listen: '127.0.0.1:0', apps: {app.example: {to: '${url}'}}, limits: {maxBufferedBytes: ${2 ** 20}}}`,
  );
  const large = slowUpload.replace('100000', '10000000');
  const uploads = [2, 3, 4, 5].map((i) => open(port, large, `127.0.0.${i}`));
  for (let asked = 0; asked < 4; asked++) await once(server, 'request');
  const reserved = async () =>
    (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_reserved_bytes')?.values[0]?.value;
  // The rest is for logins.
  expect(await reserved()).toBe(4 * 3 * 65_536);
  expect(await sendRaw(port, slowUpload)).toMatch(/^HTTP\/1.1 503 [\s\S]*OVERLOADED/);
  expect((await exchange(port, get)).status).toBe(200);
  for (const socket of uploads) socket.resetAndDestroy();
  while ((await reserved()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
});

test('bodies of one party have a quarter of it: the uploads of others go on', async () => {
  const { url, server } = await startOrigin(patient);
  const { port, gateway } = await serve(
    `{listen: '127.0.0.1:0', apps: {app.example: {to: '${url}'}}, limits: {maxBufferedBytes: ${2 ** 20}}}`,
  );
  const reserved = async () =>
    (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_reserved_bytes')?.values[0]?.value;
  // None of them sends more than the beginning.
  const sockets = Array.from({ length: 2 }, () => open(port, slowUpload, '127.0.0.2'));
  for (let asked = 0; asked < 2; asked++) await once(server, 'request');
  for (let i = 0; i < 20; i++) {
    const socket = open(port, slowUpload, '127.0.0.2');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 503 [\s\S]*OVERLOADED/);
  }
  expect(await reserved()).toBe(200_000);
  const other = await exchange(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
  expect(other.status).toBe(200);
  for (const socket of sockets) socket.resetAndDestroy();
  while ((await reserved()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const again = open(port, slowUpload, '127.0.0.2');
  await once(server, 'request');
  again.resetAndDestroy();
});
