// Quotas over real HTTP. PROTOCOL.md §18.

import fs from 'node:fs';
import { describe, expect, vi } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { HALF_A_MINUTE_PAST_NOON } from '../support/clock.ts';
import { createWorkPlace, credveil } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { trustPinOf } from '../support/pins.ts';
import { blindedElements, codeOf, IDENTITY, messageFor, postMessage } from '../support/post-message.ts';
import { bearer, test } from '../support/worlds/clients-world.ts';

describe('quotas over HTTP', () => {
  test('a request quota admits exactly its limit over many connections', async ({ world }) => {
    const key = world.add('a', { 'requests-per-day': 100 });
    await world.start();
    const statuses = await Promise.all(
      Array.from(
        { length: 160 },
        async (_, i) => (await world.get(i % 2 ? '/v1/account/0' : '/v1/account/1', key)).status,
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(60);
    // The head is not counted, so it is not refused.
    expect((await world.get('/v1/head', key)).status).toBe(200);
    // The server reports it once, not sixty times.
    expect(world.events.filter(({ event }) => event === 'quota-exceeded')).toEqual([
      { event: 'quota-exceeded', client: 'a', policy: 'requests-per-day' },
    ]);
  });

  // Requests count even if the dataset lacks the index of the route.
  test.for(['/v1/filter/password', '/range/00000', '/range/00000?mode=ntlm'])(
    'a quota counts %s',
    async (path, { world }) => {
      const key = world.add('a', { 'requests-per-day': 2 });
      await world.start();
      expect((await world.get(path)).status).toBe(401);
      expect((await world.get(path, key)).headers.get('ratelimit')).toContain('"requests-per-day";r=1;');
      expect((await world.get(path, key)).status).not.toBe(429);
      expect(await codeOf(await world.get(path, key))).toEqual([429, 'QUOTA_EXCEEDED']);
    },
  );

  test('responses report the quota in the fields of the IETF draft, and a request beyond it is a problem', async ({
    world,
  }) => {
    const key = world.add('a', { 'requests-per-minute': 2, 'evaluations-per-minute': 64 });
    await world.start();
    const policies = '"requests-per-minute";q=2;w=60, "evaluations-per-minute";q=64;w=60;credveil-unit="evaluations"';
    const first = await world.get('/v1/account/0', key);
    expect(first.headers.get('ratelimit-policy')).toBe(policies);
    expect(first.headers.get('ratelimit')).toBe('"requests-per-minute";r=1;t=30');
    expect(first.headers.get('access-control-expose-headers')).toContain('RateLimit');
    await world.get('/v1/account/0', key);
    const refused = await world.get('/v1/account/0', key);
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(refused.headers.get('ratelimit')).toBe('"requests-per-minute";r=0;t=30');
    expect(await refused.json()).toMatchObject({
      status: 429,
      code: 'QUOTA_EXCEEDED',
      'violated-policies': ['requests-per-minute'],
    });
    vi.setSystemTime(HALF_A_MINUTE_PAST_NOON + 30_000);
    expect((await world.get('/v1/account/0', key)).status).toBe(200);
  });

  test('the evaluations of a request are charged completely or not at all', async ({ world }) => {
    const key = world.add('a', { 'evaluations-per-day': 40, 'requests-per-day': 1000 });
    await world.start();
    const evaluate = (path: string, count: number): Promise<Response> =>
      postMessage(
        world.server.url + path,
        messageFor(path as '/v1/lookup', blindedElements(world.sodium, count)),
        bearer(key),
      );
    expect((await evaluate('/v1/lookup', 30)).status).toBe(200);
    const refused = await evaluate('/v1/evaluate', 11);
    expect(refused.headers.get('ratelimit')).toContain('"evaluations-per-day";r=10;');
    expect(await codeOf(refused)).toEqual([429, 'QUOTA_EXCEEDED']);
    expect((await evaluate('/v1/evaluate', 7)).status).toBe(200);
    expect((await evaluate('/v1/prove', 3)).status).toBe(200);
    expect((await evaluate('/v1/evaluate', 1)).status).toBe(429);
    // Three requests were charged, refused ones were not. The bucket is the fourth.
    expect((await world.get('/v1/account/0', key)).headers.get('ratelimit')).toContain('"requests-per-day";r=996;');
  });

  test('a malformed message is charged as a request but not as evaluations', async ({ world }) => {
    const key = world.add('a', { 'evaluations-per-day': 40, 'requests-per-day': 2 });
    await world.start();
    const malformed = await postMessage(`${world.server.url}/v1/evaluate`, Uint8Array.of(1, 2, 3), bearer(key));
    expect(malformed.headers.get('ratelimit')).toContain('"requests-per-day";r=1;');
    expect(await codeOf(malformed)).toEqual([400, 'MESSAGE_MALFORMED']);
    const identity = await postMessage(
      `${world.server.url}/v1/evaluate`,
      encodeElementsRequest([IDENTITY]),
      bearer(key),
    );
    expect(await codeOf(identity)).toEqual([400, 'ELEMENT_IDENTITY']);
    expect((await world.get('/v1/account/0', key)).status).toBe(429);
  });

  test('a request refused by the full evaluation queue is not charged as evaluations', async ({ world }) => {
    const key = world.add('a', { 'evaluations-per-day': 40 });
    await world.start({ maxWaitingElements: 16 });
    const message = encodeElementsRequest(blindedElements(world.sodium, 32));
    expect(await codeOf(await postMessage(`${world.server.url}/v1/evaluate`, message, bearer(key)))).toEqual([
      503,
      'OVERLOADED',
    ]);
    const small = encodeElementsRequest(blindedElements(world.sodium, 8));
    const answer = await postMessage(`${world.server.url}/v1/evaluate`, small, bearer(key));
    expect(answer.headers.get('ratelimit')).toContain('"evaluations-per-day";r=32;');
  });

  test('the day count survives a restart', async ({ world }) => {
    const key = world.add('a', { 'requests-per-day': 30 });
    await world.start();
    for (let i = 0; i < 13; i++) expect((await world.get('/v1/account/0', key)).status).toBe(200);
    await world.server.close();
    await world.start();
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await world.get('/v1/account/0', key)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(17);
  });
});

test('the SDK sends its key, and a refused check is unknown', async ({ world }) => {
  const [pair] = seededPairs(100);
  const key = world.add('a', { 'evaluations-per-day': 32 });
  // Still fixed, but within the life of the head.
  vi.setSystemTime(vi.getRealSystemTime());
  await world.start();
  const { trust } = trustPinOf(world.made);
  const checker = (clientKey?: string) =>
    createLeakChecker({
      url: world.server.url,
      trust,
      timeoutMs: 60_000,
      ...(clientKey === undefined ? {} : { clientKey }),
    });
  const asked = pair as { username: string; password: string };
  const withKey = checker(key);
  expect(await withKey.check(asked)).toMatchObject({ status: 'pair' });
  expect(await checker().check(asked)).toMatchObject({ status: 'unknown', reason: 'CLIENT_REFUSED' });
  for (;;) {
    const verdict = await withKey.check(asked);
    if (verdict.status === 'pair') continue;
    expect(verdict).toMatchObject({ status: 'unknown', reason: 'QUOTA_EXCEEDED' });
    break;
  }
});

test('credveil check sends the key from a file', async ({ world }) => {
  const [pair] = seededPairs(100);
  const key = world.add('a');
  await world.start();
  const { trust } = trustPinOf(world.made);
  const place = createWorkPlace();
  fs.writeFileSync(place.at('client.key'), `${key}\n`, { mode: 0o600 });
  const args = ['check', '--url', world.server.url, '--trust', trust, '--timeout', '60000'];
  const asked = `${JSON.stringify(pair)}\n`;
  const known = await credveil([...args, '--client-key-file', place.at('client.key')], asked);
  expect(JSON.parse(known.stdout)).toMatchObject({ status: 'pair' });
  const unknown = await credveil(args, asked);
  expect(JSON.parse(unknown.stdout)).toMatchObject({ status: 'unknown', reason: 'CLIENT_REFUSED' });
  for (const text of [key.slice(1), trust, '']) {
    fs.writeFileSync(place.at('client.key'), text);
    const refused = await credveil([...args, '--client-key-file', place.at('client.key')], asked);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('KEY_FILE_MALFORMED') });
    expect(refused.stderr).not.toContain(key.slice(-20));
  }
  place.dispose();
});

test('the SDK refuses a malformed key without repeating it', ({ world }) => {
  const { trust } = trustPinOf(world.made);
  for (const clientKey of ['marked-secret', 7 as unknown as string])
    expect(() => createLeakChecker({ url: 'http://127.0.0.1:1', trust, clientKey })).toThrow(
      expect.objectContaining({ code: 'KEY_MALFORMED', message: expect.not.stringContaining('marked') }),
    );
});
