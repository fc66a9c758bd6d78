// Responses to logins are held, and then passed on byte for byte or given up.

import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HeldResponse } from '../../../gateway/upstream/held-response.ts';
import { exchange, sendRaw } from '../../support/gateway/gateway.ts';
import { askHttp2 } from '../../support/gateway/tls.ts';
import { answering, holdInFrontOf } from '../../support/gateway/upstream/holding.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n';
const LARGE = 'x'.repeat(1_000_000);
const large = `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`;

/** A promise that is kept when the test says so. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

async function firstOf(held: readonly Promise<HeldResponse | undefined>[]): Promise<HeldResponse | undefined> {
  await expect.poll(() => held.length).toBeGreaterThan(0);
  return held[0];
}

describe('a held response', () => {
  test('is released as it came, with what is added', async () => {
    const { url } = await answering([
      'HTTP/1.1 302 Found\r\nX-Odd: a\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nLocation: /in\r\n',
      'Connection: close\r\nContent-Length: 4\r\n\r\ngone',
    ]);
    const { port, outcomes } = await holdInFrontOf(url);
    const { head, body } = await exchange(port, GET);
    expect(head).toMatch(
      /^HTTP\/1.1 302 Found\r\nX-Odd: a\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nLocation: \/in\r\nContent-Length: 4\r\nSet-Cookie: handle=1\r\n/,
    );
    expect(body).toBe('gone');
    expect(outcomes).toEqual([{ status: 302 }]);
  });

  test('shows status, headers and body before the client has a byte', async () => {
    const decided = gate();
    const { url } = await answering([
      'HTTP/1.1 201 Made\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    ]);
    const { port, held, budget } = await holdInFrontOf(url, async (response) => {
      await decided.opened;
      response.release();
    });
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    let text = '';
    socket.on('data', (piece: string) => {
      text += piece;
    });
    socket.write(GET);
    expect(await firstOf(held)).toMatchObject({
      status: 201,
      headers: ['X-A', '1'],
      body: Buffer.from('hi'),
      isWhole: true,
    });
    expect(budget.held).toBe(2);
    await new Promise(setImmediate);
    expect(text).toBe('');
    decided.open();
    await expect.poll(() => text).toMatch(/^HTTP\/1.1 201 Made\r\n[\s\S]*\r\n2\r\nhi\r\n0\r\n\r\n$/);
    expect(budget.held).toBe(0);
    socket.destroy();
  });

  test('has neither 1xx nor trailers', async () => {
    const { url } = await answering([
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nSet-Cookie: early=1\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTrailer: Set-Cookie\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nSet-Cookie: late=1\r\n\r\n',
    ]);
    const { port } = await holdInFrontOf(url);
    const text = await sendRaw(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(text).toContain('handle=1');
    expect(text).not.toMatch(/early|late|trailer/i);
  });

  test('to HEAD is its head alone', async () => {
    const { url } = await answering(['HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n']);
    const { port } = await holdInFrontOf(url);
    const { head, body } = await exchange(port, GET.replace('GET', 'HEAD'));
    expect(head).toContain('Content-Length: 1234');
    expect(body).toBe('');
  });

  test('that is large shows 64 KiB, waits at the application, and is released whole', async () => {
    const { url } = await answering([large]);
    const { port, held, budget, outcomes } = await holdInFrontOf(url);
    const { body } = await exchange(port, GET);
    const response = await firstOf(held);
    expect(response?.body?.length).toBe(65_536);
    expect(response?.isWhole).toBe(false);
    expect(body === LARGE).toBe(true);
    expect(budget.held).toBe(0);
    expect(outcomes).toEqual([{ status: 200 }]);
  });

  test('waits for a client that is slow, once released', async () => {
    const piece = Buffer.alloc(2 ** 20, 120);
    const { url } = await answering([
      `HTTP/1.1 200 OK\r\nContent-Length: ${32 * piece.length}\r\n\r\n`,
      ...new Array<Buffer>(32).fill(piece),
    ]);
    const { port, waits } = await holdInFrontOf(url);
    const socket = net.connect(port, '127.0.0.1');
    socket.pause();
    socket.write(GET);
    await expect.poll(() => waits.count).toBeGreaterThan(0);
    let bytes = 0;
    socket.resume().on('data', ({ length }: Buffer) => {
      bytes += length;
    });
    await expect.poll(() => bytes).toBeGreaterThan(32 * piece.length);
    socket.destroy();
  });

  test.each([
    ['gzip', undefined],
    ['identity', gzipSync('hi')],
  ])('of the coding %s is passed on as it is', async (coding, shown) => {
    const bytes = gzipSync('hi');
    const { url } = await answering([
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      bytes,
    ]);
    const { port, held } = await holdInFrontOf(url);
    const { body } = await exchange(port, GET);
    expect((await firstOf(held))?.body).toEqual(shown);
    expect(body).toBe(bytes.toString('latin1'));
  });

  test('under HTTP/2 is released with what is added', async () => {
    const { url } = await answering([large.replace('\r\n', '\r\nSet-Cookie: a=1\r\n')]);
    const { port } = await holdInFrontOf(url, undefined, { http: 2 });
    const session = http2.connect(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const answer = await askHttp2(session, { ':path': '/' });
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'handle=1']);
    expect(answer.body === LARGE).toBe(true);
  });
});

describe('instead of a held response', () => {
  test.each([
    ['whole', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret'],
    ['large', large],
  ])('of which all or a part has come (%s) the client gets another', async (_, bytes) => {
    const { url } = await answering([bytes], { keepsOpen: true });
    const { port, budget, outcomes } = await holdInFrontOf(url, (held, response) => {
      held.discard();
      held.release();
      response.writeHead(403).end('no');
    });
    expect(await exchange(port, GET)).toMatchObject({ status: 403, body: expect.not.stringMatching(/secret|x/) });
    expect(budget.held).toBe(0);
    expect(outcomes).toEqual([]);
  });

  test.each([
    ['breaks off in its head', 'HTTP/1.1 200 OK\r\nX-'],
    ['breaks off in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    ['is no response', 'hello\r\n\r\n'],
  ])('that %s the client gets 502', async (_, bytes) => {
    const { url } = await answering([bytes]);
    const { port, held, budget } = await holdInFrontOf(url);
    expect(await exchange(port, GET)).toMatchObject({ status: 502, body: expect.stringContaining('UPSTREAM_FAILED') });
    expect(await firstOf(held)).toBeUndefined();
    expect(budget.held).toBe(0);
  });

  test.each([
    ['head', 'HTTP/1.1 200 OK\r\nX-'],
    ['body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
  ])('whose %s does not come in time the client gets a failure', async (_, bytes) => {
    const { url } = await answering([bytes], { keepsOpen: true });
    const { port } = await holdInFrontOf(url, undefined, { timeoutMs: 200 });
    expect((await exchange(port, GET)).body).toContain('UPSTREAM_TIMEOUT');
  });
});

describe('a response that breaks off', () => {
  test('after it was released in part, is broken off', async () => {
    const { url, requests } = await answering([large.slice(0, 90_000)]);
    const { port, outcomes } = await holdInFrontOf(url);
    expect((await sendRaw(port, GET)).length).toBeLessThan(LARGE.length);
    expect(outcomes).toEqual([{ failure: 'UPSTREAM_CUT' }]);
    expect(requests.count).toBe(1);
  });

  test('while it is held, is 502 when it is released, and is not asked for again', async () => {
    const cut = gate();
    const { url, requests } = await answering([large.slice(0, 90_000)], { keepsOpen: true });
    const front = await holdInFrontOf(url, async (held) => {
      await cut.opened;
      held.release();
    });
    const answer = exchange(front.port, GET);
    await firstOf(front.held);
    await front.origin.pool.destroy();
    cut.open();
    expect(await answer).toMatchObject({ status: 502 });
    expect(front.outcomes).toMatchObject([{ failure: 'UPSTREAM_FAILED' }]);
    expect(requests.count).toBe(1);
  });
});

describe('a client that leaves', () => {
  test('before the response, ends the request', async () => {
    const { url } = await answering(['HTTP/1.1 200 OK\r\n'], { keepsOpen: true });
    const { port, held, outcomes } = await holdInFrontOf(url);
    const socket = net.connect(port, '127.0.0.1');
    socket.write(GET);
    await expect.poll(() => held.length).toBe(1);
    socket.destroy();
    expect(await firstOf(held)).toBeUndefined();
    expect(outcomes).toEqual([{ failure: 'CLIENT_GONE' }]);
  });

  test.each([1, 2] as const)('while the response is held, changes nothing for others (HTTP/%s)', async (version) => {
    const decided = gate();
    const closed = gate();
    const { url } = await answering([large]);
    const { port, held, budget, outcomes } = await holdInFrontOf(
      url,
      async (held, response) => {
        response.once('close', closed.open);
        await decided.opened;
        held.release();
      },
      { http: version },
    );
    if (version === 1) {
      const socket = net.connect(port, '127.0.0.1');
      socket.write(GET);
      await firstOf(held);
      socket.destroy();
    } else {
      const session = http2.connect(`http://127.0.0.1:${port}`);
      onTestFinished(() => session.destroy());
      const stream = session.request({ ':path': '/' });
      stream.on('error', () => undefined);
      await firstOf(held);
      stream.close(http2.constants.NGHTTP2_CANCEL);
      await once(stream, 'close');
    }
    await closed.opened;
    decided.open();
    await expect.poll(() => outcomes).toEqual([{ failure: 'CLIENT_GONE' }]);
    expect(budget.held).toBe(0);
  });
});
