// Lists behind URLs, from servers that behave and servers that do not.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isTrustedUrl } from '../../../../gateway/lists/source/trusted-url.ts';
import { createUrlSource } from '../../../../gateway/lists/source/url-source.ts';
import { pairOf } from '../../../support/tls-files.ts';

const LIMITS = { maxBytes: 1000, timeoutMs: 60_000 };
const never = new AbortController().signal;
const failure = (code: string) => expect.objectContaining({ name: 'SourceError', code });

async function serve(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`;
}

const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe('a list behind a URL', () => {
  test('is read once, and then asked for changes', async () => {
    const asked: (string | undefined)[][] = [];
    const url = await serve(({ headers }, response) => {
      asked.push([headers['if-none-match'], headers['if-modified-since']]);
      const isKnown = headers['if-none-match'] === '"1"';
      response.writeHead(isKnown ? 304 : 200, { etag: '"1"', 'last-modified': 'Thu, 26 Nov 2026 04:20:51 GMT' });
      response.end(isKnown ? '' : '1.2.3.4\n');
    });
    const source = createUrlSource(url, LIMITS);
    const first = await source.read('', never);
    expect(textOf(first.bytes)).toBe('1.2.3.4\n');
    const second = await source.read(first.validator, never);
    expect(second.bytes).toBeUndefined();
    expect(second.validator).toBe(first.validator);
    expect(asked).toEqual([
      [undefined, undefined],
      ['"1"', 'Thu, 26 Nov 2026 04:20:51 GMT'],
    ]);
  });

  test('without a validator is read anew', async () => {
    const url = await serve((_, response) => response.end('1.2.3.4\n'));
    const { validator } = await createUrlSource(url, LIMITS).read('', never);
    expect(validator).toBe('');
  });

  test('may be behind redirects, up to five', async () => {
    const url = await serve(({ url = '' }, response) => {
      const hops = Number(url.replace(/\D/g, '') || '5');
      if (hops === 0) return response.end('1.2.3.4\n');
      response.writeHead(302, { location: `/${hops - 1}` }).end();
    });
    expect(textOf((await createUrlSource(url, LIMITS).read('', never)).bytes)).toBe('1.2.3.4\n');
    await expect(createUrlSource(url.replace('list', '6'), LIMITS).read('', never)).rejects.toEqual(
      failure('REDIRECT_REFUSED'),
    );
  });

  test.each(['http://192.0.2.1/list', 'ftp://127.0.0.1/list', 'http://user@127.0.0.1/', 'http://['])(
    'does not follow a redirect to %s',
    async (location) => {
      const url = await serve((_, response) => response.writeHead(301, { location }).end());
      await expect(createUrlSource(url, LIMITS).read('', never)).rejects.toEqual(failure('REDIRECT_REFUSED'));
    },
  );

  test('is refused above its bound, announced or not, compressed or not', async () => {
    const bodies: [Buffer, http.OutgoingHttpHeaders][] = [
      [Buffer.alloc(1001), {}],
      [Buffer.alloc(1001), { 'transfer-encoding': 'chunked' }],
      [zlib.gzipSync(Buffer.alloc(1001)), { 'content-encoding': 'gzip' }],
    ];
    for (const [body, headers] of bodies) {
      const url = await serve((_, response) => response.writeHead(200, headers).end(body));
      await expect(createUrlSource(url, LIMITS).read('', never)).rejects.toEqual(failure('SOURCE_TOO_LONG'));
    }
  });

  test.each([204, 206, 304, 404, 429, 500])('is not what a server with status %i sends', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end());
    await expect(createUrlSource(url, LIMITS).read('', never)).rejects.toEqual(failure('HTTP_STATUS'));
  });

  test('cut off is no list', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('1.2.3.4\n', () => response.destroy());
    });
    await expect(createUrlSource(url, LIMITS).read('', never)).rejects.toEqual(failure('CONNECTION_LOST'));
  });

  test('that drips is given up', async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write('#'), 5);
      response.on('close', () => clearInterval(timer));
    });
    const source = createUrlSource(url, { maxBytes: 1_000_000, timeoutMs: 100 });
    await expect(source.read('', never)).rejects.toEqual(failure('SOURCE_TIMEOUT'));
  });

  test('is given up when the gateway stops', async () => {
    const stop = new AbortController();
    const url = await serve(() => stop.abort(new Error('stopped')));
    await expect(createUrlSource(url, LIMITS).read('', stop.signal)).rejects.toThrow('stopped');
  });

  test('on a closed port names that, without the URL', async () => {
    const closed = http.createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const source = createUrlSource(`http://127.0.0.1:${port}/secret-token`, LIMITS);
    const error = await source.read('', never).catch((caught: unknown) => caught as Error & { hint: string });
    expect(error).toEqual(failure('CONNECTION_REFUSED'));
    expect(`${(error as Error).message} ${(error as { hint: string }).hint}`).not.toMatch(/secret|127/);
  });
});

test('a list behind an untrusted certificate is not read', async () => {
  const server = https.createServer(pairOf('first'), (_, response) => response.end('1.2.3.4\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const source = createUrlSource(`https://127.0.0.1:${port}/`, LIMITS);
  await expect(source.read('', never)).rejects.toEqual(failure('TLS_UNTRUSTED'));
});

describe('a URL of a list', () => {
  test.each([
    'https://feeds.example/a',
    'http://127.0.0.1:1/',
    'http://127.9.9.9/',
    'http://[::1]/',
    'http://localhost/',
  ])('%s is trusted', (url) => {
    expect(isTrustedUrl(new URL(url))).toBe(true);
  });

  test.each([
    'http://feeds.example/a',
    'http://128.0.0.1/',
    'http://[::2]/',
    'http://localhost.example/',
    'https://user:password@feeds.example/',
    'file:///etc/passwd',
    'data:,1.2.3.4',
  ])('%s is not', (url) => {
    expect(isTrustedUrl(new URL(url))).toBe(false);
  });
});
