// What one connection of HTTP/2 may take: streams, resets, memory.

import { afterEach, expect, test } from 'vitest';
import { serve, startOrigin } from '../../support/gateway/gateway.ts';
import { FRAME, RawHttp2, until } from '../../support/gateway/http2-frames.ts';
import { askHttp2, connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const opened: RawHttp2[] = [];
afterEach(() => {
  for (const raw of opened.splice(0)) raw.end();
});

async function open(port: number): Promise<RawHttp2> {
  const raw = await RawHttp2.open(port, 'public.example');
  opened.push(raw);
  return raw;
}

const REFUSED_STREAM = 7;
const CANCEL = 8;

test('a connection holds 128 requests, and the next are refused', async () => {
  let held = 0;
  const { url } = await startOrigin((request) => {
    held++;
    request.on('error', () => undefined);
  });
  const { port } = await serve(hostsInFrontOf(url));
  const raw = await open(port);
  raw.send(...Array.from({ length: 300 }, (_, i) => raw.request(2 * i + 1, 'GET')));
  await until(() => raw.isClosed || (held >= 128 && raw.of(FRAME.reset).length >= 100));
  expect(held).toBe(128);
  for (const { payload } of raw.of(FRAME.reset)) expect(payload.readUInt32BE()).toBe(REFUSED_STREAM);
});

test('a client that resets what it asks for is cut off', async () => {
  let asked = 0;
  const { url } = await startOrigin((request) => {
    asked++;
    request.on('error', () => undefined);
  });
  const { port } = await serve(hostsInFrontOf(url));
  const raw = await open(port);
  for (let i = 0; i < 3_000 && !raw.isClosed; i++) {
    raw.send(raw.request(2 * i + 1, 'GET'), raw.reset(2 * i + 1, CANCEL));
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => raw.isClosed);
  expect(asked).toBeLessThan(700);
  // Others are served.
  const { url: other } = await startOrigin((_, response) => response.end('ok'));
  const next = await serve(hostsInFrontOf(other));
  const session = await connectHttp2({ port: next.port, servername: 'public.example' });
  expect((await askHttp2(session, { ':authority': 'public.example' })).body).toBe('ok');
});

test('an upload of 192 MiB passes in little memory, beside one that its application does not read', async () => {
  let bytes = 0;
  const { url } = await startOrigin((request, response) => {
    request.on('error', () => undefined);
    if (request.url === '/stalled') return;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    request.on('end', () => response.end('done'));
  });
  const { port } = await serve(hostsInFrontOf(url));
  const session = await connectHttp2({ port, servername: 'public.example' });
  const post = { ':authority': 'public.example', ':method': 'POST' };
  const stalled = session.request({ ...post, ':path': '/stalled' }, { endStream: false });
  stalled.on('error', () => undefined);
  stalled.write(Buffer.alloc(2 ** 22));
  const stream = session.request({ ...post, ':path': '/' }, { endStream: false });
  const answer = new Promise<string>((resolve) => stream.once('data', (piece: Buffer) => resolve(String(piece))));
  const piece = Buffer.alloc(2 ** 16);
  const before = process.memoryUsage().rss;
  let most = before;
  for (let i = 0; i < 3_072; i++) {
    if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
    most = Math.max(most, process.memoryUsage().rss);
  }
  stream.end();
  expect(await answer).toBe('done');
  expect(bytes).toBe(3 * 2 ** 26);
  expect(most - before).toBeLessThan(2 ** 27);
});
