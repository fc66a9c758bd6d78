// GET /range/{prefix} over real HTTP: Have I Been Pwned's contract to the letter. PROTOCOL.md §13.

import http from 'node:http';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatRangePrefix, RANGE_NAMES, RANGES, type RangeName } from '../protocol/bucket-id.ts';
import { type CredveilServer, startServer } from '../server/server.ts';
import { serveDataset } from './fixtures/credveil.ts';
import { makeDataset, seededPairs } from './fixtures/dataset.ts';
import { createRandom, testSeed } from './fixtures/random.ts';
import {
  makeRangeDataset,
  type RangeDataset,
  type RangeFiles,
  SUFFIX_DIGITS,
  seededRanges,
  sha1Of,
} from './fixtures/range-dataset.ts';
import { connect, readToEnd } from './fixtures/raw-http.ts';

const EMPTY = '12345';
const random = createRandom(testSeed('server ranges'));
const prefixes = (count: number): string[] =>
  Array.from({ length: count }, () => formatRangePrefix(random.below(RANGES))).filter((prefix) => prefix !== EMPTY);
// Lengths that leave every rest of a row over.
const FILES: { readonly [name in RangeName]: RangeFiles } = {
  sha1: seededRanges('sha1', ['00000', 'ABCDE', 'FFFFF', ...prefixes(80)], () => 1 + random.below(120)),
  ntlm: seededRanges('ntlm', ['00000', 'ABCDE', ...prefixes(40)], () => 1 + random.below(60)),
};
const QUERY: { readonly [name in RangeName]: string } = { sha1: '', ntlm: '?mode=ntlm' };

let made: RangeDataset;
let server: CredveilServer;
beforeAll(async () => {
  made = await makeRangeDataset(FILES);
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close({ deadlineMs: 100 });
  made.dispose();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** As it is on the wire: fetch would decode it, and add headers of its own. */
function ask(path: string, headers: http.OutgoingHttpHeaders = {}, method = 'GET', to = server): Promise<Answer> {
  const { host, port } = to.address;
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, path, headers, method }, (response) => {
      const blocks: Buffer[] = [];
      response.on('data', (block: Buffer) => blocks.push(block));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(blocks) });
      });
      response.on('error', reject);
    });
    request.on('error', reject).end();
  });
}

const textOf = ({ bytes }: Answer): string => bytes.toString('latin1');
const fileOf = (name: RangeName, prefix: string): string => FILES[name].get(prefix) ?? '';
const PADDING = { 'Add-Padding': 'true' };

describe('a range', () => {
  test.each(RANGE_NAMES)('of %s comes back byte for byte, whatever the case of its prefix', async (name) => {
    for (const [prefix, text] of FILES[name]) {
      const answer = await ask(`/range/${prefix}${QUERY[name]}`);
      expect(answer.status).toBe(200);
      expect(textOf(answer)).toBe(text);
      expect(answer.headers['content-type']).toBe('text/plain');
      expect(answer.headers['content-length']).toBe(String(text.length));
    }
    for (const prefix of ['abcde', 'aBcDe', 'ABCDE'])
      expect(textOf(await ask(`/range/${prefix}${QUERY[name]}`))).toBe(fileOf(name, 'ABCDE'));
  });

  test('without hashes is 200 and empty', async () => {
    const answer = await ask(`/range/${EMPTY}`);
    expect([answer.status, answer.headers['content-length'], answer.bytes.length]).toEqual([200, '0', 0]);
  });

  test('of the passwords that were ingested in plaintext holds their counts', async () => {
    const passwords = ['correct horse', 'correct horse', 'Tr0ub4dor&3'];
    const plain = await makeRangeDataset({ passwords });
    const other = await startServer(plain.folder, { port: 0 });
    try {
      const hash = sha1Of('correct horse');
      const answer = await ask(`/range/${hash.slice(0, 5)}`, {}, 'GET', other);
      expect(textOf(answer)).toBe(`${hash.slice(5)}:2`);
    } finally {
      await other.close({ deadlineMs: 100 });
      plain.dispose();
    }
  });

  test.each([
    ['?mode=ntlm', 'ntlm'],
    ['?x=1&mode=ntlm&y', 'ntlm'],
    ['?mode=%6etlm', 'ntlm'],
    ['?mode=sha1', 'sha1'],
    ['?mode=NTLM', 'sha1'],
    ['?mode=', 'sha1'],
    ['?mode', 'sha1'],
    ['?mode=sha1&mode=ntlm', 'sha1'],
    ['?mode=md5', 'sha1'],
    ['?', 'sha1'],
    ['?snapshot=1&%zz=%&&=', 'sha1'],
  ] as const)('with the query %s is of %s', async (query, name) => {
    const answer = await ask(`/range/ABCDE${query}`);
    expect([answer.status, textOf(answer)]).toEqual([200, fileOf(name, 'ABCDE')]);
  });

  test('is the same where little or nothing is held in memory', async () => {
    for (const maxHeldBytes of [0, 20_000]) {
      const lean = await startServer(made.folder, { port: 0, maxHeldBytes });
      try {
        for (let i = 0; i < 200; i++) {
          const name = random.pick(RANGE_NAMES);
          const path = `/range/${random.pick([...FILES[name].keys(), EMPTY])}${QUERY[name]}`;
          const headers = random.pick([{}, PADDING, { 'Accept-Encoding': 'br' }, { 'Accept-Encoding': 'gzip' }]);
          const [here, there] = [await ask(path, headers), await ask(path, headers, 'GET', lean)];
          expect(there.bytes.equals(here.bytes)).toBe(true);
          expect(there.headers.etag).toBe(here.headers.etag);
        }
      } finally {
        await lean.close({ deadlineMs: 100 });
      }
    }
  });
});

describe('what is not a range', () => {
  const expectMalformed = (answer: Answer): void => {
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(textOf(answer)).toBe('The prefix of a range has five hexadecimal digits.');
  };

  test.each([
    '',
    '/',
    '/ABCD',
    '/ABCDEF',
    '/ABCDG',
    '/ABCDE/',
    '/ABCDE/1',
    '//ABCDE',
    '/%41BCDE',
    '/ABCDE%0D%0A',
    '/0x123',
  ])('/range%s is 400 in text', async (rest) => {
    for (const query of ['', '?', '?mode=ntlm']) expectMalformed(await ask(`/range${rest}${query}`));
  });

  test('10,000 fuzzed targets are a range exactly where they are five hex digits', async () => {
    const alphabet = [...'0123456789abcdefABCDEF', ...'gGxZ.-_~!*:@&=+$,;\'"()[]|^`<>{}\\%/'];
    let valid = 0;
    const one = async (): Promise<void> => {
      const digits = Array.from(
        { length: 4 + random.below(3) },
        () => alphabet[random.below(random.below(4) === 0 ? alphabet.length : 22)],
      ).join('');
      const answer = await ask(`/range/${digits}`);
      if (/^[0-9a-f]{5}$/i.test(digits)) {
        valid++;
        expect([answer.status, textOf(answer)]).toEqual([200, fileOf('sha1', digits.toUpperCase())]);
      } else expectMalformed(answer);
    };
    for (let i = 0; i < 400; i++) await Promise.all(Array.from({ length: 25 }, one));
    expect(valid).toBeGreaterThan(500);
  });

  test.each(['/ranges', '/range.txt', '/Range/ABCDE', '/RANGE/ABCDE', '/v1/range/ABCDE'])(
    '%s is no route',
    async (path) => {
      const answer = await ask(path);
      expect(answer.status).toBe(404);
      expect(JSON.parse(textOf(answer))).toMatchObject({ code: 'ROUTE_MISSING' });
    },
  );

  test('an index that the dataset does not have is 404, and never an empty answer', async () => {
    const withSha1 = await makeRangeDataset({ sha1: FILES.sha1 }, ['sha1']);
    const keyed = await makeDataset({ pairs: seededPairs(20) });
    const [one, none] = [
      await startServer(withSha1.folder, { port: 0, additional: [{ folder: keyed.folder }] }),
      await startServer(keyed.folder, { port: 0, additional: [{ folder: withSha1.folder }] }),
    ];
    try {
      const { dataset } = keyed.dataset.parameters;
      for (const [to, path] of [
        [one, '/range/ABCDE?mode=ntlm'],
        [none, '/range/ABCDE'],
        [none, '/range/ABCDE?mode=ntlm'],
        [one, `/d/${dataset}/range/ABCDE`],
      ] as const) {
        const answer = await ask(path, PADDING, 'GET', to);
        expect(answer.status).toBe(404);
        expect(JSON.parse(textOf(answer))).toMatchObject({ code: 'INDEX_MISSING' });
      }
      expectMalformed(await ask('/range/ABCDG', {}, 'GET', none));
      expect((await ask('/range/ABCDE', {}, 'GET', one)).status).toBe(200);
      const [, listed] = JSON.parse(textOf(await ask('/v1/datasets', {}, 'GET', none))) as { dataset: string }[];
      for (const rest of ['/range/abcde', '/range/abcde?mode=sha1'])
        expect(textOf(await ask(`/d/${listed?.dataset}${rest}`, {}, 'GET', none))).toBe(fileOf('sha1', 'ABCDE'));
      expectMalformed(await ask(`/d/${listed?.dataset}/range`, {}, 'GET', none));
    } finally {
      for (const started of [one, none]) await started.close({ deadlineMs: 100 });
      withSha1.dispose();
      keyed.dispose();
    }
  });

  test('another method is refused, and so is a body', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await ask('/range/ABCDE', {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
    expect((await ask('/range/ABCDE', { 'Content-Length': 3 }, 'GET')).status).toBe(413);
  });
});

describe('padding', () => {
  const rowsOf = (text: string): [string, string][] =>
    text.split('\r\n').map((row) => row.split(':') as [string, string]);

  test.each(RANGE_NAMES)('of %s gives every answer one size, in bytes on the wire', async (name) => {
    const sizes = new Set<number>();
    const wire = new Set<number>();
    for (const prefix of [...FILES[name].keys(), EMPTY, ...prefixes(30)]) {
      const answer = await ask(`/range/${prefix}${QUERY[name]}`, PADDING);
      expect(answer.status).toBe(200);
      const text = textOf(answer);
      sizes.add(text.length);
      const rows = rowsOf(text);
      const row = new RegExp(`^[0-9A-F]{${SUFFIX_DIGITS[name]}}:\\d+$`);
      for (const one of text.split('\r\n')) expect(one).toMatch(row);
      // In order as without padding, so that nothing of a row but its 0 says what it is.
      const suffixes = rows.map(([suffix]) => suffix);
      expect(new Set(suffixes).size).toBe(rows.length);
      expect(suffixes).toEqual(suffixes.toSorted());
      const seen = rows.filter(([, count]) => Number(count) > 0).map((parts) => parts.join(':'));
      expect(seen.join('\r\n')).toBe(fileOf(name, prefix));
      expect(seen.length).toBeLessThan(rows.length);
      const socket = await connect(server);
      socket.write(
        `GET /range/${prefix}${QUERY[name]} HTTP/1.1\r\nHost: x\r\nAdd-Padding: true\r\nConnection: close\r\n\r\n`,
      );
      wire.add((await readToEnd(socket)).length);
    }
    expect(sizes.size).toBe(1);
    expect(wire.size).toBe(1);
    const longest = Math.max(...[...FILES[name].values()].map((text) => text.length));
    expect([...sizes]).toEqual([longest + '\r\n:0'.length + SUFFIX_DIGITS[name]]);
  });

  test.each(['true', 'True', 'TRUE', '1', ' true ', 'true, true', '1, 1'])('is asked for with %s', async (value) => {
    const padded = await ask('/range/ABCDE', PADDING);
    const answer = await ask('/range/ABCDE', { 'add-padding': value });
    expect(answer.bytes.equals(padded.bytes)).toBe(true);
    expect(answer.headers.etag).toBe(padded.headers.etag);
  });

  test.each(['false', '0', '', 'no', '11', 'untrue'])('is not asked for with "%s"', async (value) => {
    expect(textOf(await ask('/range/ABCDE', { 'Add-Padding': value }))).toBe(fileOf('sha1', 'ABCDE'));
  });

  test('is never compressed, here or on the way', async () => {
    const plain = await ask('/range/ABCDE', PADDING);
    for (const coding of ['br', 'gzip', 'gzip, deflate, br', '*', 'identity;q=0, br']) {
      const answer = await ask('/range/ABCDE', { ...PADDING, 'Accept-Encoding': coding });
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.bytes.equals(plain.bytes)).toBe(true);
      expect(answer.headers['cache-control']).toBe('public, no-cache, no-transform');
    }
  });

  test('is of its range, and the same each time', async () => {
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

  test('of an index without a single hash is a row for every range', async () => {
    const empty = await makeRangeDataset({}, ['sha1']);
    const other = await startServer(empty.folder, { port: 0 });
    try {
      for (const prefix of ['00000', 'fffff'])
        expect(textOf(await ask(`/range/${prefix}`, PADDING, 'GET', other))).toMatch(/^[0-9A-F]{35}:0+$/);
    } finally {
      await other.close({ deadlineMs: 100 });
      empty.dispose();
    }
  });
});

describe('caches', () => {
  const FORMS: readonly http.OutgoingHttpHeaders[] = [
    {},
    { 'Accept-Encoding': 'br' },
    { 'Accept-Encoding': 'gzip' },
    PADDING,
  ];

  test('can tell all forms apart and revalidate each', async () => {
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

  test('may ask by date where they have no tag', async () => {
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
    expect(await status({ 'If-Modified-Since': 'yesterday' })).toBe(200);
    expect(await status({ 'If-Modified-Since': modified, 'If-None-Match': '"other"' })).toBe(200);
    expect(await status({ 'If-Modified-Since': 'yesterday', 'If-None-Match': headers.etag })).toBe(304);
  });

  test('see a new snapshot, its ranges, tags and padded size', async () => {
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

describe('codings', () => {
  test.each(RANGE_NAMES)('br and gzip hold the same text of %s', async (name) => {
    for (const prefix of [...[...FILES[name].keys()].slice(0, 10), EMPTY])
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

  test('save nearly half of a range', async () => {
    const [prefix = '', text = ''] = [...FILES.sha1].find(([, rows]) => rows.length > 3000) ?? [];
    for (const coding of ['br', 'gzip'])
      expect((await ask(`/range/${prefix}`, { 'Accept-Encoding': coding })).bytes.length).toBeLessThan(
        0.6 * text.length,
      );
  });

  test.each([
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
  ] as const)('Accept-Encoding: %s chooses %s', async (accepted, chosen) => {
    const answer = await ask('/range/ABCDE', { 'Accept-Encoding': accepted });
    expect([answer.status, answer.headers['content-encoding']]).toEqual([200, chosen]);
  });
});

describe('every answer', () => {
  test('has a HEAD without the body', async () => {
    for (const headers of [{}, PADDING, { 'Accept-Encoding': 'br' }]) {
      const [head, whole] = [await ask('/range/ABCDE', headers, 'HEAD'), await ask('/range/ABCDE', headers)];
      const { date: _head, ...headHeaders } = head.headers;
      const { date: _whole, ...wholeHeaders } = whole.headers;
      expect([head.status, head.bytes.length, headHeaders]).toEqual([200, 0, wholeHeaders]);
    }
    expect(await ask('/range/nope', {}, 'HEAD')).toMatchObject({ status: 400 });
  });

  test('is open to every origin, with padding too', async () => {
    expect((await ask('/range/ABCDE', { Origin: 'https://example.test' })).headers['access-control-allow-origin']).toBe(
      '*',
    );
    const preflight = await ask(
      '/range/ABCDE',
      {
        Origin: 'https://example.test',
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'add-padding',
      },
      'OPTIONS',
    );
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'Add-Padding, If-None-Match, If-Modified-Since',
    });
  });
});

test('the command writes no prefix anywhere', async () => {
  const served = await serveDataset(made.folder);
  const marked = ['C0FFE', 'c0ffe', 'C0FFEE', 'C0FFX'];
  for (const prefix of marked)
    for (const query of ['', '?mode=ntlm', `?mode=${prefix}`])
      expect([200, 400]).toContain((await fetch(`${served.url}/range/${prefix}${query}`, { headers: PADDING })).status);
  expect((await fetch(`${served.url}/ranges/C0FFE`)).status).toBe(404);
  const { stdout, stderr } = await served.stop();
  expect(stdout).toContain('"url"');
  expect(stderr).toContain('closing');
  expect(`${stdout}${stderr}`.toUpperCase()).not.toContain('C0FF');
});
