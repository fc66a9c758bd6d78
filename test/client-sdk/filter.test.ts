// Password checks with the filter: nothing is sent for what did not leak, what leaked is confirmed, and what fails is no answer.

import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import type { SealKey } from '../../protocol/brands.ts';
import {
  createFilterSeal,
  encodeFilterHeader,
  filterFileBytes,
  parseFilterHeader,
} from '../../protocol/password-filter.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { startServer } from '../../server/server.ts';
import { makeDataset } from '../support/dataset.ts';
import { forward, send } from '../support/http-front.ts';
import { TIMEOUT_MS } from '../support/worlds/client-world.ts';
import {
  ABSENT,
  asked,
  createFilterWorld,
  FILTER,
  type FilterWorld,
  LEAKED,
  PASSWORDS,
} from '../support/worlds/filter-world.ts';

let world: FilterWorld;
beforeEach(async () => {
  world = await createFilterWorld();
});
afterEach(() => world.close());

const lacking = { name: 'LookupError' };

describe('with a filter', () => {
  test('a password that did not leak is clean, and nothing at all is sent', async () => {
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
    // Under the signal of a caller too.
    expect((await leaks.check({ password: ABSENT[0] }, { signal: AbortSignal.timeout(TIMEOUT_MS) })).status).toBe(
      'clean',
    );
    expect(requests.length).toBe(before);
  });

  test('a password that leaked is found in its bucket, with its count', async () => {
    const { url, requests } = await world.spoil();
    const leaks = world.checker(url);
    await leaks.loadFilter();
    expect(await leaks.check({ password: LEAKED.password })).toMatchObject({ status: 'password', timesSeen: 4 });
    for (const password of PASSWORDS) expect((await leaks.check({ password })).status).toBe('password');
    expect((await leaks.check({ password: CANARY.password })).status).toBe('password');
    expect(requests.filter((request) => request.includes(`GET ${FILTER} `)).length).toBe(1);
  });

  test('of a username and a password the account is asked for, of the password nothing', async () => {
    const at = await world.spoil();
    // Without buckets of before, every question is seen.
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

  test('that says yes to many, no false alarm stays', async () => {
    const dense = await makeDataset({ passwords: PASSWORDS, filterOneIn: 2, keySeed: 1 });
    const served = await startServer(dense.folder, { port: 0 });
    const at = await world.front(async (request, response) => send(response, await forward(served.url, request)));
    const leaks = createLeakChecker({
      url: at.url,
      key: dense.key.revealText(),
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

  test.each([
    ['empty', { password: '' }, 'unknown', 'NOTHING_ASKED'],
    ['too long', { password: 'x'.repeat(70_000) }, 'unknown', 'FIELD_TOO_LONG'],
    ['long, and never seen', { password: 'é'.repeat(9_000) }, 'clean', undefined],
  ])('a password that is %s is what it is without', async (_, credential, status, reason) => {
    const leaks = world.checker(world.server.url);
    await leaks.loadFilter();
    expect(await leaks.check(credential)).toMatchObject({ status, ...(reason && { reason }) });
  });

  test('what is no signal is a mistake, and what is aborted is not answered', async () => {
    const leaks = world.checker(world.server.url);
    await leaks.loadFilter();
    const signal = {} as AbortSignal;
    await expect(leaks.check({ password: 'a' }, { signal })).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
    const aborted = await leaks.check({ password: ABSENT[0] }, { signal: AbortSignal.abort() });
    expect(aborted).toMatchObject({ status: 'unknown', reason: 'ABORTED' });
  });
});

describe('until the filter is there', () => {
  test('no check waits for it: a bucket is asked for as without', async () => {
    let let_through: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      let_through = resolve;
    });
    const at = await world.front(async (request, response) => {
      if (request.url === FILTER) await gate;
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

  test('and where it is off, buckets are asked for, and there is none to load', async () => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, false);
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(asked(at)).toEqual(['/v1/config', '/v1/password/']);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'OPTION_MALFORMED' });
  });

  test('loading it can be given up', async () => {
    const at = await world.front(() => undefined);
    const signal = AbortSignal.timeout(50);
    await expect(world.checker(at.url).loadFilter({ signal })).rejects.toMatchObject({ ...lacking, code: 'ABORTED' });
  });
});

/** A file of another content under a key. */
function forge(key: SealKey, change: (header: ReturnType<typeof parseFilterHeader>) => object): Buffer {
  const real = fs.readFileSync(world.file());
  const header = { ...parseFilterHeader(real), ...change(parseFilterHeader(real)) };
  const file = Buffer.alloc(filterFileBytes(header.blocks));
  if (header.blocks === parseFilterHeader(real).blocks) real.copy(file);
  file.set(encodeFilterHeader(header));
  const seal = createFilterSeal(key);
  seal.update(file.subarray(0, file.length - 16));
  file.set(seal.digest(), file.length - 16);
  return file;
}

describe('a filter that is not the right one is never used', () => {
  const cases: [string, string, (body: Buffer) => Buffer][] = [
    ['with a bit missing', 'FILTER_FORGED', (body) => flip(body, 700)],
    ['emptied', 'FILTER_FORGED', (body) => Buffer.concat([body.subarray(0, 64), Buffer.alloc(body.length - 64)])],
    [
      'emptied, and sealed by someone else',
      'FILTER_FORGED',
      () => forge(new Uint8Array(32) as SealKey, () => ({ blocks: 1 })),
    ],
    ['emptied by who has the key', 'FILTER_MALFORMED', () => forge(world.made.suite.sealKey, () => ({ blocks: 1 }))],
    ['of another snapshot', 'FILTER_FORGED', (body) => flip(body, 30)],
    [
      'of an older snapshot',
      'SNAPSHOT_OLDER',
      () => forge(world.made.suite.sealKey, () => ({ snapshot: '000000-0123456789abcdef' })),
    ],
    [
      'of another dataset',
      'DATASET_MISMATCH',
      () => forge(world.made.suite.sealKey, () => ({ dataset: '0123456789abcdef' })),
    ],
    ['cut', 'FILTER_MALFORMED', (body) => body.subarray(0, -1)],
    ['too long', 'FILTER_MALFORMED', (body) => Buffer.concat([body, Buffer.from([0])])],
    ['a page of a proxy', 'FILTER_MALFORMED', () => Buffer.from('<html>'.repeat(40))],
    ['nothing', 'FILTER_MALFORMED', () => Buffer.alloc(0)],
  ];
  test.each(cases)('%s', async (_, code, change) => {
    const at = await world.spoil((answer, url) => {
      if (url === FILTER) answer.body = change(answer.body);
    });
    const leaks = world.checker(at.url);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code });
    for (const password of PASSWORDS.slice(0, 5)) expect((await leaks.check({ password })).status).toBe('password');
    expect((await leaks.check({ password: ABSENT[0] })).status).toBe('clean');
    expect(asked(at).filter((url) => url === '/v1/password/').length).toBe(6);
  });

  test.each([
    [404, 'FILTER_MISSING'],
    [500, 'HTTP_STATUS'],
    [301, 'NETWORK'],
  ])('status %i', async (status, code) => {
    const at = await world.spoil((answer, url) => {
      if (url === FILTER) Object.assign(answer, { status, headers: { location: '/x' } });
    });
    const leaks = world.checker(at.url);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code });
    expect((await leaks.check({ password: PASSWORDS[0] })).status).toBe('password');
  });

  test('one that is longer than allowed is not even asked for', async () => {
    const at = await world.spoil();
    const leaks = world.checker(at.url, { maxBytes: 100 });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_TOO_LARGE' });
    expect(asked(at)).toEqual(['/v1/config']);
    // And where the config is silent about it, it is not read.
    const source = fs.readFileSync(world.file());
    const own = world.checker('http://127.0.0.1:1', { maxBytes: 100, source });
    await expect(own.loadFilter()).rejects.toMatchObject({ ...lacking, code: 'FILTER_TOO_LARGE' });
  });

  test('a dataset without one says so in its config', async () => {
    const none = await makeDataset({ passwords: PASSWORDS, filterOneIn: 0 });
    const served = await startServer(none.folder, { port: 0 });
    const leaks = world.checker(served.url);
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

describe('the option', () => {
  test.each([
    ['a number', 1],
    ['null', null],
    ['a negative size', { maxBytes: -1 }],
    ['a fraction of a millisecond', { refreshMs: 0.5 }],
    ['an age that is a text', { maxAgeMs: '1h' }],
    ['a source that is a path', { source: '/var/lib/x' }],
  ])('as %s is a mistake', (_, given) => {
    const options = {
      url: world.server.url,
      key: world.made.key.revealText(),
      passwordFilter: given as unknown as boolean,
    };
    expect(() => createLeakChecker(options)).toThrow(expect.objectContaining({ code: 'OPTION_MALFORMED' }));
  });
});
