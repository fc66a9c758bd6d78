// The fetch of the gateway's checks, as the SDK uses it.

import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BodyReader, FetchInit } from '../../../client-sdk/transport/fetch.ts';
import { plainFetch } from '../../../gateway/checks/plain-fetch.ts';

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function serve(answer: Answer) {
  const sockets = new Set<Socket>();
  const server = http.createServer(answer).on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

const init = (more: Partial<FetchInit> = {}): FetchInit => ({
  headers: { accept: 'application/octet-stream' },
  signal: new AbortController().signal,
  redirect: 'error',
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
  ...more,
});

async function readAll(reader: BodyReader | undefined): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) return Buffer.concat(pieces);
    pieces.push(piece.value);
  }
}

describe('a plain fetch', () => {
  test('sends what it is given, and nothing that tells of the gateway', async () => {
    const asked: unknown[] = [];
    const { url } = await serve(({ method, url: target, rawHeaders }, response) => {
      asked.push([method, target, rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())]);
      response.end();
    });
    const { status, body } = await plainFetch(`${url}/leaks/v1/account/0a?snapshot=ab`, init());
    expect(status).toBe(200);
    expect(await readAll(body?.getReader())).toHaveLength(0);
    expect(asked).toEqual([['GET', '/leaks/v1/account/0a?snapshot=ab', ['host', 'connection', 'accept']]]);
  });

  test('posts bytes, and gives headers in any case of letters', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(201, ['Credveil-Snapshot', 'ab', 'Vary', 'a', 'Vary', 'b']);
      request.pipe(response);
    });
    const sent = new Uint8Array(300_000).fill(7);
    const { status, headers, body } = await plainFetch(url, init({ method: 'POST', body: sent }));
    expect(status).toBe(201);
    expect(headers.get('credveil-snapshot')).toBe('ab');
    expect(headers.get('VARY')).toBe('a, b');
    expect(headers.get('content-encoding')).toBeNull();
    expect(await readAll(body?.getReader())).toEqual(Buffer.from(sent));
  });

  test('follows no redirect', async () => {
    let requests = 0;
    const { url } = await serve((_, response) => {
      requests++;
      response.writeHead(302, { Location: '/elsewhere' }).end();
    });
    expect((await plainFetch(url, init())).status).toBe(302);
    expect(requests).toBe(1);
  });

  test('keeps its connection for the next request', async () => {
    const { url, sockets } = await serve((_, response) => response.end('whole'));
    for (let i = 0; i < 3; i++) {
      await readAll((await plainFetch(url, init())).body?.getReader());
      // undici takes it back in the turn after the end of the answer.
      await setImmediate();
    }
    expect(sockets.size).toBe(1);
  });

  test('takes no more from the service than is read', async () => {
    const length = 64 * 1_048_576;
    let written = 0;
    const { url } = await serve((_, response) => {
      const block = Buffer.alloc(65_536, 1);
      const write = (): void => {
        while (written < length) {
          written += block.length;
          if (!response.write(block)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    const { body } = await plainFetch(url, init());
    const reader = body?.getReader();
    await reader?.read();
    let before = -1;
    // It stands still once the buffers of both sides are full.
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(written).toBeLessThan(length / 2);
    const rest = await readAll(reader);
    expect(written).toBe(length);
    expect(rest.length).toBeGreaterThan(length / 2);
  });
});

describe('a plain fetch that does not end', () => {
  const gone = (response: http.ServerResponse) => new Promise<void>((resolve) => response.on('close', resolve));

  test('ends its connection once its caller leaves, before the head and after', async () => {
    let closed: Promise<void> | undefined;
    const { url } = await serve(({ url: target }, response) => {
      closed = gone(response);
      if (target === '/head') response.writeHead(200).flushHeaders();
      else controller.abort();
    });
    let controller = new AbortController();
    await expect(plainFetch(`${url}/none`, init({ signal: controller.signal }))).rejects.toThrow();
    await closed;
    controller = new AbortController();
    const { body } = await plainFetch(`${url}/head`, init({ signal: controller.signal }));
    const read = body?.getReader().read();
    controller.abort();
    await expect(read).rejects.toThrow();
    await closed;
  });

  test('sends nothing for a caller who has left', async () => {
    let requests = 0;
    const { url } = await serve((_, response) => {
      requests++;
      response.end();
    });
    await expect(plainFetch(url, init({ signal: AbortSignal.abort() }))).rejects.toThrow();
    expect(requests).toBe(0);
  });

  test('ends its connection once its reader is cancelled', async () => {
    let closed: Promise<void> | undefined;
    const { url } = await serve((_, response) => {
      closed = gone(response);
      response.write('begun');
    });
    const { body } = await plainFetch(url, init());
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await closed;
  });

  test('fails where the service breaks off or is away', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('begun', () => response.destroy());
    });
    const { body } = await plainFetch(url, init());
    await expect(readAll(body?.getReader())).rejects.toThrow();
    await expect(plainFetch('http://127.0.0.1:9', init())).rejects.toThrow();
  });
});
