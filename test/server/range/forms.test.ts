// The forms of a range over real HTTP: padded to one size, compressed, and distinct for caches.
// PROTOCOL.md §13.

import type http from 'node:http';
import zlib from 'node:zlib';
import { describe, expect } from 'vitest';
import { RANGE_NAMES } from '../../../protocol/bucket-id.ts';
import { startServer } from '../../../server/server.ts';
import { makeRangeDataset, SUFFIX_DIGITS, seededRanges } from '../../support/range-dataset.ts';
import { type Answer, EMPTY, PADDING, QUERY, rangeTest, seededContents, textOf } from '../../support/range-server.ts';
import { connect, readToEnd } from '../../support/raw-http.ts';

const contents = seededContents('forms of ranges');
const { prefixes, files, fileOf } = contents;
const test = rangeTest(contents);

describe('padding', () => {
  const rowsOf = (text: string): [string, string][] =>
    text.split('\r\n').map((row) => row.split(':') as [string, string]);

  test.for(RANGE_NAMES)(
    'padded responses of %s all have the same size on the wire',
    async (name, { world: { server, ask } }) => {
      const sizes = new Set<number>();
      const wire = new Set<number>();
      for (const prefix of [...files[name].keys(), EMPTY, ...prefixes(30)]) {
        const answer = await ask(`/range/${prefix}${QUERY[name]}`, PADDING);
        expect(answer.status).toBe(200);
        const text = textOf(answer);
        sizes.add(text.length);
        const rows = rowsOf(text);
        const row = new RegExp(`^[0-9A-F]{${SUFFIX_DIGITS[name]}}:\\d+$`);
        for (const one of text.split('\r\n')) expect(one).toMatch(row);
        // Rows are sorted as without padding, so that only its 0 marks a padding row.
        const suffixes = rows.map(([suffix]) => suffix);
        expect(new Set(suffixes).size).toBe(rows.length);
        expect(suffixes).toEqual(suffixes.toSorted());
        const seen = rows.filter(([, count]) => Number(count) > 0).map((parts) => parts.join(':'));
        expect(seen.join('\r\n')).toBe(fileOf(name, prefix));
        expect(seen.length).toBeLessThan(rows.length);
        const socket = await connect(server);
        socket.write(
          `GET /range/${prefix}${QUERY[name]} HTTP/1.1\r\nHost: localhost\r\nAdd-Padding: true\r\nConnection: close\r\n\r\n`,
        );
        wire.add((await readToEnd(socket)).length);
      }
      expect(sizes.size).toBe(1);
      expect(wire.size).toBe(1);
      const longest = Math.max(...[...files[name].values()].map((text) => text.length));
      expect([...sizes]).toEqual([longest + '\r\n:0'.length + SUFFIX_DIGITS[name]]);
    },
  );

  test.for(['true', 'True', 'TRUE', '1', ' true ', 'true, true', '1, 1'])(
    'the Add-Padding value %s requests padding',
    async (value, { world: { ask } }) => {
      const padded = await ask('/range/ABCDE', PADDING);
      const answer = await ask('/range/ABCDE', { 'add-padding': value });
      expect(answer.bytes.equals(padded.bytes)).toBe(true);
      expect(answer.headers.etag).toBe(padded.headers.etag);
    },
  );

  test.for(['false', '0', '', 'no', '11', 'untrue'])(
    'the Add-Padding value "%s" requests no padding',
    async (value, { world: { ask } }) => {
      expect(textOf(await ask('/range/ABCDE', { 'Add-Padding': value }))).toBe(fileOf('sha1', 'ABCDE'));
    },
  );

  test('a padded response is never compressed, by the server or a proxy', async ({ world: { ask } }) => {
    const plain = await ask('/range/ABCDE', PADDING);
    for (const coding of ['br', 'gzip', 'gzip, deflate, br', '*', 'identity;q=0, br']) {
      const answer = await ask('/range/ABCDE', { ...PADDING, 'Accept-Encoding': coding });
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.bytes.equals(plain.bytes)).toBe(true);
      expect(answer.headers['cache-control']).toBe('public, no-cache, no-transform');
    }
  });

  test('padding depends only on its range and is the same each time', async ({ world: { made, ask } }) => {
    const again = await startServer(made.folder, { port: 0, maxHeldBytes: 0 });
    try {
      const zeros = new Set<string>();
      let rows = 0;
      for (const prefix of [EMPTY, '00000', 'ABCDE', ...prefixes(20)]) {
        const answer = await ask(`/range/${prefix}`, PADDING);
        expect((await ask(`/range/${prefix}`, PADDING, 'GET', again)).bytes.equals(answer.bytes)).toBe(true);
        for (const [suffix, count] of rowsOf(textOf(answer)))
          if (Number(count) === 0) {
            zeros.add(suffix);
            rows++;
          }
      }
      expect(zeros.size).toBe(rows);
    } finally {
      await again.close({ deadlineMs: 100 });
    }
  });

  test('no range of an empty index says that nothing leaked', async ({ world: { ask } }) => {
    const empty = await makeRangeDataset({}, ['sha1']);
    const other = await startServer(empty.folder, { port: 0 });
    try {
      for (const prefix of ['00000', 'fffff'])
        expect((await ask(`/range/${prefix}`, PADDING, 'GET', other)).status).toBe(503);
    } finally {
      await other.close({ deadlineMs: 100 });
      empty.dispose();
    }
  });
});

describe('caching of ranges', () => {
  const FORMS: readonly http.OutgoingHttpHeaders[] = [
    {},
    { 'Accept-Encoding': 'br' },
    { 'Accept-Encoding': 'gzip' },
    PADDING,
  ];

  test('a cache can distinguish and revalidate all forms of a range', async ({ world: { ask } }) => {
    const etags = new Set<string>();
    for (const query of ['', '?mode=ntlm'])
      for (const headers of FORMS) {
        const answer = await ask(`/range/ABCDE${query}`, headers);
        const etag = answer.headers.etag as string;
        expect(etag).toMatch(/^"[^"]+"$/);
        etags.add(etag);
        expect(answer.headers.vary).toBe('Accept-Encoding, Add-Padding');
        expect(answer.headers['cache-control']).toMatch(/^public, no-cache/);
        for (const listed of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
          const fresh = await ask(`/range/ABCDE${query}`, { ...headers, 'If-None-Match': listed });
          expect([fresh.status, fresh.bytes.length, fresh.headers.etag]).toEqual([304, 0, etag]);
          for (const name of ['vary', 'cache-control', 'last-modified'])
            expect(fresh.headers[name]).toBe(answer.headers[name]);
        }
        expect((await ask(`/range/ABCDE${query}`, { ...headers, 'If-None-Match': '"other"' })).status).toBe(200);
      }
    expect(etags.size).toBe(8);
  });

  test('a cache without an ETag can revalidate by date', async ({ world: { ask } }) => {
    const { headers } = await ask('/range/ABCDE');
    const modified = headers['last-modified'] as string;
    const at = Date.parse(modified);
    expect(Math.abs(Date.now() - at)).toBeLessThan(3_600_000);
    expect(new Date(at).toUTCString()).toBe(modified);
    const status = async (more: http.OutgoingHttpHeaders): Promise<number | undefined> =>
      (await ask('/range/ABCDE', more)).status;
    expect(await status({ 'If-Modified-Since': modified })).toBe(304);
    expect(await status({ 'If-Modified-Since': new Date(at + 60_000).toUTCString() })).toBe(304);
    expect(await status({ 'If-Modified-Since': new Date(at - 1000).toUTCString() })).toBe(200);
    for (const none of [
      'yesterday',
      '2999',
      '2999-01-01',
      'Tue, 99 Foo 2999 00:00:00 GMT',
      'Fri Jan  1 00:00:00 2999',
      '',
    ])
      expect(await status({ 'If-Modified-Since': none }), none).toBe(200);
    expect(await status({ 'If-Modified-Since': modified, 'If-None-Match': '"other"' })).toBe(200);
    expect(await status({ 'If-Modified-Since': 'yesterday', 'If-None-Match': headers.etag })).toBe(304);
  });

  test('a new snapshot changes ranges, ETags and the padded size', async ({ world: { ask } }) => {
    const one = seededRanges('sha1', ['ABCDE'], 3, 1);
    const more = seededRanges('sha1', ['ABCDE'], 40, 2);
    const moving = await makeRangeDataset({ sha1: one }, ['sha1']);
    const other = await startServer(moving.folder, { port: 0, pollIntervalMs: 5 });
    const of = (headers = {}): Promise<Answer> => ask('/range/ABCDE', headers, 'GET', other);
    try {
      const [before, paddedBefore] = [await of(), await of(PADDING)];
      expect(textOf(before)).toBe(one.get('ABCDE'));
      await moving.add('second', { sha1: more });
      await moving.publish();
      while ((await of()).headers['credveil-snapshot'] === before.headers['credveil-snapshot']);
      const [after, paddedAfter] = [await of({ 'If-None-Match': before.headers.etag }), await of(PADDING)];
      expect(after.status).toBe(200);
      const both = [...one.values(), ...more.values()].join('\r\n').split('\r\n').sort();
      expect(textOf(after)).toBe(both.join('\r\n'));
      expect(paddedAfter.bytes.length).toBeGreaterThan(paddedBefore.bytes.length);
    } finally {
      await other.close({ deadlineMs: 100 });
      moving.dispose();
    }
  });
});

describe('content codings of ranges', () => {
  test.for(RANGE_NAMES)('br and gzip responses of %s have the same text', async (name, { world: { ask } }) => {
    for (const prefix of [...[...files[name].keys()].slice(0, 10), EMPTY])
      for (const [coding, decode] of [
        ['br', zlib.brotliDecompressSync],
        ['gzip', zlib.gunzipSync],
      ] as const) {
        const answer = await ask(`/range/${prefix}${QUERY[name]}`, { 'Accept-Encoding': coding });
        expect(answer.headers['content-encoding']).toBe(coding);
        expect(answer.headers['content-length']).toBe(String(answer.bytes.length));
        expect(decode(answer.bytes).toString('latin1')).toBe(fileOf(name, prefix));
      }
  });

  test('compression saves nearly half of a range', async ({ world: { ask } }) => {
    const [prefix = '', text = ''] = [...files.sha1].find(([, rows]) => rows.length > 3000) ?? [];
    for (const coding of ['br', 'gzip'])
      expect((await ask(`/range/${prefix}`, { 'Accept-Encoding': coding })).bytes.length).toBeLessThan(
        0.6 * text.length,
      );
  });

  test.for([
    ['gzip, deflate, br', 'br'],
    ['br, gzip, deflate', 'br'],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP;Q=1', 'gzip'],
    ['gzip;q=1, br;q=0.9', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['*', 'br'],
    ['identity, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['gzip;q=0, br;q=0', undefined],
    ['identity;q=0', undefined],
    ['deflate, zstd', undefined],
    ['gzip;q=x', undefined],
    [',;=,', undefined],
    ['', undefined],
  ] as const)('Accept-Encoding: %s chooses %s', async ([accepted, chosen], { world: { ask } }) => {
    const answer = await ask('/range/ABCDE', { 'Accept-Encoding': accepted });
    expect([answer.status, answer.headers['content-encoding']]).toEqual([200, chosen]);
  });
});
