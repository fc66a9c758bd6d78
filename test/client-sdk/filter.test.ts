// Password checks with the filter: the client sends nothing for a password that did not leak,
// confirms one that may have, and never takes a failure for an answer.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { createLeakChecker, type RequestEvent } from '../../client-sdk/index.ts';
import type { DatasetId, LayerId, SealKey } from '../../protocol/brands.ts';
import {
  createFilterSeal,
  encodeFilterHeader,
  type FilterHeader,
  filterFileBytes,
  parseFilterHeader,
} from '../../protocol/password-filter.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { startServer } from '../../server/server.ts';
import { makeDataset } from '../support/dataset.ts';
import { forward, send } from '../support/http-front.ts';
import { keyPinOf } from '../support/pins.ts';
import { TIMEOUT_MS } from '../support/worlds/client-world.ts';
import { test } from '../support/worlds/filter-fixture.ts';
import {
  ABSENT,
  asked,
  FILTER,
  type FilterWorld,
  isFilter,
  LEAKED,
  PASSWORDS,
} from '../support/worlds/filter-world.ts';

const lacking = { name: 'LookupError' };

describe('with a filter', () => {
  test('a password that did not leak is clean without a request', async ({ world }) => {
    const { url, requests } = await world.spoil();
    const leaks = world.checker(url);
    const info = await leaks.loadFilter();
    expect(info).toMatchObject({ entries: PASSWORDS.length + 2 });
    const before = requests.length;
    for (const password of ABSENT) {
      const verdict = await leaks.check({ password });
      expect(verdict).toMatchObject({ status: 'clean', snapshot: info.snapshot });
      expect(verdict.exposedCredentialCheck).toBeUndefined();
      expect(verdict.signals).toEqual({
        pair: { result: 'unasked' },
        similar: { result: 'unasked' },
        password: { result: 'absent' },
        username: { result: 'unasked' },
      });
    }
    // Also with a caller's signal.
    expect((await leaks.check({ password: ABSENT[0] }, { signal: AbortSignal.timeout(TIMEOUT_MS) })).status).toBe(
      'clean',
    );
    expect(requests.length).toBe(before);
  });

  test('its download is one event, with the reason if it fails', async ({ world }) => {
    const downloads: RequestEvent[] = [];
    const onRequest = (event: RequestEvent): void => {
      if (event.route === 'filter') downloads.push(event);
    };
    await world.checker((await world.spoil()).url, true, { onRequest }).loadFilter();
    expect(downloads).toEqual([{ route: 'filter', durationMs: expect.any(Number) }]);
    const { url } = await world.spoil((answer, requested) => {
      if (isFilter(requested)) answer.status = 503;
    });
    await expect(world.checker(url, true, { onRequest }).loadFilter()).rejects.toMatchObject(lacking);
    expect(downloads.at(1)).toMatchObject({ reason: 'HTTP_STATUS' });
  });

  test('a password that leaked is found in its bucket, with its count', async ({ world }) => {
    const { url, requests } = await world.spoil();
    const leaks = world.checker(url);
    await leaks.loadFilter();
    expect(await leaks.check({ password: LEAKED.password })).toMatchObject({ status: 'password', timesSeen: 4 });
    for (const password of PASSWORDS) expect((await leaks.check({ password })).status).toBe('password');
    expect((await leaks.check({ password: CANARY.password })).status).toBe('password');
    expect(requests.filter((request) => request.includes(`GET ${FILTER}?`)).length).toBe(1);
  });

  test('a check of a pair requests the account bucket, and no password bucket unless it leaked', async ({ world }) => {
    const at = await world.spoil();
    // Without the cache, every question leads to a request.
    const leaks = world.checker(at.url, true, { bucketCacheBytes: 0 });
    await leaks.loadFilter();
    await leaks.ready();
    const before = at.requests.length;
    expect((await leaks.check({ username: LEAKED.username, password: ABSENT[0] })).status).toBe('username');
    expect(asked(at).slice(before)).toEqual(['/v1/account/']);
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    expect(
      asked(at)
        .slice(before + 1)
        .sort(),
    ).toEqual(['/v1/account/', '/v1/password/']);
  });

  test('false positives are confirmed against the bucket', async ({ world }) => {
    const dense = await makeDataset({ passwords: PASSWORDS, filterOneIn: 2, keySeed: 1 });
    const served = await startServer(dense.folder, { port: 0 });
    const at = await world.front(async (request, response) => send(response, await forward(served.url, request)));
    const leaks = createLeakChecker({
      url: at.url,
      ...keyPinOf(dense),
      timeoutMs: TIMEOUT_MS,
      passwordFilter: true,
    });
    await leaks.loadFilter();
    for (const password of ABSENT) expect((await leaks.check({ password })).status).toBe('clean');
    const buckets = asked(at).filter((url) => url === '/v1/password/').length;
    expect(buckets).toBeGreaterThan(5);
    expect(buckets).toBeLessThan(ABSENT.length);
    await served.close({ deadlineMs: 100 });
    dense.dispose();
  });

  test.for<[string, { password: string }, string, string | undefined]>([
    ['empty', { password: '' }, 'unknown', 'NOTHING_ASKED'],
    ['too long', { password: 'x'.repeat(70_000) }, 'unknown', 'FIELD_TOO_LONG'],
    ['long and clean', { password: 'é'.repeat(1_024) }, 'clean', undefined],
    ['too long to be normalized', { password: 'é'.repeat(9_000) }, 'unknown', 'FIELD_TOO_LONG'],
  ])('a password that is %s gets the same verdict as without', async ([, credential, status, reason], { world }) => {
    const leaks = world.checker(world.server.url);
    await leaks.loadFilter();
    expect(await leaks.check(credential)).toMatchObject({ status, ...(reason && { reason }) });
  });

  test('a check rejects a malformed signal, and an aborted check is unknown', async ({ world }) => {
    const leaks = world.checker(world.server.url);
    await leaks.loadFilter();
    const signal = {} as AbortSignal;
    await expect(leaks.check({ password: 'a' }, { signal })).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
    // A password that the filter rules out needs no wait.
    const aborted = await leaks.check({ password: PASSWORDS[0] }, { signal: AbortSignal.abort() });
    expect(aborted).toMatchObject({ status: 'unknown', reason: 'ABORTED' });
  });
});

describe('without a loaded filter', () => {
  test('no check waits for the filter: it requests the bucket', async ({ world }) => {
    let let_through: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      let_through = resolve;
    });
    const at = await world.front(async (request, response) => {
      if (isFilter(request.url)) await gate;
      send(response, await world.forward(request));
    });
    const leaks = world.checker(at.url);
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect((await leaks.check({ password: PASSWORDS[0] })).status).toBe('password');
    expect(asked(at).filter((url) => url === '/v1/password/').length).toBe(2);
    let_through();
    await leaks.loadFilter();
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(asked(at).filter((url) => url === '/v1/password/').length).toBe(2);
  });

  test('a checker with passwordFilter: false requests buckets, and loadFilter rejects', async ({ world }) => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, false);
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(asked(at)).toEqual(['/v1/head', '/v1/statement/', '/v1/password/']);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'OPTION_MALFORMED' });
  });

  test('a signal aborts loadFilter', async ({ world }) => {
    const at = await world.front(() => undefined);
    const signal = AbortSignal.timeout(50);
    await expect(world.checker(at.url).loadFilter({ signal })).rejects.toMatchObject({ ...lacking, code: 'ABORTED' });
  });
});

/** The filter file with a changed header, sealed with `key`. */
function forge(world: FilterWorld, key: SealKey, change: Partial<FilterHeader>): Buffer {
  const real = fs.readFileSync(world.file());
  const header = { ...parseFilterHeader(real), ...change };
  const file = Buffer.alloc(filterFileBytes(header.blocks));
  if (header.blocks === parseFilterHeader(real).blocks) real.copy(file);
  file.set(encodeFilterHeader(header));
  const seal = createFilterSeal(key);
  seal.update(file.subarray(0, file.length - 16));
  file.set(seal.digest(), file.length - 16);
  return file;
}

describe('a wrong filter is never used', () => {
  const cases: [string, string, (body: Buffer, world: FilterWorld) => Buffer][] = [
    ['a filter with a flipped bit', 'FILTER_FORGED', (body) => flip(body, 700)],
    ['a filter with a flipped bit of its seal', 'FILTER_FORGED', (body) => flip(body, body.length - 1)],
    [
      'an emptied filter',
      'FILTER_FORGED',
      (body) => Buffer.concat([body.subarray(0, 64), Buffer.alloc(body.length - 64)]),
    ],
    [
      'an emptied filter of another length, sealed with the right key',
      'FILTER_FORGED',
      (_, world) => forge(world, world.made.suite.sealKey, { blocks: 1 }),
    ],
    [
      'a filter with another count, sealed with the right key',
      'FILTER_FORGED',
      (_, world) => forge(world, world.made.suite.sealKey, { entries: 1 }),
    ],
    ['a filter with a flipped bit of its layer', 'FILTER_OTHER', (body) => flip(body, 30)],
    [
      'a filter of another snapshot',
      'FILTER_OTHER',
      (_, world) => forge(world, world.made.suite.sealKey, { layer: '0'.repeat(32) as LayerId }),
    ],
    [
      'a filter of another dataset',
      'FILTER_FORGED',
      (_, world) => forge(world, world.made.suite.sealKey, { dataset: '0123456789abcdef' as DatasetId }),
    ],
    ['a truncated filter', 'FILTER_MALFORMED', (body) => body.subarray(0, -1)],
    ['a filter with a surplus byte', 'FILTER_MALFORMED', (body) => Buffer.concat([body, Buffer.from([0])])],
    ['an error page of a proxy', 'FILTER_MALFORMED', () => Buffer.from('<html>'.repeat(40))],
    ['an empty body', 'FILTER_MALFORMED', () => Buffer.alloc(0)],
  ];
  test.for(cases)('%s is rejected with %s', async ([, code, change], { world }) => {
    const at = await world.spoil((answer, url) => {
      if (isFilter(url)) answer.body = change(answer.body, world);
    });
    const leaks = world.checker(at.url);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code });
    for (const password of PASSWORDS.slice(0, 5)) expect((await leaks.check({ password })).status).toBe('password');
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(asked(at).filter((url) => url === '/v1/password/').length).toBe(6);
  });

  test.for([
    [404, 'FILTER_MISSING'],
    [500, 'HTTP_STATUS'],
    [301, 'NETWORK'],
  ] as const)('status %i is reported as %s', async ([status, code], { world }) => {
    const at = await world.spoil((answer, url) => {
      if (isFilter(url)) Object.assign(answer, { status, headers: { location: '/x' } });
    });
    const leaks = world.checker(at.url);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code });
    expect((await leaks.check({ password: PASSWORDS[0] })).status).toBe('password');
  });

  test('a filter longer than maxBytes is not requested', async ({ world }) => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, { maxBytes: 100 });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_TOO_LARGE' });
    expect(asked(at)).toEqual(['/v1/head', '/v1/statement/']);
    // Nor is a source read.
    const source = fs.readFileSync(world.file());
    const own = world.checker(at.url, { maxBytes: 100, source });
    await expect(own.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_TOO_LARGE' });
  });

  test('a dataset without a filter leads to FILTER_MISSING', async ({ world }) => {
    const none = await makeDataset({ passwords: PASSWORDS, filterOneIn: 0 });
    const served = await startServer(none.folder, { port: 0 });
    const leaks = world.checker(served.url, true, keyPinOf(none));
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_MISSING' });
    expect((await leaks.check({ password: PASSWORDS[0] })).status).toBe('password');
    await served.close({ deadlineMs: 100 });
    none.dispose();
  });
});

function flip(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}

describe('the option passwordFilter', () => {
  test.for<[string, unknown]>([
    ['a number', 1],
    ['null', null],
    ['a negative size', { maxBytes: -1 }],
    ['a fraction of a millisecond', { refreshMs: 0.5 }],
    ['an age that is a string', { maxAgeMs: '1h' }],
    ['a source that is a path', { source: '/var/lib/x' }],
  ])('rejects %s', ([, given], { world }) => {
    const options = {
      url: world.server.url,
      ...keyPinOf(world.made),
      passwordFilter: given as unknown as boolean,
    };
    expect(() => createLeakChecker(options)).toThrow(expect.objectContaining({ code: 'OPTION_MALFORMED' }));
  });
});
