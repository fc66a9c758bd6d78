// Requests through the gateway to an application and back.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  echo,
  echoOf,
  exchange,
  inFrontOf,
  parseAnswer,
  seen,
  sendRaw,
  serve,
  startOrigin,
} from '../support/gateway/gateway.ts';

const HOST = 'Host: app.example\r\n';

describe('a request', () => {
  test('reaches the application as it came, with what only the gateway says', async () => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const answer = await exchange(port, `GET /a%2fb?c=%20 HTTP/1.1\r\n${HOST}Cookie: a=1\r\nX-Odd:  y \r\n\r\n`);
    const saw = echoOf(answer);
    expect(saw).toMatchObject({ method: 'GET', url: '/a%2fb?c=%20', body: '' });
    expect(seen(saw, 'host')).toEqual(['app.example']);
    expect(seen(saw, 'cookie')).toEqual(['a=1']);
    expect(seen(saw, 'x-odd')).toEqual(['y']);
    expect(seen(saw, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(seen(saw, 'x-forwarded-proto')).toEqual(['http']);
    expect(seen(saw, 'x-forwarded-host')).toEqual(['app.example']);
  });

  test.each([
    ['with a length', 'Content-Length: 5\r\n\r\nhello', 'hello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
    ['with an extension of a chunk', 'Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['of no bytes', 'Content-Length: 0\r\n\r\n', ''],
  ])('has its body %s passed on', async (_, rest, body) => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    expect(echoOf(await exchange(port, `POST / HTTP/1.1\r\n${HOST}${rest}`)).body).toBe(body);
  });

  test('with Expect gets 100 from the application alone', async () => {
    const { url, server } = await startOrigin(echo);
    const asked: string[] = [];
    server.on('checkContinue', (request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/no') {
        response.writeHead(417, { Connection: 'close' }).end();
        return;
      }
      response.writeContinue();
      echo(request, response);
    });
    const { port } = await serve(inFrontOf(url));
    const post = (path: string) =>
      `POST ${path} HTTP/1.1\r\n${HOST}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
    const taken = await sendRaw(port, `${post('/yes')}hi`);
    expect(taken).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(echoOf(parseAnswer(taken.slice(taken.indexOf('HTTP/1.1 200')))).body).toBe('hi');
    expect(await sendRaw(port, post('/no'))).toMatch(/^HTTP\/1.1 417 /);
    expect(asked).toEqual(['/yes', '/no']);
  });

  test('has trailers passed on, but for names of the gateway', async () => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const chunked =
      'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\nX-Real-IP: 6.6.6.6\r\n\r\n';
    expect(echoOf(await exchange(port, `POST / HTTP/1.1\r\n${HOST}${chunked}`))).toMatchObject({
      body: 'hi',
      rawTrailers: ['X-Sum', '7'],
    });
  });

  test('of HTTP/1.0 is answered, and its connection closed', async () => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const text = await sendRaw(port, `GET /old HTTP/1.0\r\n${HOST}\r\n`);
    expect(echoOf(parseAnswer(text)).url).toBe('/old');
  });
});

describe('a response', () => {
  test('keeps its headers in order, doubled ones too, and loses those of the connection', async () => {
    const { url } = await startOrigin((_, response) => {
      response.writeHead(201, 'Made', [
        ...[
          'X-A',
          '1',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'x-b',
          '2',
          'Alt-Svc',
          'h3=":443"',
          'Credveil-X',
          'y',
          'X-Client-IP',
          '192.0.2.1',
        ],
        ...['Connection', 'x-gone', 'X-Gone', '3'],
      ]);
      response.end('made');
    });
    const { port } = await serve(inFrontOf(url));
    const { head, body } = await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`);
    expect(head).toMatch(
      /^HTTP\/1.1 201 Made\r\nX-A: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nx-b: 2\r\nX-Client-IP: /,
    );
    expect(head).not.toMatch(/alt-svc|credveil|x-gone/i);
    expect(body).toContain('made');
  });

  test('begins before its body does, and comes in pieces', async () => {
    const { url } = await startOrigin((request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      request.socket.once('data', () => undefined);
      response.write('data: 1\n\n');
      gate.then(() => response.end('data: 2\n\n'));
    });
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { port } = await serve(inFrontOf(url));
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(`GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    let text = '';
    for await (const piece of socket) {
      text += piece;
      if (text.includes('data: 1')) open();
    }
    expect(text).toContain('data: 2');
  });

  test('to HEAD has the length that GET would have, and no body', async () => {
    const { url } = await startOrigin((_, response) => response.writeHead(200, { 'Content-Length': '1234' }).end());
    const { port } = await serve(inFrontOf(url));
    const { head, body } = await exchange(port, `HEAD / HTTP/1.1\r\n${HOST}\r\n`);
    expect(head).toContain('Content-Length: 1234');
    expect(body).toBe('');
  });

  test('has its trailers and 103 passed on', async () => {
    const { url } = await startOrigin((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('abc');
      response.addTrailers({ 'X-Sum': '6' });
      response.end();
    });
    const { port } = await serve(inFrontOf(url));
    const text = await sendRaw(port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\n/);
    expect(text).toContain('\r\n0\r\nX-Sum: 6\r\n\r\n');
  });

  test('that breaks off is broken off for the client too', async () => {
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    const { port, events } = await serve(inFrontOf(url));
    const { head, body } = await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`);
    expect(head).toContain('200');
    expect(body.length).toBeLessThan(1000);
    expect(events).toContainEqual(expect.objectContaining({ event: 'upstream-failed', code: 'UPSTREAM_CUT' }));
  });
});

describe('an application', () => {
  test('that does not answer is a 502 of the gateway, as JSON or as a page', async () => {
    const { url, server } = await startOrigin(echo);
    server.close();
    const { port, events } = await serve(inFrontOf(url));
    const json = await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`);
    expect(json.status).toBe(502);
    expect(JSON.parse(json.body)).toMatchObject({ code: 'UPSTREAM_FAILED', status: 502 });
    const page = await exchange(port, `GET / HTTP/1.1\r\n${HOST}Accept: text/html,*/*\r\n\r\n`);
    expect(page.head).toContain('Content-Type: text/html; charset=utf-8');
    expect(page.body).toContain('<h1>Site unreachable</h1>');
    const [first] = events.filter(({ event }) => event === 'upstream-failed');
    expect(json.body).toContain((first as { request: string }).request);
  });

  test('that takes too long is a 504', async () => {
    const { url } = await startOrigin(() => undefined);
    const config = `listen: 127.0.0.1:0\napps:\n  app.example: { to: "${url}", upstream: { responseTimeoutMs: 50 } }\n`;
    const { port } = await serve(config);
    expect((await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(504);
  });

  test.each(['resetAndDestroy', 'destroy'] as const)('is told when the client leaves: %s', async (leave) => {
    const left = new Promise<void>((resolve) => {
      void startOrigin((request) => request.socket.once('close', resolve)).then(async ({ url }) => {
        // Who ends the connection in order may still read, until nothing comes for so long.
        const { port } = await serve(inFrontOf(url, 'limits: { halfClosedTimeoutMs: 100 }\n'));
        const socket = net.connect(port, '127.0.0.1');
        socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`);
        await once(socket, 'ready');
        setTimeout(() => socket[leave](), 100);
      });
    });
    await left;
  });

  test('that answers before it has the whole body is heard', async () => {
    const { url } = await startOrigin((_, response) => {
      response.writeHead(413).end('too large');
    });
    const { port } = await serve(inFrontOf(url));
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request({ port, method: 'POST', headers: { Host: 'app.example' } }, resolve);
      request.on('error', reject);
      const piece = Buffer.alloc(65_536);
      for (let i = 0; i < 64; i++) request.write(piece);
    });
    expect(answer.statusCode).toBe(413);
    answer.destroy();
  });
});

describe('a WebSocket', () => {
  test('is joined with the application, byte for byte', async () => {
    const { url, server } = await startOrigin(echo);
    server.on('upgrade', (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Path: ${request.url}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
    const { port } = await serve(inFrontOf(url));
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(`GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly`);
    let text = '';
    for await (const piece of socket) {
      text += piece;
      if (text.endsWith('early')) socket.write('GET / HTTP/1.1\r\n\r\n');
      if (text.endsWith('1.1\r\n\r\n') && text.includes('early')) break;
    }
    expect(text).toMatch(/^HTTP\/1.1 101 .*X-Path: \/ws\r\n\r\nearlyGET \/ HTTP\/1.1\r\n\r\n$/s);
  });

  test('that the application refuses gets its answer', async () => {
    const { url } = await startOrigin((_, response) => response.writeHead(403).end('no'));
    const { port } = await serve(inFrontOf(url));
    const text = await sendRaw(port, `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    expect(parseAnswer(text)).toMatchObject({ status: 403, body: expect.stringContaining('no') });
  });

  test.each(['h2c', 'TLS/1.0', 'websocket, h2c'])('is no other Upgrade: %s is left out', async (protocol) => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const head = `POST / HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`;
    const saw = echoOf(parseAnswer(await sendRaw(port, `${head}Content-Length: 2\r\n\r\nhi`)));
    expect(saw.body).toBe('hi');
    expect(seen(saw, 'upgrade')).toEqual([]);
    expect(seen(saw, 'http2-settings')).toEqual([]);
  });
});
