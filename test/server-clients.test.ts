// Who may ask a server, and how much: over real HTTP. PROTOCOL.md §18.

import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSodiumOprf } from '../accel/oprf-sodium.ts';
import { createLeakChecker } from '../client-sdk/index.ts';
import { encodeElementsRequest } from '../protocol/lookup.ts';
import type { Oprf } from '../protocol/oprf.ts';
import type { ServerEvent } from '../server/events.ts';
import { type CredveilServer, type ServerOptions, startServer } from '../server/server.ts';
import { addClient, clientFileFor, revokeClient } from '../store/client-file.ts';
import type { Quotas } from '../store/quota-policy.ts';
import { type MadeDataset, makeDataset, seededPairs } from './fixtures/dataset.ts';
import { blindedElements, codeOf, IDENTITY, messageFor, postMessage } from './fixtures/post-message.ts';
import { NOON } from './fixtures/quota-world.ts';
import { getTls, makeTlsFiles, pairOf } from './fixtures/tls-files.ts';

let sodium: Oprf;
let made: MadeDataset;
let file: string;
let server: CredveilServer;
let events: ServerEvent[];

beforeAll(async () => {
  sodium = await createSodiumOprf();
  made = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(100), bucketFloor: 16 });
  file = clientFileFor(made.folder);
});
afterAll(() => made.dispose());

beforeEach(() => {
  // No minute and no day ends in the middle of a test.
  vi.useFakeTimers({ toFake: ['Date'], now: NOON });
  events = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await server?.close({ deadlineMs: 100 });
  for (const left of [file, `${made.folder}.quota.sqlite`]) fs.rmSync(left, { force: true });
});

const start = async (options: ServerOptions = {}): Promise<CredveilServer> => {
  server = await startServer(made.folder, {
    port: 0,
    pollIntervalMs: 10,
    key: made.key,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return server;
};
const add = (name: string, quotas: Quotas = {}): string => addClient(file, name, quotas).keyText as string;
const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
const get = (path: string, key?: string): Promise<Response> =>
  fetch(server.url + path, key === undefined ? {} : { headers: bearer(key) });
const seen = async (name: ServerEvent['event'], count = 1): Promise<void> => {
  while (events.filter(({ event }) => event === name).length < count)
    await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('a server with a list of clients', () => {
  const BEHIND = ['/v1/config', '/v1/datasets', '/v1/account/0', '/v1/password/0'];

  test('answers who has a key', async () => {
    const key = add('a');
    await start();
    for (const path of ['/v1/config', '/v1/datasets', '/v1/account/0'])
      expect((await get(path, key)).status, path).toBe(200);
    // RFC 9110 §11.1: the name of a scheme has no case.
    expect((await fetch(`${server.url}/v1/config`, { headers: { authorization: `bEARER ${key}` } })).status).toBe(200);
  });

  test('refuses who has none, and says what is wanted', async () => {
    add('a');
    await start();
    for (const path of BEHIND) {
      const answer = await get(path);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="credveil"');
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(await codeOf(answer), path).toEqual([401, 'CLIENT_REQUIRED']);
    }
    const message = encodeElementsRequest(blindedElements(sodium, 1));
    for (const path of ['/v1/lookup', '/v1/evaluate', '/v1/prove'])
      expect(await codeOf(await postMessage(server.url + path, message)), path).toEqual([401, 'CLIENT_REQUIRED']);
    expect(await codeOf(await get(`/d/${made.dataset.parameters.dataset}/v1/config`))).toEqual([
      401,
      'CLIENT_REQUIRED',
    ]);
  });

  test('refuses every key but those on the list, whole', async () => {
    const [key, other] = [add('a'), add('b')];
    await start();
    const [label, id, secret] = key.split('.') as [string, string, string];
    const [, otherId, otherSecret] = other.split('.') as [string, string, string];
    for (const wrong of [
      `${label}.${id}.${otherSecret}`,
      `${label}.${otherId}.${secret}`,
      `${label}.0000000000000000.${secret}`,
      `${label}.${id}.${secret.toLowerCase()}x`.slice(0, key.length),
      key.slice(0, -1),
      `${key}A`,
      `${key} ${key}`,
      secret,
      '',
    ]) {
      const answer = await fetch(`${server.url}/v1/config`, { headers: { authorization: `Bearer ${wrong}` } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="credveil", error="invalid_token"');
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ status: 401, code: 'CLIENT_UNKNOWN' });
      expect(text).not.toContain(secret);
    }
    for (const authorization of [key, `Basic ${Buffer.from(`a:${key}`).toString('base64')}`])
      expect((await fetch(`${server.url}/v1/config`, { headers: { authorization } })).status).toBe(401);
  });

  test('tells everyone whether it lives, what it is, and that it may be asked from a browser', async () => {
    add('a');
    await start();
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/reference'])
      expect((await get(path)).status, path).toBe(200);
    expect((await get('/nothing')).status).toBe(404);
    const preflight = await fetch(`${server.url}/v1/account/0`, { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Authorization'),
    ]);
  });

  test('lets no shared cache keep what a client asked for', async () => {
    const key = add('a', { 'requests-per-day': 100 });
    await start();
    expect((await get('/v1/account/0', key)).headers.get('cache-control')).toBe('private, no-cache, no-transform');
    const snapshot = (await get('/v1/config', key)).headers.get('credveil-snapshot');
    expect((await get(`/v1/account/0?snapshot=${snapshot}`, key)).headers.get('cache-control')).toBe(
      'private, max-age=31536000, immutable, no-transform',
    );
  });

  test('takes up who is added and who is revoked, without a restart', async () => {
    const key = add('a');
    await start();
    const second = add('b');
    await seen('clients-loaded');
    expect((await get('/v1/config', second)).status).toBe(200);
    revokeClient(file, 'a');
    await seen('clients-loaded', 2);
    expect(await codeOf(await get('/v1/config', key))).toEqual([401, 'CLIENT_UNKNOWN']);
    revokeClient(file, 'b');
    await seen('clients-loaded', 3);
    // A list without anyone is not no list.
    expect(await codeOf(await get('/v1/config'))).toEqual([401, 'CLIENT_REQUIRED']);
  });

  test('goes on with the list before where the new one is broken or gone', async () => {
    const key = add('a');
    await start();
    fs.writeFileSync(file, 'nonsense');
    await seen('clients-refused');
    expect(events.at(-1)).toMatchObject({ event: 'clients-refused', code: 'CLIENTS_MALFORMED' });
    fs.rmSync(file);
    await seen('clients-refused', 2);
    expect([(await get('/v1/config', key)).status, (await get('/v1/config')).status]).toEqual([200, 401]);
  });

  test('knows a client by its certificate', async () => {
    const tls = makeTlsFiles();
    const { certFile, keyFile, caFile } = tls;
    const fingerprint = new X509Certificate(pairOf('client').cert).fingerprint256.replaceAll(':', '').toLowerCase();
    addClient(file, 'cert', { 'requests-per-day': 1 }, fingerprint);
    await start({ tls: { certFile, keyFile, caFile } });
    const { address } = server;
    const ask = async (pair: object) => (await getTls(address, '/v1/account/0', pair)).status;
    expect(await ask({})).toBe(401);
    expect(await ask(pairOf('stranger'))).toBe(401);
    expect([await ask(pairOf('client')), await ask(pairOf('client'))]).toEqual([200, 429]);
    tls.dispose();
  });
});

describe('a server without a list of clients', () => {
  test('answers everyone on loopback, and from the first client on those on the list', async () => {
    await start();
    expect((await get('/v1/config')).status).toBe(200);
    expect((await get('/v1/config', 'whatever')).status).toBe(200);
    const key = add('a');
    await seen('clients-loaded');
    expect([(await get('/v1/config')).status, (await get('/v1/config', key)).status]).toEqual([401, 200]);
  });

  test.each(['0.0.0.0', '::', 'credveil.example'])('does not start on %s', async (host) => {
    await expect(start({ host })).rejects.toMatchObject({ code: 'CLIENTS_REQUIRED', hint: expect.any(String) });
  });

  test('does not start beyond loopback with an empty list either', async () => {
    add('a');
    revokeClient(file, 'a');
    await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'CLIENTS_REQUIRED' });
  });

  test('starts beyond loopback where that is said by name, or with a client', async () => {
    await start({ host: '0.0.0.0', allowAnonymous: true });
    expect((await fetch(`http://127.0.0.1:${server.address.port}/v1/config`)).status).toBe(200);
    await server.close();
    add('a');
    await start({ host: '0.0.0.0' });
    expect((await fetch(`http://127.0.0.1:${server.address.port}/v1/config`)).status).toBe(401);
  });

  test('that answers everyone still refuses a wrong key', async () => {
    const key = add('a');
    await start({ allowAnonymous: true });
    expect((await get('/v1/config')).status).toBe(200);
    expect((await get('/v1/config', key)).status).toBe(200);
    expect((await get('/v1/config', `${key.slice(0, -2)}AA`)).status).toBe(401);
  });
});

describe('a quota', () => {
  test('of requests lets exactly so many through, over many connections', async () => {
    const key = add('a', { 'requests-per-day': 100 });
    await start();
    const statuses = await Promise.all(
      Array.from({ length: 160 }, async (_, i) => (await get(i % 2 ? '/v1/account/0' : '/v1/account/1', key)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(60);
    // Not counted, and so not refused.
    expect((await get('/v1/config', key)).status).toBe(200);
    // Said once, not sixty times.
    expect(events.filter(({ event }) => event === 'quota-exceeded')).toEqual([
      { event: 'quota-exceeded', client: 'a', policy: 'requests-per-day' },
    ]);
  });

  test('is told in the fields of the IETF draft, and what is over it as a problem', async () => {
    const key = add('a', { 'requests-per-minute': 2, 'evaluations-per-minute': 64 });
    await start();
    const policies = '"requests-per-minute";q=2;w=60, "evaluations-per-minute";q=64;w=60;credveil-unit="evaluations"';
    const first = await get('/v1/account/0', key);
    expect(first.headers.get('ratelimit-policy')).toBe(policies);
    expect(first.headers.get('ratelimit')).toBe('"requests-per-minute";r=1;t=30');
    expect(first.headers.get('access-control-expose-headers')).toContain('RateLimit');
    await get('/v1/account/0', key);
    const refused = await get('/v1/account/0', key);
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(refused.headers.get('ratelimit')).toBe('"requests-per-minute";r=0;t=30');
    expect(await refused.json()).toMatchObject({
      status: 429,
      code: 'QUOTA_EXCEEDED',
      'violated-policies': ['requests-per-minute'],
    });
    vi.setSystemTime(NOON + 30_000);
    expect((await get('/v1/account/0', key)).status).toBe(200);
  });

  test('of evaluations is taken whole or not at all', async () => {
    const key = add('a', { 'evaluations-per-day': 40, 'requests-per-day': 1000 });
    await start();
    const evaluate = (path: string, count: number): Promise<Response> =>
      postMessage(server.url + path, messageFor(path as '/v1/lookup', blindedElements(sodium, count)), bearer(key));
    expect((await evaluate('/v1/lookup', 30)).status).toBe(200);
    const refused = await evaluate('/v1/evaluate', 11);
    expect(refused.headers.get('ratelimit')).toContain('"evaluations-per-day";r=10;');
    expect(await codeOf(refused)).toEqual([429, 'QUOTA_EXCEEDED']);
    expect((await evaluate('/v1/evaluate', 7)).status).toBe(200);
    expect((await evaluate('/v1/prove', 3)).status).toBe(200);
    expect((await evaluate('/v1/evaluate', 1)).status).toBe(429);
    // Three requests were taken, none for what was refused; a bucket is the fourth.
    expect((await get('/v1/account/0', key)).headers.get('ratelimit')).toContain('"requests-per-day";r=996;');
  });

  test('counts a request whose message is malformed, and no element of it', async () => {
    const key = add('a', { 'evaluations-per-day': 40, 'requests-per-day': 2 });
    await start();
    const malformed = await postMessage(`${server.url}/v1/evaluate`, Uint8Array.of(1, 2, 3), bearer(key));
    expect(malformed.headers.get('ratelimit')).toContain('"requests-per-day";r=1;');
    expect(await codeOf(malformed)).toEqual([400, 'MESSAGE_MALFORMED']);
    const identity = await postMessage(`${server.url}/v1/evaluate`, encodeElementsRequest([IDENTITY]), bearer(key));
    expect(await codeOf(identity)).toEqual([400, 'ELEMENT_IDENTITY']);
    expect((await get('/v1/account/0', key)).status).toBe(429);
  });

  test('is not touched by a request that is told to come back', async () => {
    const key = add('a', { 'evaluations-per-day': 40 });
    await start({ maxWaitingElements: 16 });
    const message = encodeElementsRequest(blindedElements(sodium, 32));
    expect(await codeOf(await postMessage(`${server.url}/v1/evaluate`, message, bearer(key)))).toEqual([
      503,
      'OVERLOADED',
    ]);
    const small = encodeElementsRequest(blindedElements(sodium, 8));
    const answer = await postMessage(`${server.url}/v1/evaluate`, small, bearer(key));
    expect(answer.headers.get('ratelimit')).toContain('"evaluations-per-day";r=32;');
  });

  test('of a day goes on after a restart', async () => {
    const key = add('a', { 'requests-per-day': 30 });
    await start();
    for (let i = 0; i < 13; i++) expect((await get('/v1/account/0', key)).status).toBe(200);
    await server.close();
    await start();
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await get('/v1/account/0', key)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(17);
  });
});

test('the SDK asks with a key, and what is refused is unknown', async () => {
  const [pair] = seededPairs(100);
  const key = add('a', { 'evaluations-per-day': 32 });
  await start();
  const { formatPublicKey } = await import('../protocol/oprf-key.ts');
  const publicKey = formatPublicKey(made.key.publicKey as NonNullable<typeof made.key.publicKey>);
  const checker = (clientKey?: string) =>
    createLeakChecker({
      url: server.url,
      publicKey,
      timeoutMs: 60_000,
      proof: 'never',
      ...(clientKey === undefined ? {} : { clientKey }),
    });
  const asked = pair as { username: string; password: string };
  const withKey = checker(key);
  expect((await withKey.check(asked)).status).toBe('pair');
  expect(await checker().check(asked)).toMatchObject({ status: 'unknown', reason: 'CLIENT_REFUSED' });
  for (;;) {
    const verdict = await withKey.check(asked);
    if (verdict.status === 'pair') continue;
    expect(verdict).toMatchObject({ status: 'unknown', reason: 'QUOTA_EXCEEDED' });
    break;
  }
});
