// Clients that end their side after a request, and read on: nc, health checks, old libraries.

import { EventEmitter, once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { keepHalfOpen } from '../../../gateway/connection/half-open.ts';
import { get, post } from '../../support/gateway/desync/case.ts';
import { echo, inFrontOf, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const QUICKLY = 'limits: { halfClosedTimeoutMs: 100 }\n';
const answersIn = (text: string): string[] => text.match(/HTTP\/1\.1 \d\d\d/g) ?? [];

/** Sends bytes and a FIN. @returns all that comes back */
async function sendAndEnd(socket: Socket, bytes: string): Promise<string> {
  let text = '';
  socket
    .on('error', () => undefined)
    .on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
    });
  socket.end(bytes, 'latin1');
  await once(socket, 'close');
  return text;
}

const connect = (port: number): Socket => net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });

/** An application that answers once the end of the client's side has arrived. */
const lateOrigin = () => startOrigin((request, response) => void setTimeout(() => echo(request, response), 100));

describe('a client that ends its side after', () => {
  test.each([
    ['a request', get('/a'), 1],
    ['a request with a body', `${post('Content-Length: 2')}hi`, 1],
    ['a request of chunks', `${post('Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`, 1],
    ['several requests', get('/a') + get('/b') + get('/c'), 3],
    ['a request that waits for 100', `${post('Content-Length: 2', 'Expect: 100-continue')}hi`, 2],
  ])('%s is answered, and its connection ends', async (_, bytes, count) => {
    const { port } = await serve(inFrontOf((await lateOrigin()).url));
    expect(answersIn(await sendAndEnd(connect(port), bytes))).toHaveLength(count);
  });

  test('a request gets its answer over TLS', async () => {
    const { port } = await serve(hostsInFrontOf((await lateOrigin()).url));
    const socket = tls.connect({
      ...{ port, host: '127.0.0.1', servername: 'public.example' },
      ...{ rejectUnauthorized: false, allowHalfOpen: true, ALPNProtocols: ['http/1.1'] },
    });
    await once(socket, 'secureConnect');
    const text = await sendAndEnd(socket, 'GET /a HTTP/1.1\r\nHost: public.example\r\n\r\n');
    expect(answersIn(text)).toEqual(['HTTP/1.1 200']);
  });

  test.each([
    ['nothing', ''],
    ['half a head', 'GET / HTTP/1.1\r\nHost: app.example\r\n'],
    ['half a body', `${post('Content-Length: 5')}hi`],
    ['half a chunk', `${post('Transfer-Encoding: chunked')}5\r\nhi`],
  ])('%s is not waited for', async (_, bytes) => {
    const { url } = await startOrigin(() => undefined);
    const { port } = await serve(inFrontOf(url));
    const text = await sendAndEnd(connect(port), bytes);
    expect(answersIn(text).filter((answer) => answer !== 'HTTP/1.1 400')).toEqual([]);
  });

  test('an answered request is let go', async () => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const socket = connect(port);
    socket.write(get('/'));
    await once(socket, 'data');
    socket.end();
    await once(socket, 'close');
  });

  test('a request that nothing comes for is taken for gone, and the application is told', async () => {
    let left: () => void = () => undefined;
    const hasLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    const { url } = await startOrigin((request) => void request.socket.once('close', left));
    const { port, events } = await serve(inFrontOf(url, QUICKLY));
    expect(await sendAndEnd(connect(port), get('/'))).toBe('');
    await hasLeft;
    expect(events.filter(({ event }) => event === 'listening')).toHaveLength(1);
  });

  test('the upgrade to a WebSocket has left it, and so has the application then', async () => {
    const { url, server } = await startOrigin(echo);
    const ended = new Promise<void>((resolve) => {
      server.on('upgrade', (_, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        // The application keeps its side open all the same.
        socket.on('error', () => undefined).once('end', () => resolve());
        socket.resume();
      });
    });
    const { port } = await serve(inFrontOf(url));
    const socket = connect(port);
    socket.write(get('/', 'Connection: Upgrade', 'Upgrade: websocket'));
    await once(socket, 'data');
    socket.end();
    await Promise.all([ended, once(socket, 'close')]);
  });

  test('a request of HTTP/2 has left its session', async () => {
    const asked = new EventEmitter();
    const { url } = await startOrigin((request) => {
      request.socket.once('close', () => asked.emit('left'));
      asked.emit('asked');
    });
    const { port } = await serve(hostsInFrontOf(url));
    const session = await connectHttp2({ port, servername: 'public.example' });
    session.request({ ':path': '/' }).on('error', () => undefined);
    await once(asked, 'asked');
    session.destroy();
    await once(asked, 'left');
  });
});

test('a half-closed connection lives as long as something is sent on it', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const socket = Object.assign(new EventEmitter(), { bytesWritten: 10, writableLength: 0, destroy: vi.fn() });
  keepHalfOpen(socket as unknown as Socket, () => 1_000);
  vi.advanceTimersByTime(60_000);
  socket.emit('end');
  for (let i = 0; i < 9; i++) {
    socket.bytesWritten++;
    vi.advanceTimersByTime(1_000);
  }
  // What the client takes slowly has a limit of its own.
  socket.writableLength = 1;
  vi.advanceTimersByTime(5_000);
  expect(socket.destroy).not.toHaveBeenCalled();
  socket.writableLength = 0;
  vi.advanceTimersByTime(2_000);
  expect(socket.destroy).toHaveBeenCalled();
});
