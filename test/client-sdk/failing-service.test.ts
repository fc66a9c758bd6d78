// A service that is stopped, stalled, slow, sends garbage or has another key: a thousand checks in
// each state without a wrong verdict, and the recovery.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type CircuitState,
  createLeakChecker,
  type LeakChecker,
  type LeakCheckerOptions,
  type UnknownReason,
  type Verdict,
} from '../../client-sdk/index.ts';
import { createSodiumOprf } from '../../client-sdk/sodium.ts';
import type { SuiteName } from '../../protocol/suite.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../support/dataset.ts';
import { FAILURE_NAMES, FAILURES, type Failure, HANGS, startFailingService } from '../support/failing-service.ts';
import { keyPinOf, trustPinOf } from '../support/pins.ts';
import { TIMEOUT_MS } from '../support/worlds/client-world.ts';

const CHECKS = 1000;
/** Half of the checks are of leaked pairs. */
const PAIRS = CHECKS / 2;
const AT_ONCE = 100;
/** Longer than the default, so that a busy machine recovers within it. */
const DEADLINE_MS = 1500;

interface Place {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly other: MadeDataset;
  readonly otherServer: CredveilServer;
  readonly pairs: readonly Pair[];
  /** The options of a checker, except its URL. */
  readonly options: Omit<LeakCheckerOptions, 'url'>;
}

const places = new Map<SuiteName, Place>();

beforeAll(async () => {
  const oprf = await createSodiumOprf();
  for (const suite of ['hmac', 'oprf'] as const) {
    const pairs = seededPairs(PAIRS);
    const made = await makeDataset({ suite, oprf, pairs });
    const other = await makeDataset({ suite, oprf, keySeed: 2, pairs: seededPairs(10, 2) });
    const serve = ({ folder, key }: MadeDataset): Promise<CredveilServer> =>
      startServer(folder, suite === 'oprf' ? { key, port: 0 } : { port: 0 });
    const options = suite === 'hmac' ? keyPinOf(made) : { ...trustPinOf(made), engine: createSodiumOprf() };
    places.set(suite, {
      made,
      other,
      pairs,
      options,
      server: await serve(made),
      otherServer: await serve(other),
    });
  }
});
afterAll(async () => {
  for (const { made, other, server, otherServer } of places.values()) {
    await server.close();
    await otherServer.close();
    made.dispose();
    other.dispose();
  }
});

/**
 * Checks the pairs and as many strangers, `atOnce` at a time.
 * @returns each verdict, and whether its pair leaked
 */
async function checkAll(
  checker: LeakChecker,
  pairs: readonly Pair[],
  atOnce = AT_ONCE,
): Promise<{ verdict: Verdict; leaked: boolean }[]> {
  const asked = pairs.flatMap((pair) => [
    { credential: pair, leaked: true },
    { credential: { username: `not-${pair.username}`, password: `not ${pair.password}` }, leaked: false },
  ]);
  const checked: { verdict: Verdict; leaked: boolean }[] = [];
  const lane = async (): Promise<void> => {
    for (let next = asked.pop(); next; next = asked.pop())
      checked.push({ verdict: await checker.check(next.credential), leaked: next.leaked });
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return checked;
}

function tally(verdicts: readonly Verdict[]): Map<UnknownReason | undefined, number> {
  const counts = new Map<UnknownReason | undefined, number>();
  for (const { reason } of verdicts) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** The head has a deadline of its own, which a busy machine may miss in any state. */
const ON_A_BUSY_MACHINE: readonly UnknownReason[] = ['TIMEOUT'];

const truth = (leaked: boolean): string => (leaked ? 'pair' : 'clean');

// Each test has its own service and checker and mostly waits, so they run concurrently.
describe.concurrent.each(['hmac', 'oprf'] as const)('under %s', (suite) => {
  describe.each(FAILURE_NAMES)('with the service %s', (failure: Failure) => {
    const right: readonly UnknownReason[] = FAILURES[failure];
    // Only failures that hang get a short deadline, so that a slow machine cannot fail the others.
    const timeoutMs = HANGS.includes(failure) ? DEADLINE_MS : TIMEOUT_MS;
    /** A wrong evaluation is never forgiven: after it, only a new checker answers. */
    const mayLatch = suite === 'oprf' && (failure === 'garbage' || failure === 'other key');

    async function withService(
      options: Partial<LeakCheckerOptions>,
      use: (
        checker: LeakChecker,
        service: Awaited<ReturnType<typeof startFailingService>>,
        place: Place,
        restart: () => LeakChecker,
      ) => Promise<void>,
    ): Promise<void> {
      const place = places.get(suite) as Place;
      const service = await startFailingService(place.server.url, place.otherServer.url);
      try {
        const given = { ...place.options, timeoutMs, ...options, url: service.url } as LeakCheckerOptions;
        const create = (): LeakChecker => createLeakChecker(given);
        const checker = create();
        await use(checker, service, place, () => (mayLatch ? create() : checker));
      } finally {
        await service.close();
      }
    }

    async function expectRecovery(checker: LeakChecker, { pairs }: Place): Promise<void> {
      const [leaked] = pairs as [Pair];
      await vi.waitFor(async () => expect((await checker.check(leaked)).status).toBe('pair'), { timeout: TIMEOUT_MS });
      const stranger = { username: 'nobody@example.test', password: 'nothing' };
      await vi.waitFor(async () => expect((await checker.check(stranger)).status).toBe('clean'), {
        timeout: TIMEOUT_MS,
      });
    }

    test('from the start, a thousand checks are unknown, and the checker recovers', async () => {
      const states: CircuitState[] = [];
      const onCircuit = ({ state }: { state: CircuitState }): void => void states.push(state);
      await withService({ onCircuit }, async (checker, service, place, restart) => {
        await service.fail(failure);
        const verdicts = (await checkAll(checker, place.pairs, 10)).map(({ verdict }) => verdict);
        expect(verdicts).toHaveLength(CHECKS);
        expect(new Set(verdicts.map(({ status }) => status))).toEqual(new Set(['unknown']));
        const reasons = tally(verdicts);
        for (const reason of reasons.keys()) expect([...right, 'CIRCUIT_OPEN', ...ON_A_BUSY_MACHINE]).toContain(reason);
        expect([...reasons.keys()].some((reason) => right.includes(reason as UnknownReason))).toBe(true);
        const away = HANGS.includes(failure) || failure === 'stopped';
        if (away) expect(reasons.get('CIRCUIT_OPEN')).toBeGreaterThan(CHECKS / 2);
        if (failure === 'other key' && !reasons.has('TIMEOUT')) expect(states).toEqual([]);
        await service.heal();
        await expectRecovery(restart(), place);
        if (!mayLatch) expect(states.at(-1) ?? 'closed').toBe('closed');
      });
    });

    test('after the first config, a thousand checks are unknown with the right reason', async () => {
      await withService({ circuitBreaker: false, bucketCacheBytes: 0 }, async (checker, service, place, restart) => {
        await vi.waitFor(() => checker.ready(), { timeout: TIMEOUT_MS });
        await service.fail(failure);
        const checked = await checkAll(checker, place.pairs);
        expect(checked).toHaveLength(CHECKS);
        for (const { verdict, leaked } of checked) {
          // One garbled answer leaves the other intact: a pair may still be found.
          const found = failure === 'garbage' && leaked && verdict.status === 'pair';
          if (!found) expect([...right, ...ON_A_BUSY_MACHINE]).toContain(verdict.reason);
        }
        expect(checked.some(({ verdict: { reason } }) => reason !== undefined && right.includes(reason))).toBe(true);
        expect(checked.filter(({ verdict }) => verdict.status === 'clean')).toEqual([]);
        await service.heal();
        await expectRecovery(restart(), place);
      });
    });

    test('intermittently, every check is correct or unknown', async () => {
      await withService(
        { timeoutMs: DEADLINE_MS, circuitBreaker: { coolDownMs: 50 } },
        async (checker, service, place, restart) => {
          const outcomes = new Map<string, number>();
          for (let round = 0; round < 4; round++) {
            await (round % 2 ? service.fail(failure) : service.heal());
            const current = round === 0 ? checker : restart();
            for (const { verdict, leaked } of await checkAll(current, place.pairs.slice(0, 125), 20)) {
              expect([truth(leaked), 'unknown']).toContain(verdict.status);
              outcomes.set(verdict.status, (outcomes.get(verdict.status) ?? 0) + 1);
            }
          }
          expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(1000);
          await service.heal();
          await expectRecovery(restart(), place);
        },
      );
    });
  });
});
