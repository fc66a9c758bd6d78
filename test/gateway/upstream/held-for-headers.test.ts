// Responses that are held for what their headers have, and others that pass at once.

import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { exchange, sendRaw } from '../../support/gateway/gateway.ts';
import { answering, holdInFrontOf } from '../../support/gateway/upstream/holding.ts';

const GET = 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n';
const LARGE = 'x'.repeat(1_000_000);
const large = `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`;

describe('a response that is held for its headers', () => {
  const holds = (headers: readonly string[]) => (headers.includes('secret=1') ? 0 : undefined);
  const answer = (cookie: string) => [
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n',
    `HTTP/1.1 200 OK\r\nSet-Cookie: ${cookie}\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n`,
    '2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n',
  ];

  test('is passed on as any other without them, with 103 and trailers', async () => {
    const { url } = await answering(answer('other=1'));
    const { port, held, outcomes } = await holdInFrontOf(url, undefined, { holds });
    const text = await sendRaw(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(text).toMatch(/^HTTP\/1.1 103 Early Hints\r\n/);
    expect(text).toMatch(/other=1\r\n[\s\S]*\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    expect(await held[0]).toBeUndefined();
    expect(outcomes).toEqual([{ status: 200 }]);
  });

  test('is given up before its body has come', async () => {
    const { url } = await answering(answer('secret=1').slice(0, 2), { keepsOpen: true });
    const { port, outcomes } = await holdInFrontOf(
      url,
      (held, response) => {
        held.discard();
        response.writeHead(403).end('no');
      },
      { holds },
    );
    const text = await sendRaw(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(text).toContain('HTTP/1.1 403');
    expect(text).not.toMatch(/secret|hi\r\n/);
    expect(outcomes).toEqual([]);
  });

  test('is released, and the rest of it follows', async () => {
    const { url } = await answering([large.replace('\r\n', '\r\nSet-Cookie: secret=1\r\n')]);
    const { port, outcomes } = await holdInFrontOf(url, undefined, { holds });
    const { head, body } = await exchange(port, GET);
    expect(head).toContain('secret=1');
    expect(body === LARGE).toBe(true);
    expect(outcomes).toEqual([{ status: 200 }]);
  });
});

describe('a login whose outcome the head tells', () => {
  test('has its stream passed on once it is judged, and no body to read', async () => {
    const opened = Promise.withResolvers<void>();
    const { url } = await answering([
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n',
      opened.promise,
      '3\r\nyou\r\n0\r\n\r\n',
    ]);
    const { port, held } = await holdInFrontOf(url, undefined, { holds: 0 });
    const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
    socket.write(GET);
    let text = '';
    for await (const piece of socket) {
      text += piece;
      if (text.includes('hi\r\n')) opened.resolve();
      if (text.endsWith('0\r\n\r\n')) break;
    }
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(text).toContain('you');
    expect((await held[0])?.body).toBeUndefined();
  });
});
