// What one client may take: connections, time for a head, a slow body, a response that it does not
// read.

import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { get, post } from '../../support/gateway/desync/case.ts';
import { echo, inFrontOf, parseAnswer, sendRaw, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const withLimits = (limits: string): string => `limits: { ${limits} }\n`;
const CLOSING = get('/', 'Connection: close');

async function connect(port: number): Promise<Socket> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** A connection with a request that was answered: the gateway has counted it. */
async function openConnection(port: number): Promise<Socket> {
  const socket = await connect(port);
  socket.write(get('/'));
  await once(socket, 'data');
  return socket;
}

test.each([
  ['of one address', 'maxConnectionsPerAddress: 2'],
  ['in all', 'maxConnections: 2'],
])('connections %s are limited, and free again once one ends', async (_, limit) => {
  const { port } = await serve(inFrontOf((await startOrigin(echo)).url, withLimits(limit)));
  const [first] = [await openConnection(port), await openConnection(port)];
  expect(await sendRaw(port, CLOSING)).toBe('');
  first?.destroy();
  // The gateway hears of the end in its own time.
  let answer = '';
  while (answer === '') answer = await sendRaw(port, CLOSING);
  expect(parseAnswer(answer).status).toBe(200);
});

test('a head that does not come is answered 408, and its connection ends', async () => {
  const { port } = await serve(inFrontOf((await startOrigin(echo)).url, withLimits('headersTimeoutMs: 50')));
  const text = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: app.exa');
  expect(parseAnswer(text).status).toBe(408);
  expect(text).toContain('"code":"REQUEST_TIMEOUT"');
});

test.each([
  ['', ''],
  [' (with Expect)', 'Expect: 100-continue\r\n'],
])('a body that hardly comes is answered 408, and cut off from the application%s', async (_, more) => {
  let cut: () => void = () => undefined;
  const isCut = new Promise<void>((resolve) => {
    cut = resolve;
  });
  const { url } = await startOrigin((request) => request.on('error', () => cut()).resume());
  const limits = withLimits('minBodyBytesPerSecond: 1000, bodyRateMs: 50');
  const { port, events } = await serve(inFrontOf(url, limits));
  const answer = await sendRaw(port, `${post(`${more}Content-Length: 1000`)}a`);
  expect(answer).toMatch(/HTTP\/1.1 408 [\s\S]*REQUEST_TIMEOUT/);
  await isCut;
  expect(events).toContainEqual(expect.objectContaining({ event: 'request-refused', code: 'REQUEST_TIMEOUT' }));
  expect(events.filter(({ event }) => event === 'upstream-failed')).toEqual([]);
});

test('a body of HTTP/2 has its own rate: neither pings nor other streams make up for it', async () => {
  const { url } = await startOrigin((request) => request.on('error', () => undefined).resume());
  const limits = withLimits('minBodyBytesPerSecond: 1000, bodyRateMs: 100');
  const { port, gateway } = await serve(hostsInFrontOf(url, limits));
  const session = await connectHttp2({ port, servername: 'public.example' });
  const begin = () => session.request({ ':authority': 'public.example', ':method': 'POST' }, { endStream: false });
  const [fast, slow] = [begin(), begin()];
  fast.on('error', () => undefined);
  const busy = setInterval(() => {
    fast.write(Buffer.alloc(10_000));
    session.ping(() => undefined);
  }, 10);
  onTestFinished(() => clearInterval(busy));
  slow.on('error', () => undefined);
  const [{ ':status': status }] = (await once(slow, 'response')) as [{ ':status': number }];
  expect(status).toBe(408);
  expect(fast.closed).toBe(false);
  // Its answer ends it, and what was reserved for its body is free, though the client reads
  // nothing.
  const reserved = async () =>
    (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_reserved_bytes')?.values[0]?.value;
  await expect.poll(reserved).toBe(3 * 65_536);
});

test('a client that reads nothing is cut off, and with it the application', async () => {
  let cut: () => void = () => undefined;
  const isCut = new Promise<void>((resolve) => {
    cut = resolve;
  });
  const { url } = await startOrigin((_, response) => {
    response.on('error', () => undefined).on('close', cut);
    response.end(Buffer.alloc(2 ** 26));
  });
  const { port } = await serve(inFrontOf(url, withLimits('stalledTimeoutMs: 100')));
  const socket = await connect(port);
  socket.pause().write(get('/'));
  await isCut;
});

test('what slow clients hold is limited: 503, until they are gone', async () => {
  const { url } = await startOrigin((request, response) => {
    if (request.url === '/') response.end('ok');
    else response.on('error', () => undefined).end(Buffer.alloc(2 ** 24));
  });
  const { port, gateway } = await serve(inFrontOf(url, withLimits('maxBufferedBytes: 1048576')));
  const held = async (): Promise<number> =>
    (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_buffered_bytes')?.values[0]?.value ?? 0;
  const slow: Socket[] = [];
  const begin = async (localAddress: string): Promise<void> => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
    socket.pause().write(get('/large'));
    slow.push(socket);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  // Of one address no more than a quarter, and what has begun.
  while ((await held()) <= 2 ** 18) await begin('127.0.0.2');
  const other = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  other.write(CLOSING);
  expect(String((await once(other, 'data'))[0])).toMatch(/^HTTP\/1.1 503 /);
  expect(parseAnswer(await sendRaw(port, CLOSING)).status).toBe(200);
  for (let host = 3; (await held()) <= 2 ** 20; host = host === 200 ? 3 : host + 1) await begin(`127.0.0.${host}`);
  const refused = parseAnswer(await sendRaw(port, CLOSING));
  expect(refused.status).toBe(503);
  expect(refused.head).toContain('Retry-After: 5');
  for (const socket of slow) socket.destroy();
  while ((await held()) > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(parseAnswer(await sendRaw(port, CLOSING)).status).toBe(200);
});
