// The life of a connection: kept for more requests, drained when the gateway closes, ended after
// what was refused.

import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { get, post } from '../../support/gateway/desync/case.ts';
import { echo, inFrontOf, sendRaw, serve, startOrigin } from '../../support/gateway/gateway.ts';

const CLOSING = get('/', 'Connection: close');
const answersIn = (text: string): string[] => text.match(/HTTP\/1\.1 \d\d\d/g) ?? [];

test('connections are kept, to the client and to the application', async () => {
  const { url, server } = await startOrigin(echo);
  let connections = 0;
  server.on('connection', () => connections++);
  const { port } = await serve(inFrontOf(url));
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  for (let i = 0; i < 3; i++) {
    socket.write(get(`/${i}`));
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 200 /);
  }
  socket.destroy();
  expect(connections).toBe(1);
});

test('a refused request is answered after the request before it', async () => {
  const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
  expect(answersIn(await sendRaw(port, `${get('/')}\0\0\r\n\r\n`))).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  expect(answersIn(await sendRaw(port, `${get('/')}${get('/#')}${get('/')}`))).toEqual([
    'HTTP/1.1 200',
    'HTTP/1.1 400',
  ]);
});

test('bytes after Connection: close do not replace the answer', async () => {
  const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
  expect(answersIn(await sendRaw(port, `${CLOSING}${get('/')}`))).toEqual(['HTTP/1.1 200']);
});

test('a body that turns out malformed is refused, and never complete to the application', async () => {
  let isComplete = false;
  const { url } = await startOrigin((request) => {
    request
      .on('error', () => undefined)
      .on('end', () => {
        isComplete = request.complete;
      });
    request.resume();
  });
  const { port } = await serve(inFrontOf(url));
  const text = await sendRaw(port, `${post('Transfer-Encoding: chunked')}5\r\nhello\r\n!\r\n`);
  expect(answersIn(text)).toEqual(['HTTP/1.1 400']);
  expect(isComplete).toBe(false);
});

test('a WebSocket behind a request under way ends its connection, and the gateway goes on', async () => {
  const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
  await sendRaw(port, `${get('/')}${get('/', 'Connection: Upgrade', 'Upgrade: websocket')}`);
  expect(answersIn(await sendRaw(port, CLOSING))).toEqual(['HTTP/1.1 200']);
});

test('closing lets a request finish, and takes no other', async () => {
  let finish: () => void = () => undefined;
  let begun: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { url } = await startOrigin((_, response) => {
    finish = () => response.end('done');
    begun();
  });
  const { port, gateway } = await serve(inFrontOf(url), { isClosedByTest: true });
  const answer = sendRaw(port, get('/'));
  await hasBegun;
  const closed = gateway.close({ deadlineMs: 60_000 });
  const late = net.connect(port, '127.0.0.1');
  const [error] = await once(late, 'error');
  expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
  finish();
  expect(await answer).toContain('done');
  await closed;
});

test('closing ends at its deadline what does not finish', async () => {
  let begun: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { url } = await startOrigin(() => begun());
  const { port, gateway } = await serve(inFrontOf(url), { isClosedByTest: true });
  const answer = sendRaw(port, get('/'));
  await hasBegun;
  await gateway.close({ deadlineMs: 50 });
  expect(await answer).toBe('');
});
