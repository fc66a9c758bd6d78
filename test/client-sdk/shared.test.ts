// What concurrent checks share: requests in flight, and kept-alive connections.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, vi } from 'vitest';
import { seededPairs } from '../support/dataset.ts';
import { forward, type HttpFront, send } from '../support/http-front.ts';
import { test } from '../support/worlds/client-fixture.ts';
import {
  allUnknown,
  type ClientWorld,
  isBucket,
  isPassword,
  LEAKED,
  summary,
  TIMEOUT_MS,
} from '../support/worlds/client-world.ts';
import { createOprfWorld } from '../support/worlds/oprf-world.ts';

const WAIT = { timeout: TIMEOUT_MS, interval: 5 };

const bucketRequests = ({ requests }: HttpFront): readonly string[] =>
  requests.filter((request) => isBucket(request.split(' ')[1] ?? ''));

/** The real server, which holds its buckets back until `open` is called. */
async function startGated(world: ClientWorld): Promise<{ front: HttpFront; open(): void; gone: () => number }> {
  const gate = Promise.withResolvers<void>();
  let gone = 0;
  const front = await world.front(async (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) gone++;
    });
    const answer = await forward(world.url, request);
    if (isBucket(request.url ?? '')) await gate.promise;
    send(response, answer);
  });
  return { front, open: () => gate.resolve(), gone: () => gone };
}

describe('concurrent checks', () => {
  test('share one request for a bucket that they all need', async ({ world }) => {
    const { front, open } = await startGated(world);
    const checker = world.checker(front.url);
    await checker.ready();
    const verdicts = Array.from({ length: 20 }, (_, i) =>
      checker.check(i % 2 ? LEAKED : { ...LEAKED, password: 'other' }),
    );
    // The bucket of the account, and one for each password.
    await vi.waitFor(() => expect(bucketRequests(front)).toHaveLength(3), WAIT);
    open();
    for (const [i, verdict] of (await Promise.all(verdicts)).entries())
      expect(verdict.status).toBe(i % 2 ? 'pair' : 'username');
    expect(bucketRequests(front)).toHaveLength(3);
  });

  test('one that aborts leaves the shared request to the others', async ({ world }) => {
    const { front, open, gone } = await startGated(world);
    const checker = world.checker(front.url);
    await checker.ready();
    const controller = new AbortController();
    const impatient = checker.check(LEAKED, { signal: controller.signal });
    const patient = checker.check(LEAKED);
    await vi.waitFor(() => expect(bucketRequests(front)).toHaveLength(2), WAIT);
    controller.abort();
    expect(summary(await impatient)).toBe(allUnknown('ABORTED'));
    const late = checker.check(LEAKED);
    open();
    expect((await patient).status).toBe('pair');
    expect((await late).status).toBe('pair');
    expect(bucketRequests(front)).toHaveLength(2);
    expect(gone()).toBe(0);
  });

  test('the last one to abort cancels the shared request, and the next check sends a new one', async ({ world }) => {
    const { front, open, gone } = await startGated(world);
    const checker = world.checker(front.url);
    await checker.ready();
    const controllers = [new AbortController(), new AbortController()];
    const leaving = controllers.map(({ signal }) => checker.check(LEAKED, { signal }));
    await vi.waitFor(() => expect(bucketRequests(front)).toHaveLength(2), WAIT);
    for (const controller of controllers) controller.abort();
    for (const verdict of leaving) expect(summary(await verdict)).toBe(allUnknown('ABORTED'));
    await vi.waitFor(() => expect(gone()).toBe(2), WAIT);
    const next = checker.check(LEAKED);
    await vi.waitFor(() => expect(bucketRequests(front)).toHaveLength(4), WAIT);
    open();
    expect((await next).status).toBe('pair');
  });

  test('do not join a request older than the deadline of a check', async ({ world }) => {
    let isStalled = true;
    const front = await world.front(async (request, response) => {
      const answer = await forward(world.url, request);
      if (isPassword(request.url ?? '') && isStalled) return;
      send(response, answer);
    });
    // A custom fetch that ignores signals: it would hang forever.
    const checker = world.checker(front.url, {
      timeoutMs: 100,
      circuitBreaker: false,
      fetch: (input, init) => fetch(input, { ...init, signal: null }),
    });
    await vi.waitFor(() => checker.ready(), WAIT);
    // Overlapping checks, so that the stalled request always has a waiter.
    const passwords = (): number => front.requests.filter((request) => request.startsWith('GET /v1/password/')).length;
    const chain = [checker.check({ password: 'some' })];
    await vi.waitFor(() => {
      chain.push(checker.check({ password: 'some' }));
      expect(passwords()).toBeGreaterThan(1);
    }, WAIT);
    isStalled = false;
    for (const verdict of chain) expect(['TIMEOUT', undefined]).toContain((await verdict).reason);
    await vi.waitFor(async () => expect((await checker.check({ password: 'some' })).status).toBe('clean'), WAIT);
  });

  test('share a failure', async ({ world }) => {
    const refusing = await world.spoil((answer, url) => {
      if (isBucket(url)) answer.status = 500;
    });
    const checker = world.checker(refusing.url);
    await checker.ready();
    const verdicts = await Promise.all([checker.check(LEAKED), checker.check(LEAKED)]);
    expect(verdicts.map(summary)).toEqual([allUnknown('HTTP_STATUS'), allUnknown('HTTP_STATUS')]);
    expect(bucketRequests(refusing)).toHaveLength(2);
  });

  test('under oprf, share the bucket of a password but no evaluation', async () => {
    const oprf = await createOprfWorld({ pairs: [LEAKED] });
    try {
      const gate = Promise.withResolvers<void>();
      const front = await oprf.front(async (request, response) => {
        const answer = await forward(oprf.url, request);
        if (isPassword(request.url ?? '')) await gate.promise;
        send(response, answer);
      });
      let evaluated = 0;
      const checker = oprf.checker(front.url, {
        onRequest: ({ route }) => {
          if (route === 'lookup') evaluated++;
        },
      });
      await checker.ready();
      const before = front.requests.length;
      evaluated = 0;
      const verdicts = Array.from({ length: 5 }, () => checker.check(LEAKED));
      const sent = (start: string): number =>
        front.requests.slice(before).filter((request) => request.startsWith(start)).length;
      await vi.waitFor(() => expect([sent('POST /v1/lookup'), sent('GET /v1/password/')]).toEqual([5, 1]), WAIT);
      await vi.waitFor(() => expect(evaluated).toBe(5), WAIT);
      await setImmediate();
      gate.resolve();
      for (const verdict of await Promise.all(verdicts)) expect(verdict.status).toBe('pair');
      // A fresh blind for each: equal inputs are not recognizable.
      const bodies = front.requests
        .filter((request) => request.startsWith('POST /v1/lookup'))
        .map((text) => text.slice(-128));
      expect(new Set(bodies).size).toBe(bodies.length);
      expect(sent('GET /v1/password/')).toBe(1);
    } finally {
      await oprf.close();
    }
  });
});

describe('connections', () => {
  async function startCounting(world: ClientWorld) {
    let connections = 0;
    const server = createServer(async (request, response) => send(response, await forward(world.url, request)));
    server.on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      connections: () => connections,
      close: () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  }

  test('a hundred checks in a row reuse a few connections', async ({ world }) => {
    const counting = await startCounting(world);
    try {
      const checker = world.checker(counting.url);
      for (let i = 0; i < 100; i++) expect((await checker.check(LEAKED)).status).toBe('pair');
      // Two at a time, and one more if a response was read but its connection is not yet free.
      expect(counting.connections()).toBeLessThan(10);
    } finally {
      await counting.close();
    }
  });

  test('an undici dispatcher, passed through the option fetch, limits connections', async ({ world }) => {
    const counting = await startCounting(world);
    const dispatcher = new Agent({ connections: 1, keepAliveTimeout: 30_000, connect: { timeout: TIMEOUT_MS } });
    const dispatched = (input: string, init: object) => undiciFetch(input, { ...init, dispatcher });
    try {
      const checker = world.checker(counting.url, {
        fetch: dispatched as unknown as typeof fetch,
      });
      await Promise.all(seededPairs(50).map(async (pair) => expect((await checker.check(pair)).status).toBe('pair')));
      expect(counting.connections()).toBe(1);
    } finally {
      await dispatcher.close();
      await counting.close();
    }
  });
});
