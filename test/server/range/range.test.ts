// GET /range/{prefix} over real HTTP: the exact contract of Have I Been Pwned. PROTOCOL.md §13.

import { describe, expect } from 'vitest';
import { RANGE_NAMES } from '../../../protocol/bucket-id.ts';
import { startServer } from '../../../server/server.ts';
import { serveDataset } from '../../support/credveil.ts';
import { makeDataset, seededPairs } from '../../support/dataset.ts';
import { makeRangeDataset, sha1Of } from '../../support/range-dataset.ts';
import { type Answer, EMPTY, PADDING, QUERY, rangeTest, seededContents, textOf } from '../../support/range-server.ts';

const contents = seededContents('server ranges');
const { random, files, fileOf } = contents;
const test = rangeTest(contents);

describe('the range route', () => {
  test.for(RANGE_NAMES)(
    'a range of %s is byte-identical in either case of its prefix',
    async (name, { world: { ask } }) => {
      for (const [prefix, text] of files[name]) {
        const answer = await ask(`/range/${prefix}${QUERY[name]}`);
        expect(answer.status).toBe(200);
        expect(textOf(answer)).toBe(text);
        expect(answer.headers['content-type']).toBe('text/plain');
        expect(answer.headers['content-length']).toBe(String(text.length));
      }
      for (const prefix of ['abcde', 'aBcDe', 'ABCDE'])
        expect(textOf(await ask(`/range/${prefix}${QUERY[name]}`))).toBe(fileOf(name, 'ABCDE'));
    },
  );

  test('a range without hashes is 200 and empty', async ({ world: { ask } }) => {
    const answer = await ask(`/range/${EMPTY}`);
    expect([answer.status, answer.headers['content-length'], answer.bytes.length]).toEqual([200, '0', 0]);
  });

  test('a range of passwords ingested in plaintext contains their counts', async ({ world: { ask } }) => {
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

  test.for([
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
  ] as const)('the query %s selects %s', async ([query, name], { world: { ask } }) => {
    const answer = await ask(`/range/ABCDE${query}`);
    expect([answer.status, textOf(answer)]).toEqual([200, fileOf(name, 'ABCDE')]);
  });

  test('a range is the same with a small or empty memory cache', async ({ world: { made, ask } }) => {
    for (const maxHeldBytes of [0, 20_000]) {
      const lean = await startServer(made.folder, { port: 0, maxHeldBytes });
      try {
        for (let i = 0; i < 200; i++) {
          const name = random.pick(RANGE_NAMES);
          const path = `/range/${random.pick([...files[name].keys(), EMPTY])}${QUERY[name]}`;
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

describe('invalid range requests', () => {
  const expectMalformed = (answer: Answer): void => {
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(textOf(answer)).toBe('The prefix of a range has five hexadecimal digits.');
  };

  test.for([
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
  ])('/range%s is 400 as plain text', async (rest, { world: { ask } }) => {
    for (const query of ['', '?', '?mode=ntlm']) expectMalformed(await ask(`/range${rest}${query}`));
  });

  test('of 10,000 fuzzed targets only five hex digits are a range', async ({ world: { ask } }) => {
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

  test.for(['/ranges', '/range.txt', '/Range/ABCDE', '/RANGE/ABCDE', '/v1/range/ABCDE'])(
    '%s is not a route',
    async (path, { world: { ask } }) => {
      const answer = await ask(path);
      expect(answer.status).toBe(404);
      expect(JSON.parse(textOf(answer))).toMatchObject({ code: 'ROUTE_MISSING' });
    },
  );

  test('an index missing from the dataset is 404, never an empty response', async ({ world: { ask } }) => {
    const withSha1 = await makeRangeDataset({ sha1: files.sha1 }, ['sha1']);
    const keyed = await makeDataset({ pairs: seededPairs(20) });
    const [one, none] = [
      await startServer(withSha1.folder, { port: 0, allowedOrigins: ['*'], additional: [{ folder: keyed.folder }] }),
      await startServer(keyed.folder, { port: 0, allowedOrigins: ['*'], additional: [{ folder: withSha1.folder }] }),
    ];
    try {
      const { id: dataset } = keyed.dataset;
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

  test('the range route refuses other methods and bodies', async ({ world: { ask } }) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await ask('/range/ABCDE', {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
    expect((await ask('/range/ABCDE', { 'Content-Length': 3 }, 'GET')).status).toBe(413);
  });
});

describe('every range response', () => {
  test('HEAD returns the headers of GET without the body', async ({ world: { ask } }) => {
    for (const headers of [{}, PADDING, { 'Accept-Encoding': 'br' }]) {
      const [head, whole] = [await ask('/range/ABCDE', headers, 'HEAD'), await ask('/range/ABCDE', headers)];
      const { date: _head, ...headHeaders } = head.headers;
      const { date: _whole, ...wholeHeaders } = whole.headers;
      expect([head.status, head.bytes.length, headHeaders]).toEqual([200, 0, wholeHeaders]);
    }
    expect(await ask('/range/nope', {}, 'HEAD')).toMatchObject({ status: 400 });
  });

  test('every origin can read ranges, also with padding', async ({ world: { ask } }) => {
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
      'access-control-allow-headers': 'Add-Padding, Authorization, If-Modified-Since, If-None-Match',
    });
  });
});

test('credveil serve writes no prefix anywhere', async ({ world: { made } }) => {
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
