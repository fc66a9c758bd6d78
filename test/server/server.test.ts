// The server over real HTTP: buckets, head, and responses to invalid paths. PROTOCOL.md §13.

import http from 'node:http';
import { test as base, describe, expect } from 'vitest';
import type { BucketId } from '../../protocol/brands.ts';
import { decodeBody, findEntry, openBucket } from '../../protocol/bucket.ts';
import { bucketId, formatPrefix, type IndexName } from '../../protocol/bucket-id.ts';
import { entryTag, formatTag, metadataPad, passwordBucketHash } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, pairInput, passwordInput } from '../../protocol/private-input.ts';
import { createMacAuth } from '../../protocol/seal.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { readMessage } from '../support/post-message.ts';
import { fetchPublished, type PublishedNow } from '../support/signed/published.ts';

const PAIRS = seededPairs(2000);
const PASSWORDS = seededPasswords(500);

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly published: PublishedNow;
  prefixBitsOf(index: IndexName): number;
  place(index: IndexName, id: BucketId): Parameters<typeof openBucket>[1];
  /** A request by fetch, which sends `Accept: star/star` by default. */
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  getBucket(index: IndexName, id: BucketId): Promise<Uint8Array>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const made = await makeDataset({ pairs: PAIRS, passwords: PASSWORDS, bucketFloor: 64 });
  const server = await startServer(made.folder, { port: 0, allowedOrigins: ['*'] });
  const published = await fetchPublished(server.url);
  const { layer } = published;
  const prefixBitsOf = (index: IndexName): number => layer.indexes[index]?.prefixBits as number;
  const get: World['get'] = (path, headers = {}, method = 'GET') => fetch(`${server.url}${path}`, { method, headers });
  return {
    made,
    server,
    published,
    prefixBitsOf,
    place: (index, id) => ({ layer: layer.id, index, prefixBits: prefixBitsOf(index), id }),
    get,
    getBucket: async (index, id) => readMessage(await get(`/v1/${index}/${formatPrefix(id, prefixBitsOf(index))}`)),
    async close() {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

const authOf = ({ suite }: MadeDataset) => createMacAuth(suite.sealKey);
const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

function expectCommonHeaders(answer: Response): void {
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-expose-headers')).toBe(
    'Content-Range, Credveil-Snapshot, ETag, RateLimit, RateLimit-Policy, Retry-After',
  );
  expect(answer.headers.get('x-powered-by')).toBeNull();
  expect(answer.headers.get('content-encoding')).toBeNull();
}

async function expectProblem(answer: Response, status: number, code: string): Promise<Record<string, unknown>> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expectCommonHeaders(answer);
  const problem = (await answer.json()) as Record<string, unknown>;
  const type = `urn:credveil:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  expect(problem).toEqual({
    type,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code,
    hint: expect.any(String),
  });
  return problem;
}

describe('the bucket routes', () => {
  test('the bucket of a leaked pair opens with the key and contains its entry', async ({
    world: { made, published, prefixBitsOf, place, getBucket },
  }) => {
    for (const pair of PAIRS.slice(0, 50)) {
      const username = normalizeUsername(pair.username);
      const output = made.suite.evaluate(pairInput(username, normalizePassword(pair.password)));
      const id = bucketId(made.suite.accountBucketHash(username), prefixBitsOf('account'));
      const bucket = openBucket(await getBucket('account', id), place('account', id), authOf(made));
      expect(
        findEntry(bucket, entryTag(output), metadataPad(published.layer.id, output), EntryKind.pair)?.timesSeen,
      ).toBe(1);
    }
  });

  test('the bucket of a leaked password opens with the key and contains its entry', async ({
    world: { made, published, prefixBitsOf, place, getBucket },
  }) => {
    for (const password of PASSWORDS.slice(0, 50)) {
      const output = made.suite.evaluate(passwordInput(normalizePassword(password)));
      const id = bucketId(passwordBucketHash(output), prefixBitsOf('password'));
      const bucket = openBucket(await getBucket('password', id), place('password', id), authOf(made));
      expect(
        findEntry(bucket, entryTag(output), metadataPad(published.layer.id, output), EntryKind.password),
      ).toBeDefined();
    }
  });

  test.for(['account', 'password'] as const)(
    'every bucket of %s has an announced size',
    async (index, { world: { made, published, prefixBitsOf, place, getBucket } }) => {
      const buckets = 2 ** prefixBitsOf(index);
      expect(buckets).toBeGreaterThan(8);
      for (let id = 0; id < buckets; id++) {
        const first = await getBucket(index, id as BucketId);
        expect(published.layer.indexes[index]?.bodyBytes).toContain(first.length);
        openBucket(first, place(index, id as BucketId), authOf(made));
        expect(await getBucket(index, id as BucketId)).toEqual(first);
      }
    },
  );

  test('a bucket URL without a snapshot must be revalidated', async ({ world: { published, prefixBitsOf, get } }) => {
    const answer = await get(`/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('cache-control')).toBe('public, no-cache, no-transform');
    expect(answer.headers.get('etag')).toBe(`"${published.snapshot}"`);
    expect(answer.headers.get('credveil-snapshot')).toBe(published.snapshot);
    expect(answer.headers.get('vary')).toBe('Accept');
    expectCommonHeaders(answer);
  });

  test('a bucket URL with a snapshot has the same body and is immutable', async ({
    world: { published, prefixBitsOf, get, getBucket },
  }) => {
    const path = `/v1/account/${formatPrefix(1 as BucketId, prefixBitsOf('account'))}`;
    const answer = await get(`${path}?snapshot=${published.snapshot}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=604800, immutable, no-transform');
    expect(answer.headers.get('credveil-snapshot')).toBe(published.snapshot);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(await getBucket('account', 1 as BucketId));
  });

  test('a bucket of an unserved snapshot is 410 and not stored by caches', async ({ world: { get } }) => {
    const answer = await get('/v1/account/00?snapshot=000099-0123456789abcdef');
    await expectProblem(answer, 410, 'SNAPSHOT_GONE');
  });

  test('a client with the current bucket gets 304', async ({ world: { published, prefixBitsOf, get } }) => {
    const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`;
    const etag = `"${published.snapshot}"`;
    for (const listed of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await get(path, { 'If-None-Match': listed });
      expect(answer.status).toBe(304);
      expect(answer.headers.get('etag')).toBe(etag);
      expect(answer.headers.get('vary')).toBe('Accept');
      expect(await answer.text()).toBe('');
    }
    expect((await get(path, { 'If-None-Match': '"other"' })).status).toBe(200);
    // The other form of this URL has another ETag: a cache must not mix them up.
    expect((await get(path, { 'If-None-Match': etag, Accept: 'text/plain' })).status).toBe(200);
  });

  test('HEAD of a bucket returns the headers of GET without the body', async ({ world: { prefixBitsOf, get } }) => {
    const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`;
    const [head, whole] = [await get(path, {}, 'HEAD'), await get(path)];
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String((await whole.arrayBuffer()).byteLength));
    expect(head.headers.get('etag')).toBe(whole.headers.get('etag'));
    expect(await head.text()).toBe('');
  });

  test('a bucket as text has one hex tag per line and the same length across the index', async ({
    world: { prefixBitsOf, get, getBucket },
  }) => {
    const lengths = new Set<number>();
    for (let id = 0; id < 2 ** prefixBitsOf('account'); id++) {
      const path = `/v1/account/${formatPrefix(id as BucketId, prefixBitsOf('account'))}`;
      const answer = await get(path, { Accept: 'text/plain' });
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(answer.headers.get('vary')).toBe('Accept');
      const text = await answer.text();
      const { tags } = decodeBody(await getBucket('account', id as BucketId));
      expect(text.trimEnd().split('\n')).toEqual([...tags].map((tag) => formatTag(tag as never)));
      lengths.add(text.length);
    }
    expect(lengths.size).toBe(1);
    expect([...lengths][0] as number).toBeGreaterThan(0);
  });

  test.for([
    ['*/*', 'application/octet-stream'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/octet-stream'],
    ['application/octet-stream, text/plain;q=0.5', 'application/octet-stream'],
    ['text/plain;q=0', 'application/octet-stream'],
    ['Text/Plain', 'text/plain; charset=utf-8'],
    ['text/plain, */*;q=0.1', 'text/plain; charset=utf-8'],
  ] as const)('Accept: %s selects a bucket as %s', async ([accept, contentType], { world: { prefixBitsOf, get } }) => {
    const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`;
    expect((await get(path, { Accept: accept })).headers.get('content-type')).toBe(contentType);
  });
});

describe('invalid bucket requests', () => {
  test('a non-canonical prefix is refused and not repeated', async ({ world: { prefixBitsOf, get } }) => {
    const good = formatPrefix(10 as BucketId, prefixBitsOf('account'));
    const beyond = 'f'.repeat(good.length);
    const tooLarge = Number.parseInt(beyond, 16) >= 2 ** prefixBitsOf('account') ? [beyond] : [];
    for (const prefix of ['', `${good}0`, good.slice(1), good.toUpperCase(), '%61', '0x', '-1', ' 1', ...tooLarge]) {
      const problem = await expectProblem(await get(`/v1/account/${prefix}`), 400, 'PREFIX_MALFORMED');
      if (prefix.length > 2) expect(JSON.stringify(problem)).not.toContain(prefix);
    }
  });

  test.for(['?', '?snapshot=', '?snapshot=7', '?x=1', '?snapshot=000001-0123456789abcdef&x=1', '?SNAPSHOT=1'])(
    'the query %s is refused',
    async (query, { world: { server, get } }) => {
      // fetch drops a lone question mark.
      const { host, port } = server.address;
      const status = await new Promise((resolve, reject) => {
        http
          .get({ host, port, path: `/v1/account/0a${query}` }, (answer) => resolve(answer.resume().statusCode))
          .on('error', reject);
      });
      expect(status).toBe(400);
      if (query !== '?') await expectProblem(await get(`/v1/account/0a${query}`), 400, 'QUERY_MALFORMED');
    },
  );

  test('an index missing from the dataset is 404', async () => {
    const small = await makeDataset({ pairs: seededPairs(20, 2), indexes: ['account'], bucketFloor: 1000 });
    const other = await startServer(small.folder, { port: 0, allowedOrigins: ['*'] });
    try {
      await expectProblem(await fetch(`${other.url}/v1/password/0`), 404, 'INDEX_MISSING');
      expect((await fetch(`${other.url}/v1/account/0`)).status).toBe(200);
    } finally {
      await other.close({ deadlineMs: 100 });
      small.dispose();
    }
  });

  test.for([
    '/v1',
    '/v1/',
    '/v1/head/',
    '/V1/head',
    '/v1/config',
    '/v1/account',
    '/v1/account/00/11',
    '/v1/sha1/00000',
  ])('the route %s does not exist', async (path, { world: { get } }) => {
    await expectProblem(await get(path), 404, 'ROUTE_MISSING');
  });

  test.for(['/v1/head', '/v1/account/00', '/v1/password/00', '/healthz', '/readyz'])(
    '%s allows only reading and supports preflights',
    async (path, { world: { get } }) => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await get(path, {}, method);
        expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
        await expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
      }
      const preflight = await get(path, { 'Access-Control-Request-Headers': 'if-none-match' }, 'OPTIONS');
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
      expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, If-None-Match');
      expectCommonHeaders(preflight);
    },
  );
});

describe('service documents', () => {
  test('/healthz and /readyz report a healthy server', async ({ world: { published, get } }) => {
    const health = await get('/healthz');
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await get('/readyz');
    expect(await ready.json()).toMatchObject({ status: 'ready', snapshot: published.snapshot });
    expect(ready.headers.get('cache-control')).toBe('no-store');
  });

  test('bucket bodies are the same without a memory cache', async ({ world: { made, prefixBitsOf, getBucket } }) => {
    const lean = await startServer(made.folder, { port: 0, maxHeldBytes: 0, allowedOrigins: ['*'] });
    try {
      for (let id = 0; id < 4; id++) {
        const path = `/v1/account/${formatPrefix(id as BucketId, prefixBitsOf('account'))}`;
        const body = new Uint8Array(await (await fetch(`${lean.url}${path}`)).arrayBuffer());
        expect(body).toEqual(await getBucket('account', id as BucketId));
      }
    } finally {
      await lean.close({ deadlineMs: 100 });
    }
  });
});
