// Requests of HTTP/2 to an application of HTTP/1.1, and its responses back.

import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { echo, seen, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { END_STREAM, FRAME, RawHttp2, until } from '../../support/gateway/http2-frames.ts';
import { askHttp2, connectHttp2, echoOfHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';

const HOST = { ':authority': 'public.example' };
const POST = { ...HOST, ':method': 'POST', ':path': '/in' };

async function sessionTo(url: string, more = '') {
  const { port, events, gateway } = await serve(hostsInFrontOf(url, more));
  return { session: await connectHttp2({ port, servername: 'public.example' }), events, gateway, port };
}
const echoed = async (more?: string) => sessionTo((await startOrigin(echo)).url, more);

/** An application that answers every request with these bytes, and closes. */
async function answering(bytes: string): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes, 'latin1'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a request', () => {
  test('reaches the application in HTTP/1.1', async () => {
    const { session } = await echoed();
    const answer = await askHttp2(session, { ...HOST, ':path': '/a%2fb?c=d', cookie: ['a=1', 'b=2'], 'x-odd': 'y' });
    const saw = echoOfHttp2(answer);
    expect(saw).toMatchObject({ method: 'GET', url: '/a%2fb?c=d', body: '' });
    expect(seen(saw, 'host')).toEqual(['public.example']);
    expect(seen(saw, 'cookie')).toEqual(['a=1; b=2']);
    expect(seen(saw, 'x-odd')).toEqual(['y']);
    expect(seen(saw, 'x-forwarded-proto')).toEqual(['https']);
    expect(seen(saw, 'transfer-encoding')).toEqual([]);
    expect(saw.rawHeaders.filter((name) => name.startsWith(':'))).toEqual([]);
  });

  test('has its body passed on, with and without a length', async () => {
    const { session } = await echoed();
    const chunked = echoOfHttp2(await askHttp2(session, POST, 'hello'));
    expect(chunked.body).toBe('hello');
    expect(seen(chunked, 'transfer-encoding')).toEqual(['chunked']);
    const stated = echoOfHttp2(await askHttp2(session, { ...POST, 'content-length': '5' }, 'hello'));
    expect(stated.body).toBe('hello');
    expect(seen(stated, 'content-length')).toEqual(['5']);
    const empty = echoOfHttp2(await askHttp2(session, { ...POST, 'content-length': '0' }, ''));
    expect(empty).toMatchObject({ method: 'POST', body: '' });
  });

  test('whose body has another length than it states is reset, and never whole to the application', async () => {
    const whole: string[] = [];
    const { url } = await startOrigin((request, response) => {
      request.on('error', () => undefined).on('end', () => whole.push(request.url ?? ''));
      request.resume().on('end', () => response.end());
    });
    const { session, port } = await sessionTo(url);
    for (const length of ['4', '6']) {
      const other = await connectHttp2({ port, servername: 'public.example' });
      expect((await askHttp2(other, { ...POST, 'content-length': length }, 'hello')).code).not.toBe(0);
    }
    expect((await askHttp2(session, HOST)).status).toBe(200);
    expect(whole).toEqual(['/']);
  });

  test('has large headers and many cookies passed on, up to the limit', async () => {
    const { session } = await echoed();
    const crumbs = Array.from({ length: 300 }, (_, i) => `name-${i}=v`);
    const saw = echoOfHttp2(await askHttp2(session, { ...HOST, cookie: crumbs, 'x-large': 'x'.repeat(4_000) }));
    expect(seen(saw, 'cookie')).toEqual([crumbs.join('; ')]);
    expect(seen(saw, 'x-large')[0]).toHaveLength(4_000);
    const over = await askHttp2(session, { ...HOST, 'x-large': 'x'.repeat(40_000) });
    expect(over.status === 431 || over.code !== 0).toBe(true);
  });

  test('has announced trailers passed on', async () => {
    const { session } = await echoed();
    const answer = await askHttp2(session, { ...POST, trailer: 'x-sum' }, 'hi', {
      'x-sum': '7',
      'x-real-ip': '6.6.6.6',
    });
    expect(echoOfHttp2(answer)).toMatchObject({ body: 'hi', rawTrailers: ['x-sum', '7'] });
  });

  test('with Expect gets 100 from the application', async () => {
    const { url, server } = await startOrigin(echo);
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      echo(request, response);
    });
    const { session } = await sessionTo(url);
    const stream = session.request({ ...POST, expect: '100-continue' }, { endStream: false });
    await once(stream, 'continue');
    stream.end('hi');
    let text = '';
    for await (const piece of stream) text += String(piece);
    expect(JSON.parse(text)).toMatchObject({ body: 'hi' });
  });

  test('that a client resets in its body is never whole to the application', async () => {
    const ends: string[] = [];
    let arrived: () => void = () => undefined;
    const { url } = await startOrigin((request, response) => {
      request.on('error', () => undefined).once('data', () => arrived());
      request.on('end', () => ends.push(`whole ${request.url}`)).on('close', () => ends.push(`closed ${request.url}`));
      response.on('error', () => undefined);
    });
    const { port } = await sessionTo(url);
    const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = http2.constants;
    const expected: string[] = [];
    for (const code of [NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, 'left'] as const)
      for (const more of [[], [['content-length', '1000']], [['trailer', 'x-sum']]] as [string, string][][]) {
        const path = `/${code}/${more}`;
        const raw = await RawHttp2.open(port, 'public.example');
        const started = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        raw.send(raw.request(1, 'POST', path, more), raw.data(1, 'half'));
        await started;
        if (code === 'left') raw.end();
        else raw.send(raw.reset(1, code));
        expected.push(`closed ${path}`);
        await until(() => ends.length >= expected.length);
        raw.end();
      }
    expect(ends).toEqual(expected);
  });

  test('that is refused before its body ends gets its answer, and its stream ends', async () => {
    const { session } = await echoed();
    const answer = await askHttp2(session, { ...POST, ':authority': 'managed.example' }, Buffer.alloc(2 ** 20));
    expect(answer.status).toBe(421);
    expect((await askHttp2(session, POST, 'next')).status).toBe(200);
  });
});

describe('a response', () => {
  test('to HEAD has the length that GET would have', async () => {
    const { url } = await startOrigin((_, response) => response.writeHead(200, { 'Content-Length': '1234' }).end());
    const { session } = await sessionTo(url);
    const answer = await askHttp2(session, { ...HOST, ':method': 'HEAD' });
    expect(answer).toMatchObject({ status: 200, body: '', code: 0 });
    expect(answer.headers['content-length']).toBe('1234');
  });

  test.each([204, 304])('of status %i has no body', async (status) => {
    const { url } = await startOrigin((_, response) => response.writeHead(status, { ETag: '"1"' }).end());
    const { session } = await sessionTo(url);
    expect(await askHttp2(session, HOST)).toMatchObject({ status, body: '', code: 0, headers: { etag: '"1"' } });
  });

  test('has its trailers passed on', async () => {
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' }).write('abc');
      response.addTrailers({ 'X-Sum': '6' });
      response.end();
    });
    const { session } = await sessionTo(url);
    expect(await askHttp2(session, HOST)).toMatchObject({ body: 'abc', trailers: { 'x-sum': '6' }, code: 0 });
  });

  test.each([102, 103])('after %i arrives all the same', async (status) => {
    const early = `HTTP/1.1 ${status} Early\r\nLink: </a.css>; rel=preload\r\n\r\n`;
    const url = await answering(`${early}HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`);
    const { session } = await sessionTo(url);
    const stream = session.request(HOST);
    const informed: (number | undefined)[] = [];
    stream.on('headers', (headers) => informed.push(headers[':status'] as number));
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(200);
    expect(informed).toEqual([status]);
    stream.close();
  });

  test.each([
    ['two of one name', 'Content-Type: text/html\r\nContent-Type: text/plain\r\n', ['content-type', 'text/html']],
    ['two places', 'Location: /a\r\nLocation: /b\r\n', ['location', '/a']],
    ['bytes above ASCII', 'X-Name: \xc3\xbc\xff\r\n', ['x-name', '\xc3\xbc\xff']],
    ['an empty value', 'X-Empty:\r\n', ['x-empty', '']],
    ['headers of its connection', 'Connection: x-a\r\nKeep-Alive: timeout=5\r\nX-A: 1\r\nX-B: 2\r\n', ['x-b', '2']],
  ])('with %s arrives', async (_, lines, [name, value]) => {
    const { session } = await sessionTo(await answering(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 2\r\n\r\nok`));
    for (const more of [{}, { expect: '100-continue' }]) {
      const answer = await askHttp2(session, { ...HOST, ...more });
      expect(answer).toMatchObject({ status: 200, body: 'ok', code: 0 });
      expect(answer.headers[name as string]).toBe(value);
      expect(answer.headers['x-a']).toBeUndefined();
    }
  });

  test.each(['999 Denied', '600 Odd'])('of status %s, which HTTP/2 does not have, is a 502', async (status) => {
    const { session } = await sessionTo(await answering(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`));
    for (const more of [{}, { expect: '100-continue' }])
      expect(await askHttp2(session, { ...HOST, ...more })).toMatchObject({ status: 502, code: 0 });
  });

  test.each([
    ['a length', 'Content-Length: 1000\r\n'],
    ['chunks', 'Transfer-Encoding: chunked\r\n'],
  ])('with %s that breaks off is broken off for the client too', async (_, framing) => {
    const { port } = await sessionTo(await answering(`HTTP/1.1 200 OK\r\n${framing}\r\n3e8\r\nhalf`));
    for (const more of [[], [['expect', '100-continue']]] as [string, string][][]) {
      const raw = await RawHttp2.open(port, 'public.example');
      raw.send(raw.request(1, 'GET', '/', more));
      await until(() => raw.of(FRAME.reset).length > 0);
      expect(raw.of(FRAME.headers)).toHaveLength(1);
      expect(raw.of(FRAME.reset)[0]?.payload.readUInt32BE()).not.toBe(http2.constants.NGHTTP2_NO_ERROR);
      expect(raw.of(FRAME.data).filter(({ flags }) => flags === END_STREAM)).toEqual([]);
      raw.end();
    }
  });

  test('comes in pieces, each at once, and the application is told when the client resets', async () => {
    let next: () => void = () => undefined;
    const left = Promise.withResolvers<void>();
    const { url } = await startOrigin((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      next = () => response.write('data: 2\n\n');
      response.on('close', () => left.resolve());
    });
    const { session } = await sessionTo(url);
    const stream = session.request(HOST);
    expect(String((await once(stream, 'data'))[0])).toBe('data: 1\n\n');
    next();
    expect(String((await once(stream, 'data'))[0])).toBe('data: 2\n\n');
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await left.promise;
  });

  test('is whole, though the application closes while its last piece waits for the client', async () => {
    const body = 'x'.repeat(1_000_000);
    const url = await answering(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const warnings: Error[] = [];
    process.on('warning', (warning) => warnings.push(warning));
    const { session, events } = await sessionTo(url);
    const answers = await Promise.all(new Array(10).fill(HOST).map((headers) => askHttp2(session, headers)));
    expect(answers.map((answer) => answer.body === body)).not.toContain(false);
    expect(events.map(({ event }) => event)).not.toContain('upstream-failed');
    // Of too many listeners: each wait for a client has one.
    expect(warnings).toEqual([]);
  });
});
