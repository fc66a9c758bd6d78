// The circuit breaker: what opens it, what does not, and how it closes.

import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, vi } from 'vitest';
import type { CircuitState, HmacOptions, LeakChecker, Verdict } from '../../client-sdk/index.ts';
import type { HttpFront } from '../support/http-front.ts';
import { test } from '../support/worlds/client-fixture.ts';
import { allUnknown, type ClientWorld, LEAKED, STRANGER, summary } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

/** Longer than any test runs. */
const LONG_MS = 2 ** 31 - 1;
const WAIT = { timeout: 60_000, interval: 5 };

interface Watched {
  readonly checker: LeakChecker;
  readonly front: HttpFront;
  readonly states: CircuitState[];
  status: number;
}

/** A checker with its head loaded, and a service that answers with a status set by the test. */
async function watch(world: ClientWorld, options: Partial<HmacOptions> = {}): Promise<Watched> {
  const states: CircuitState[] = [];
  const watched = { status: 200 };
  const front = await world.spoil((answer) => {
    if (watched.status !== 200) answer.status = watched.status;
  });
  const checker = world.checker(front.url, { onCircuit: ({ state }) => states.push(state), ...options });
  await checker.ready();
  return Object.assign(watched, { checker, front, states });
}

async function checks(checker: LeakChecker, count: number): Promise<(string | undefined)[]> {
  const verdicts: Verdict[] = [];
  for (let i = 0; i < count; i++) verdicts.push(await checker.check(STRANGER));
  return verdicts.map(({ status, reason }) => reason ?? status);
}

/** Starts checks until one of them probes the service, and returns that one while it is pending. */
async function probeOf(
  checker: LeakChecker,
  states: readonly CircuitState[],
  signal?: AbortSignal,
): Promise<{ verdict: Promise<Verdict> }> {
  for (;;) {
    const verdict = checker.check(STRANGER, { signal });
    await setImmediate();
    if (states.at(-1) === 'half-open') return { verdict };
    expect((await verdict).reason).toBe('CIRCUIT_OPEN');
  }
}

describe('the circuit', () => {
  test('opens after five consecutive failures, and then sends nothing', async ({ world }) => {
    const watched = await watch(world, { circuitBreaker: { coolDownMs: LONG_MS } });
    watched.status = 503;
    expect(await checks(watched.checker, 5)).toEqual(Array(5).fill('HTTP_STATUS'));
    expect(watched.states).toEqual(['open']);
    const sent = watched.front.requests.length;
    const verdict = await watched.checker.check(LEAKED);
    expect(summary(verdict)).toBe(allUnknown('CIRCUIT_OPEN'));
    expect(verdict.action).toBe('allow');
    expect(await checks(watched.checker, 3)).toEqual(Array(3).fill('CIRCUIT_OPEN'));
    expect(watched.front.requests).toHaveLength(sent);
  });

  test('stays closed if the failures are not consecutive', async ({ world }) => {
    let asked = 0;
    const flaky = await world.spoil((answer, url) => {
      if (url.startsWith('/v1/password') && ++asked % 3 !== 0) answer.status = 500;
    });
    const states: CircuitState[] = [];
    const checker = world.checker(flaky.url, {
      circuitBreaker: { failures: 3 },
      onCircuit: ({ state }) => states.push(state),
    });
    const failing = ['HTTP_STATUS', 'HTTP_STATUS', 'clean'];
    expect(await checks(checker, 9)).toEqual([...failing, ...failing, ...failing]);
    expect(states).toEqual([]);
  });

  test('stays closed on malformed answers, since they cost no wait', async ({ world }) => {
    const front = await world.front((_request, response) => void response.end('[]'));
    const states: CircuitState[] = [];
    const checker = world.checker(front.url, { onCircuit: ({ state }) => states.push(state) });
    expect(await checks(checker, 12)).toEqual(Array(12).fill('HEAD_MALFORMED'));
    expect(states).toEqual([]);
  });

  test('stays closed if callers abort', async ({ world }) => {
    const silent = await world.front(() => {});
    const states: CircuitState[] = [];
    const checker = world.checker(silent.url, { onCircuit: ({ state }) => states.push(state) });
    for (let i = 0; i < 12; i++) {
      const controller = new AbortController();
      const verdict = checker.check(STRANGER, { signal: controller.signal });
      await vi.waitFor(() => expect(silent.requests.length).toBeGreaterThan(0), WAIT);
      controller.abort();
      expect(summary(await verdict)).toBe(allUnknown('ABORTED'));
    }
    expect(states).toEqual([]);
  });

  test('opens if the head never arrives', async ({ world }) => {
    const silent = await world.front(() => {});
    const states: CircuitState[] = [];
    const checker = world.checker(silent.url, {
      timeoutMs: 20,
      circuitBreaker: { coolDownMs: LONG_MS },
      onCircuit: ({ state }) => states.push(state),
    });
    expect(await checks(checker, 7)).toEqual([...Array(5).fill('TIMEOUT'), 'CIRCUIT_OPEN', 'CIRCUIT_OPEN']);
    expect(states).toEqual(['open']);
  });

  test('lets one probe through after the cool-down, and closes when the probe is answered', async ({ world }) => {
    const gate = Promise.withResolvers<void>();
    let isHeld = false;
    const watched = await watch(world, {
      circuitBreaker: { failures: 1, coolDownMs: 1 },
      fetch: async (input, init) => {
        if (isHeld) await gate.promise;
        return fetch(input, init);
      },
    });
    watched.status = 500;
    expect(await checks(watched.checker, 1)).toEqual(['HTTP_STATUS']);
    watched.status = 200;
    isHeld = true;
    const probe = await probeOf(watched.checker, watched.states);
    expect(watched.states).toEqual(['open', 'half-open']);
    expect(await checks(watched.checker, 2), 'other checks do not wait for the probe').toEqual([
      'CIRCUIT_OPEN',
      'CIRCUIT_OPEN',
    ]);
    gate.resolve();
    expect((await probe.verdict).status).toBe('clean');
    expect(watched.states).toEqual(['open', 'half-open', 'closed']);
    expect(await checks(watched.checker, 2)).toEqual(['clean', 'clean']);
  });

  test('stays open if the probe fails', async ({ world }) => {
    const watched = await watch(world, { circuitBreaker: { failures: 2, coolDownMs: 1 } });
    watched.status = 500;
    await checks(watched.checker, 2);
    await vi.waitFor(async () => {
      await watched.checker.check(STRANGER);
      expect(watched.states.slice(0, 4)).toEqual(['open', 'half-open', 'open', 'half-open']);
    }, WAIT);
    watched.status = 200;
    await vi.waitFor(async () => expect((await watched.checker.check(STRANGER)).status).toBe('clean'), WAIT);
    expect(watched.states.at(-1)).toBe('closed');
  });

  test('lets the next check probe without a cool-down if the caller aborts the probe', async ({ world }) => {
    let isHeld = false;
    const watched = await watch(world, {
      circuitBreaker: { failures: 1, coolDownMs: 1 },
      fetch: (input, init) => (isHeld ? new Promise(() => {}) : fetch(input, init)),
    });
    const { checker, states } = watched;
    watched.status = 500;
    await checker.check(STRANGER);
    isHeld = true;
    const controller = new AbortController();
    const probe = await probeOf(checker, states, controller.signal);
    controller.abort();
    expect((await probe.verdict).reason).toBe('ABORTED');
    expect(states).toEqual(['open', 'half-open', 'open']);
    isHeld = false;
    expect((await checker.check(STRANGER)).reason, 'without another cool-down').toBe('HTTP_STATUS');
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'open']);
  });

  test('does not block a check that the cache answers', async ({ world }) => {
    const watched = await watch(world, {
      circuitBreaker: { failures: 1, coolDownMs: LONG_MS },
      bucketCacheBytes: 2 ** 22,
    });
    expect((await watched.checker.check(LEAKED)).status).toBe('pair');
    watched.status = 500;
    expect((await watched.checker.check({ username: 'some', password: 'other' })).reason).toBe('HTTP_STATUS');
    expect(watched.states).toEqual(['open']);
    expect((await watched.checker.check(LEAKED)).status).toBe('pair');
    expect((await watched.checker.check({ username: 'some', password: 'other' })).reason).toBe('CIRCUIT_OPEN');
  });

  test('never opens with circuitBreaker: false', async ({ world }) => {
    const watched = await watch(world, { circuitBreaker: false });
    watched.status = 500;
    expect(await checks(watched.checker, 20)).toEqual(Array(20).fill('HTTP_STATUS'));
    expect(watched.states).toEqual([]);
  });

  test('does not block `ready`', async ({ world }) => {
    const watched = await watch(world, { circuitBreaker: { failures: 1, coolDownMs: LONG_MS } });
    watched.status = 500;
    await checks(watched.checker, 1);
    expect(watched.states).toEqual(['open']);
    await expect(watched.checker.ready()).resolves.toBeUndefined();
  });
});

describe('the circuit under oprf', () => {
  let oblivious: OprfWorld;
  beforeAll(async () => {
    oblivious = await createOprfWorld({ pairs: [LEAKED] });
  });
  afterEach(() => oblivious.closeFronts());
  afterAll(() => oblivious.close());

  test('opens while the service is down, and closes when it is back', async () => {
    let isDown = true;
    const front = await oblivious.spoil((answer) => {
      if (isDown) answer.status = 502;
    });
    const states: CircuitState[] = [];
    const checker = oblivious.checker(front.url, {
      circuitBreaker: { failures: 2, coolDownMs: 1 },
      onCircuit: ({ state }) => states.push(state),
    });
    expect(await checks(checker, 2)).toEqual(['HTTP_STATUS', 'HTTP_STATUS']);
    expect(states).toEqual(['open']);
    isDown = false;
    await vi.waitFor(async () => expect((await checker.check(LEAKED)).status).toBe('pair'), WAIT);
    expect(states.at(-1)).toBe('closed');
  });
});
