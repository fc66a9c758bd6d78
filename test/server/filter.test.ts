// GET /v1/filter/password over real HTTP: whole, by ETag, by range, and across snapshots.
// PROTOCOL.md §13, §17.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { requestedRange } from '../../runtime/http/negotiation.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { filterPath } from '../../store/snapshot/layout/snapshot-files.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { type MadeDataset, makeDataset, seededPasswords } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { connect } from '../support/raw-http.ts';
import { fetchPublished } from '../support/signed/published.ts';

const ROUTE = '/v1/filter/password';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** The filter of the snapshot. */
  readonly file: Buffer;
  /** The id of the snapshot. */
  readonly id: string;
  get(headers?: Record<string, string>, suffix?: string, method?: string): Promise<Response>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const made = await makeDataset({ passwords: seededPasswords(2000) });
  const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5, allowedOrigins: ['*'] });
  const file = fs.readFileSync(filterPath(made.dataset, '000001'));
  return {
    made,
    server,
    file,
    id: openCurrent(made.dataset)?.facts.snapshot ?? '',
    get: (headers = {}, suffix = '', method = 'GET') =>
      fetch(`${server.url}${ROUTE}${suffix}`, { method, headers: { 'accept-encoding': 'gzip, br', ...headers } }),
    async close() {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());

async function expectProblem(answer: Response, status: number, code: string): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.json()).toMatchObject({ status, code });
}

describe('the filter route', () => {
  test('the filter is the current snapshot’s file, with a Content-Length and never compressed', async ({
    world: { server, file, id, get },
  }) => {
    expect((await fetchPublished(server.url)).layer.filter).toMatchObject({ bytes: file.length });
    for (const method of ['GET', 'HEAD']) {
      const answer = await get({}, '', method);
      expect(answer.status).toBe(200);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        etag: `"${id}-filter"`,
        'accept-ranges': 'bytes',
        'content-length': String(file.length),
        'content-type': 'application/octet-stream',
        'cache-control': 'public, no-cache, no-transform',
        'credveil-snapshot': id,
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
      });
      expect(answer.headers.get('content-encoding')).toBeNull();
      const body = await bytesOf(answer);
      expect(body.length).toBe(method === 'GET' ? file.length : 0);
      if (method === 'GET') expect(body.equals(file)).toBe(true);
    }
  });

  test('a filter URL with a snapshot is immutable, and gone for an unserved snapshot', async ({
    world: { file, id, get },
  }) => {
    const answer = await get({}, `?snapshot=${id}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=604800, immutable, no-transform');
    expect((await bytesOf(answer)).equals(file)).toBe(true);
    await expectProblem(await get({}, '?snapshot=000009-0123456789abcdef'), 410, 'SNAPSHOT_GONE');
    await expectProblem(await get({}, '?x=1'), 400, 'QUERY_MALFORMED');
  });

  test('a client with the current filter gets 304', async ({ world: { id, get } }) => {
    for (const listed of [`"${id}-filter"`, `W/"${id}-filter"`, '*', `"a", "${id}-filter"`]) {
      const answer = await get({ 'If-None-Match': listed, Range: 'bytes=0-1' });
      expect(answer.status).toBe(304);
      expect(answer.headers.get('etag')).toBe(`"${id}-filter"`);
      expect((await bytesOf(answer)).length).toBe(0);
    }
    // A bucket has another ETag, since it has another body.
    expect((await get({ 'If-None-Match': `"${id}"` }, '', 'HEAD')).status).toBe(200);
  });

  test.for([
    ['bytes=0-0', 0, 1],
    ['bytes=0-', 0, undefined],
    ['bytes=100-199', 100, 200],
    ['bytes=1000-', 1000, undefined],
    ['bytes=-16', -16, undefined],
    ['bytes=-99999999', 0, undefined],
    ['bytes=10-99999999999', 10, undefined],
    ['BYTES=5-6', 5, 7],
  ] as const)(
    'the range %s returns that part of the filter',
    async ([range, start, end], { world: { file, id, get } }) => {
      const answer = await get({ Range: range });
      const expected = file.subarray(start, end);
      const from = start < 0 ? file.length + start : start;
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${from + expected.length - 1}/${file.length}`);
      expect(answer.headers.get('content-length')).toBe(String(expected.length));
      expect(answer.headers.get('etag')).toBe(`"${id}-filter"`);
      expect((await bytesOf(answer)).equals(expected)).toBe(true);
    },
  );

  test.for(['bytes=0-1,5-6', 'bytes=', 'bytes=-', 'bytes=6-5', 'lines=0-1', 'bytes=a-b', 'bytes= 0-1'])(
    'the unsupported range %s returns the whole filter',
    async (range, { world: { file, get } }) => {
      const answer = await get({ Range: range });
      expect(answer.status).toBe(200);
      expect((await bytesOf(answer)).equals(file)).toBe(true);
    },
  );

  test('a range beyond the end of the filter is 416', async ({ world: { file, get } }) => {
    for (const range of [`bytes=${file.length}-`, 'bytes=99999999-', 'bytes=-0']) {
      const answer = await get({ Range: range });
      expect(answer.headers.get('content-range')).toBe(`bytes */${file.length}`);
      await expectProblem(answer, 416, 'RANGE_NOT_SATISFIABLE');
    }
    expect((await get({ Range: 'bytes=99999999-' }, '', 'HEAD')).status).toBe(200);
  });

  test('a range is ignored if If-Range does not match', async ({ world: { id, get } }) => {
    expect((await get({ Range: 'bytes=0-1', 'If-Range': `"${id}-filter"` })).status).toBe(206);
    for (const other of [`"${id}"`, `W/"${id}-filter"`, 'Wed, 21 Oct 2026 07:28:00 GMT'])
      expect((await get({ Range: 'bytes=0-1', 'If-Range': other })).status).toBe(200);
  });

  test('the filter refuses methods that write', async ({ world: { server, get } }) => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await get({}, '', method);
      expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      await expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
    }
    const preflight = await get({}, '', 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, If-None-Match, If-Range, Range');
    await expectProblem(await fetch(`${server.url}/v1/filter/account`), 404, 'ROUTE_MISSING');
  });

  test('a second dataset serves its filter under its own path', async ({ world: { made, server, file } }) => {
    const { id: dataset } = made.dataset;
    const answer = await fetch(`${server.url}/d/${dataset}${ROUTE}`);
    expect((await bytesOf(answer)).equals(file)).toBe(true);
  });

  test('a dataset without a password index or filter has no filter route', async () => {
    for (const [options, code] of [
      [{ indexes: ['account'] }, 'INDEX_MISSING'],
      [{ filterOneIn: 0 }, 'FILTER_MISSING'],
    ] as const) {
      const other = await makeDataset({ passwords: ['a'], pairs: [{ username: 'b', password: 'c' }], ...options });
      const without = await startServer(other.folder, { port: 0 });
      await expectProblem(await fetch(`${without.url}${ROUTE}`), 404, code);
      expect((await fetchPublished(without.url)).layer.filter).toBeUndefined();
      await without.close({ deadlineMs: 100 });
      other.dispose();
    }
  });
});

describe('byte ranges', () => {
  test('byte ranges are parsed as in RFC 9110', () => {
    expect(requestedRange('bytes=0-9', undefined, '"e"', 5)).toEqual({ start: 0, end: 5 });
    expect(requestedRange(`bytes=0-${'9'.repeat(16)}`, undefined, '"e"', 5)).toBeUndefined();
    expect(requestedRange(undefined, '"e"', '"e"', 5)).toBeUndefined();
  });
});

describe('a large filter', () => {
  /** Larger than the buffers of sockets and streams. */
  const PASSWORDS = 300_000;

  test('a slow reader gets the whole filter of a pruned snapshot and delays no other client', async () => {
    const filterOneIn = 1_000_000;
    const large = await makeDataset({ passwords: [], published: false, filterOneIn, indexes: ['password'] });
    large.addSource('many', { passwords: seededPasswords(PASSWORDS) });
    await large.publish();
    const served = await startServer(large.folder, { port: 0, pollIntervalMs: 5 });
    const path = filterPath(large.dataset, '000001');
    const { size } = fs.statSync(path);
    const sha256 = createHash('sha256').update(fs.readFileSync(path)).digest('hex');
    try {
      const reader = (await fetch(served.url + ROUTE)).body?.getReader();
      const first = await reader?.read();
      // Another client reads nothing and leaves.
      const socket = await connect(served);
      socket.pause();
      socket.write(`GET ${ROUTE} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      for (const source of ['b', 'c', 'd']) {
        large.addSource(source, { passwords: [source] });
        const { facts } = await publish(large.dataset, large.suite, { keep: 1 });
        await expect
          .poll(async () => ((await (await fetch(`${served.url}/readyz`)).json()) as { snapshot: string }).snapshot)
          .toBe(facts.snapshot);
      }
      expect(fs.existsSync(path)).toBe(false);
      socket.destroy();
      const hash = createHash('sha256');
      let bytes = 0;
      for (let piece = first; piece && !piece.done; piece = await reader?.read()) {
        hash.update(piece.value as Uint8Array);
        bytes += (piece.value as Uint8Array).length;
      }
      expect(bytes).toBe(size);
      expect(hash.digest('hex')).toBe(sha256);
      // The pruned files are no longer open.
      const open = () =>
        fs
          .readdirSync('/proc/self/fd')
          .map((fd) => {
            try {
              return fs.readlinkSync(`/proc/self/fd/${fd}`);
            } catch {
              return '';
            }
          })
          .filter((name) => name.includes(large.folder) && name.includes('000001.filter'));
      if (process.platform === 'linux') await expect.poll(open).toEqual([]);
    } finally {
      await served.close({ deadlineMs: 100 });
      large.dispose();
    }
  });
});
