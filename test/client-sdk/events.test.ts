// Hooks and diagnostics channels: their events, and that they never affect a check.

import diagnostics from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import type { CircuitEvent, RequestEvent, VerdictEvent } from '../../client-sdk/index.ts';
import { test } from '../support/worlds/client-fixture.ts';
import { isAccount, isBucket, LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';
import { createOprfWorld } from '../support/worlds/oprf-world.ts';

const CHANNELS = ['credveil.client.verdict', 'credveil.client.request', 'credveil.client.circuit'] as const;

/** Listens to all channels while `run` runs. */
async function listen(run: () => Promise<void>): Promise<{ name: string; message: unknown }[]> {
  const heard: { name: string; message: unknown }[] = [];
  const subscriber = (message: unknown, name: string | symbol): void =>
    void heard.push({ name: String(name), message });
  for (const name of CHANNELS) diagnostics.subscribe(name, subscriber);
  try {
    await run();
  } finally {
    for (const name of CHANNELS) diagnostics.unsubscribe(name, subscriber);
  }
  return heard;
}

describe('events', () => {
  test('report each check and each request, to hooks and channels alike', async ({ world }) => {
    const verdicts: VerdictEvent[] = [];
    const requests: RequestEvent[] = [];
    const checker = world.checker(world.url, {
      onVerdict: (event) => verdicts.push(event),
      onRequest: (event) => requests.push(event),
    });
    const durations: number[] = [];
    const heard = await listen(async () => {
      for (const credential of [LEAKED, STRANGER]) durations.push((await checker.check(credential)).durationMs);
    });
    expect(verdicts.map(({ status, action, failures }) => [status, action, failures])).toEqual([
      ['pair', 'challenge', []],
      ['clean', 'allow', []],
    ]);
    expect(verdicts.map(({ durationMs }) => durationMs)).toEqual(durations);
    expect(requests.map(({ route }) => route).toSorted()).toEqual([
      'account',
      'account',
      'head',
      'password',
      'password',
      'statement',
    ]);
    for (const { durationMs, ...rest } of requests) {
      expect(durationMs).toBeGreaterThan(0);
      expect(rest).not.toHaveProperty('reason');
    }
    const of = (name: string): unknown[] => heard.filter((event) => event.name === name).map(({ message }) => message);
    expect(of('credveil.client.verdict')).toEqual(verdicts);
    expect(of('credveil.client.request')).toEqual(requests);
    expect(of('credveil.client.circuit')).toEqual([]);
    await checker.check(LEAKED);
    expect(heard, 'no subscriber is left').toHaveLength(verdicts.length - 1 + 6);
  });

  test('report failures, including those next to a finding and in the background', async ({ world }) => {
    let fails: (url: string) => boolean = () => false;
    const front = await world.spoil((answer, url) => {
      if (fails(url)) answer.status = 503;
    });
    const verdicts: VerdictEvent[] = [];
    const requests: RequestEvent[] = [];
    const circuit: CircuitEvent[] = [];
    const checker = world.checker(front.url, {
      headMaxAgeMs: 0,
      circuitBreaker: { failures: 2 },
      onVerdict: (event) => verdicts.push(event),
      onRequest: (event) => requests.push(event),
      onCircuit: (event) => circuit.push(event),
    });
    await checker.ready();
    fails = (url) => !isAccount(url);
    expect((await checker.check(LEAKED)).status).toBe('pair');
    expect(verdicts.at(-1)).toMatchObject({ status: 'pair', failures: ['HTTP_STATUS'] });
    expect(verdicts.at(-1)).not.toHaveProperty('reason');
    for (const route of ['head', 'password'])
      await expect.poll(() => requests).toContainEqual(expect.objectContaining({ route, reason: 'HTTP_STATUS' }));
    fails = isBucket;
    await checker.check(STRANGER);
    expect(verdicts.at(-1)).toMatchObject({ status: 'unknown', reason: 'HTTP_STATUS', failures: ['HTTP_STATUS'] });
    expect(circuit).toEqual([{ state: 'open' }]);
    await checker.check(STRANGER);
    expect(verdicts.at(-1)).toMatchObject({ status: 'unknown', reason: 'CIRCUIT_OPEN' });
  });

  test('contain no credential, key, prefix or URL', async ({ world }) => {
    const oprf = await createOprfWorld({ pairs: [LEAKED] });
    try {
      const counting = await world.spoil(() => {});
      const failing = await world.spoil((answer) => {
        answer.status = 500;
      });
      const heard = await listen(async () => {
        await world.checker(counting.url).check(LEAKED);
        await world.checker(failing.url, { circuitBreaker: { failures: 1 } }).check(LEAKED);
        await world.checker('http://127.0.0.1:1/').check(LEAKED);
        await oprf.checker(oprf.url).check(LEAKED);
      });
      const routes = heard.flatMap(({ message }) =>
        'route' in Object(message) ? [(message as RequestEvent).route] : [],
      );
      expect(new Set(routes)).toEqual(new Set(['head', 'statement', 'account', 'password', 'lookup']));
      const shown = inspect(heard, { depth: null, showHidden: true });
      const prefixes = counting.requests.flatMap(
        (request) => /\/v1\/(?:account|password)\/(\w+)/.exec(request)?.[1] ?? [],
      );
      expect(prefixes).toHaveLength(2);
      const secret = world.made.key.revealText().split('.')[2] as string;
      for (const text of [LEAKED.username, LEAKED.password, secret, 'http', '127.0.0.1'])
        expect(shown).not.toContain(text);
      const words = new Set(heard.flatMap(({ message }) => Object.values(message as object).map(String)));
      for (const prefix of prefixes) expect(words).not.toContain(prefix);
    } finally {
      await oprf.close();
    }
  });

  test('leave the verdict unchanged if a hook throws, rejects or hangs', async ({ world }) => {
    const throwing = (): never => {
      throw new Error('a hook');
    };
    const rejecting = async (): Promise<never> => throwing();
    const hanging = (): Promise<never> => new Promise(() => {});
    for (const hook of [throwing, rejecting, hanging]) {
      const hooks = { onVerdict: hook, onRequest: hook, onCircuit: hook };
      const checker = world.checker(world.url, hooks);
      expect((await checker.check(LEAKED)).status).toBe('pair');
      expect((await checker.check(STRANGER)).status).toBe('clean');
      const away = world.checker('http://127.0.0.1:1/', { ...hooks, circuitBreaker: { failures: 1 } });
      expect((await away.check(LEAKED)).reason).toBe('NETWORK');
      expect((await away.check(LEAKED)).reason).toBe('CIRCUIT_OPEN');
    }
  });

  test('leave the verdict unchanged if a hook modifies them', async ({ world }) => {
    const checker = world.checker(world.url, {
      onVerdict: (event) => Object.assign(event, { status: 'clean', action: 'allow' }),
    });
    expect(await checker.check(LEAKED)).toMatchObject({ status: 'pair', action: 'challenge' });
  });

  test('reach hooks on a platform without diagnostics channels', async ({ world }) => {
    const { getBuiltinModule } = process;
    const seen: VerdictEvent[] = [];
    try {
      for (const replacement of [undefined, () => undefined]) {
        Object.assign(process, { getBuiltinModule: replacement });
        const checker = world.checker(world.url, { timeoutMs: TIMEOUT_MS, onVerdict: (event) => seen.push(event) });
        const heard = await listen(async () => void (await checker.check(LEAKED)));
        expect(heard).toEqual([]);
      }
    } finally {
      Object.assign(process, { getBuiltinModule });
    }
    expect(seen.map(({ status }) => status)).toEqual(['pair', 'pair']);
  });
});
