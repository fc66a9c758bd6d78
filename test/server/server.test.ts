// The server over real HTTP: buckets, config, and what is said where there is nothing. PROTOCOL.md §13.

import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BucketId } from '../../protocol/brands.ts';
import { decodeBody, findEntry, openBucket } from '../../protocol/bucket.ts';
import { bucketId, formatPrefix, type IndexName } from '../../protocol/bucket-id.ts';
import { entryTag, formatTag, metadataPad, passwordBucketHash } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, pairInput, passwordInput } from '../../protocol/private-input.ts';
import { parseServiceConfig, type ServiceConfig } from '../../protocol/service-config.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';

const PAIRS = seededPairs(2000);
const PASSWORDS = seededPasswords(500);

let made: MadeDataset;
let server: CredveilServer;
let config: ServiceConfig;

beforeAll(async () => {
  made = await makeDataset({ pairs: PAIRS, passwords: PASSWORDS, bucketFloor: 64 });
  server = await startServer(made.folder, { port: 0 });
  config = parseServiceConfig(await (await fetch(`${server.url}/v1/config`)).json());
});

afterAll(async () => {
  await server.close({ deadlineMs: 100 });
  made.dispose();
});

const prefixBitsOf = (index: IndexName): number => config.indexes[index]?.prefixBits as number;
const place = (index: IndexName, id: BucketId) => ({
  snapshot: config.snapshot,
  index,
  prefixBits: prefixBitsOf(index),
  id,
});

/** A bucket through fetch, whose own Accept is star/star. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  fetch(`${server.url}${path}`, { method, headers });

async function getBucket(index: IndexName, id: BucketId, suffix = ''): Promise<Uint8Array> {
  const answer = await get(`/v1/${index}/${formatPrefix(id, prefixBitsOf(index))}${suffix}`);
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
}

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

describe('a bucket', () => {
  test('of a leaked pair opens under the key and holds its entry', async () => {
    for (const pair of PAIRS.slice(0, 50)) {
      const username = normalizeUsername(pair.username);
      const output = made.suite.evaluate(pairInput(username, normalizePassword(pair.password)));
      const id = bucketId(made.suite.accountBucketHash(username), prefixBitsOf('account'));
      const bucket = openBucket(await getBucket('account', id), place('account', id), made.suite.sealKey);
      expect(findEntry(bucket, entryTag(output), metadataPad(output), EntryKind.pair)?.timesSeen).toBe(1);
    }
  });

  test('of a leaked password opens under the key and holds its entry', async () => {
    for (const password of PASSWORDS.slice(0, 50)) {
      const output = made.suite.evaluate(passwordInput(normalizePassword(password)));
      const id = bucketId(passwordBucketHash(output), prefixBitsOf('password'));
      const bucket = openBucket(await getBucket('password', id), place('password', id), made.suite.sealKey);
      expect(findEntry(bucket, entryTag(output), metadataPad(output), EntryKind.password)).toBeDefined();
    }
  });

  test.each(['account', 'password'] as const)('of %s has an announced size, whatever the prefix', async (index) => {
    const buckets = 2 ** prefixBitsOf(index);
    expect(buckets).toBeGreaterThan(8);
    for (let id = 0; id < buckets; id++) {
      const first = await getBucket(index, id as BucketId);
      expect(config.indexes[index]?.bodyBytes).toContain(first.length);
      openBucket(first, place(index, id as BucketId), made.suite.sealKey);
      expect(await getBucket(index, id as BucketId)).toEqual(first);
    }
  });

  test('without a snapshot in its URL must be revalidated', async () => {
    const answer = await get(`/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('cache-control')).toBe('public, no-cache, no-transform');
    expect(answer.headers.get('etag')).toBe(`"${config.snapshot}"`);
    expect(answer.headers.get('credveil-snapshot')).toBe(config.snapshot);
    expect(answer.headers.get('vary')).toBe('Accept');
    expectCommonHeaders(answer);
  });

  test('with the snapshot in its URL is the same and never changes', async () => {
    const path = `/v1/account/${formatPrefix(1 as BucketId, prefixBitsOf('account'))}`;
    const answer = await get(`${path}?snapshot=${config.snapshot}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable, no-transform');
    expect(answer.headers.get('credveil-snapshot')).toBe(config.snapshot);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(await getBucket('account', 1 as BucketId));
  });

  test('of a snapshot that is not served is gone, and nobody may remember that', async () => {
    const answer = await get('/v1/account/00?snapshot=000099-0123456789abcdef');
    await expectProblem(answer, 410, 'SNAPSHOT_GONE');
  });

  test('that the client has is not sent again', async () => {
    const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`;
    const etag = `"${config.snapshot}"`;
    for (const listed of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await get(path, { 'If-None-Match': listed });
      expect(answer.status).toBe(304);
      expect(answer.headers.get('etag')).toBe(etag);
      expect(answer.headers.get('vary')).toBe('Accept');
      expect(await answer.text()).toBe('');
    }
    expect((await get(path, { 'If-None-Match': '"other"' })).status).toBe(200);
    // The other form under this URL has another tag: a cache must not use one for the other.
    expect((await get(path, { 'If-None-Match': etag, Accept: 'text/plain' })).status).toBe(200);
  });

  test('answers HEAD as GET without the body', async () => {
    const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`;
    const [head, whole] = [await get(path, {}, 'HEAD'), await get(path)];
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String((await whole.arrayBuffer()).byteLength));
    expect(head.headers.get('etag')).toBe(whole.headers.get('etag'));
    expect(await head.text()).toBe('');
  });

  test('as text is its tags in hex, one a line, in one length for the whole index', async () => {
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

  test.each([
    ['*/*', 'application/octet-stream'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/octet-stream'],
    ['application/octet-stream, text/plain;q=0.5', 'application/octet-stream'],
    ['text/plain;q=0', 'application/octet-stream'],
    ['Text/Plain', 'text/plain; charset=utf-8'],
    ['text/plain, */*;q=0.1', 'text/plain; charset=utf-8'],
  ])('for Accept: %s is %s', async (accept, contentType) => {
    const path = `/v1/account/${formatPrefix(0 as BucketId, prefixBitsOf('account'))}`;
    expect((await get(path, { Accept: accept })).headers.get('content-type')).toBe(contentType);
  });
});

describe('what is not a bucket', () => {
  test('every other spelling of a prefix is refused without being repeated', async () => {
    const good = formatPrefix(10 as BucketId, prefixBitsOf('account'));
    const beyond = 'f'.repeat(good.length);
    const tooLarge = Number.parseInt(beyond, 16) >= 2 ** prefixBitsOf('account') ? [beyond] : [];
    for (const prefix of ['', `${good}0`, good.slice(1), good.toUpperCase(), '%61', '0x', '-1', ' 1', ...tooLarge]) {
      const problem = await expectProblem(await get(`/v1/account/${prefix}`), 400, 'PREFIX_MALFORMED');
      if (prefix.length > 2) expect(JSON.stringify(problem)).not.toContain(prefix);
    }
  });

  test.each(['?', '?snapshot=', '?snapshot=7', '?x=1', '?snapshot=000001-0123456789abcdef&x=1', '?SNAPSHOT=1'])(
    'query %s is refused',
    async (query) => {
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

  test('an index that the dataset does not have is missing', async () => {
    const small = await makeDataset({ pairs: seededPairs(20, 2), indexes: ['account'], bucketFloor: 1000 });
    const other = await startServer(small.folder, { port: 0 });
    try {
      await expectProblem(await fetch(`${other.url}/v1/password/0`), 404, 'INDEX_MISSING');
      expect((await fetch(`${other.url}/v1/account/0`)).status).toBe(200);
    } finally {
      await other.close({ deadlineMs: 100 });
      small.dispose();
    }
  });

  test.each(['/v1', '/v1/', '/v1/config/', '/V1/config', '/v1/account', '/v1/account/00/11', '/v1/sha1/00000'])(
    'route %s is missing',
    async (path) => {
      await expectProblem(await get(path), 404, 'ROUTE_MISSING');
    },
  );

  test.each(['/v1/config', '/v1/account/00', '/v1/password/00', '/healthz', '/readyz'])(
    '%s allows reading only and answers a preflight',
    async (path) => {
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

describe('operations', () => {
  test('the config is what the protocol says and is revalidated', async () => {
    const answer = await get('/v1/config');
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toBe('public, no-cache');
    expect(answer.headers.get('etag')).toBe(`"${config.snapshot}"`);
    expect(answer.headers.get('credveil-snapshot')).toBe(config.snapshot);
    expectCommonHeaders(answer);
    expect(config.keyId).toBe(made.key.keyId);
    const again = await get('/v1/config', { 'If-None-Match': `"${config.snapshot}"` });
    expect(again.status).toBe(304);
    await expectProblem(await get('/v1/config?x'), 400, 'QUERY_MALFORMED');
  });

  test('health and readiness', async () => {
    const health = await get('/healthz');
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await get('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', snapshot: config.snapshot }]);
    expect(ready.headers.get('cache-control')).toBe('no-store');
  });

  test('bodies that do not fit the memory budget are the same', async () => {
    const lean = await startServer(made.folder, { port: 0, maxHeldBytes: 0 });
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
