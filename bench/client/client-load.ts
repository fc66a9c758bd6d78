// npm run bench:client: SDK checks over loopback, many at once, and while the service fails.
// `--json FILE` also writes the figures as JSON.

import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createLeakChecker, type LeakCheckerOptions, type OprfOptions } from '../../client-sdk/index.ts';
import { createSodiumOprf } from '../../client-sdk/sodium.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../../test/support/dataset.ts';
import {
  FAILURE_NAMES,
  type FailingService,
  type Failure,
  startFailingService,
} from '../../test/support/failing-service.ts';
import { type KeyPin, keyPinOf, type TrustPin, trustPinOf } from '../../test/support/pins.ts';
import { createRandom } from '../../test/support/random.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { startServerChild } from '../http/server-children.ts';

const SEED = 5;
/** Each pair has two entries in the account index: 16 buckets of 1,024 entries. */
const PAIRS = 8192;
/** Usernames: each has two entries, so that a bucket has about a thousand. */
const BUCKET_FLOOR = 500;
const AT_ONCE = [1, 16, 64];
const WARM_UP = 200;
/** Checks per measurement: fewer where a check takes longer. */
const CHECKS = { hmac: 4000, 'oprf, libsodium': 1500, 'oprf, noble': 600 } as const;
/** Checks per measurement while the service fails. */
const FAILED_CHECKS = 1000;
const DEADLINE_MS = 300;
/** A deadline that no measured check reaches. */
const PATIENCE_MS = 60_000;

type Caller = KeyPin | (TrustPin & Pick<OprfOptions, 'engine'>);

/** Durations of checks of random pairs, `atOnce` at a time, in ascending order. */
async function measure(
  options: LeakCheckerOptions,
  pairs: readonly Pair[],
  { atOnce, warmUp, checks }: { atOnce: number; warmUp: number; checks: number },
): Promise<{ durations: number[]; perSecond: number; cpuMs: number; failures: number }> {
  const checker = createLeakChecker(options);
  const random = createRandom(SEED);
  const durations: number[] = [];
  let failures = 0;
  const run = async (count: number): Promise<void> => {
    durations.length = 0;
    failures = 0;
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        const { status, durationMs } = await checker.check(random.pick(pairs));
        if (status === 'unknown') failures++;
        else if (status !== 'pair') throw new Error(`a leaked pair got the verdict ${status}`);
        durations.push(durationMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
  };
  await run(warmUp);
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await run(checks);
  const { user, system } = process.cpuUsage(before);
  const perSecond = (1000 * durations.length) / (performance.now() - startedAt);
  durations.sort((a, b) => a - b);
  return { durations, perSecond, cpuMs: (user + system) / 1000 / durations.length, failures };
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

async function measureLoad(
  name: keyof typeof CHECKS,
  made: MadeDataset,
  pairs: readonly Pair[],
  caller: Caller,
): Promise<Figure[]> {
  const { folder, key } = made;
  const server = await startServerChild(key.suite === 'oprf' ? { folder, keyText: key.revealText() } : { folder });
  const figures: Figure[] = [];
  try {
    const url = `http://127.0.0.1:${server.port}`;
    // Under oprf each check still requests an evaluation.
    for (const bucketCacheBytes of key.suite === 'oprf' ? [0] : [0, 2 ** 22])
      for (const atOnce of AT_ONCE) {
        const options: LeakCheckerOptions = { url, timeoutMs: PATIENCE_MS, bucketCacheBytes, ...caller };
        const { durations, perSecond, cpuMs, failures } = await measure(options, pairs, {
          atOnce,
          warmUp: WARM_UP,
          checks: CHECKS[name],
        });
        if (failures > 0) throw new Error('a check failed');
        const what = `SDK check (${name}${bucketCacheBytes > 0 ? ', buckets cached' : ''}), ${atOnce} at once`;
        figures.push({ name: `${what}, p50`, value: percentile(durations, 0.5), unit: 'ms' });
        figures.push({ name: `${what}, p99`, value: percentile(durations, 0.99), unit: 'ms' });
        figures.push({ name: what, value: perSecond, unit: 'checks/s' });
        figures.push({ name: what, value: cpuMs, unit: 'ms of client CPU' });
      }
    return figures;
  } finally {
    server.stop();
  }
}

/** Durations of checks in each state of the service, with the default deadline. */
async function measureFailures(made: MadeDataset, other: MadeDataset, pairs: readonly Pair[]): Promise<Figure[]> {
  const behind = await startServerChild({ folder: made.folder });
  const beside = await startServerChild({ folder: other.folder });
  const service = await startFailingService(`http://127.0.0.1:${behind.port}`, `http://127.0.0.1:${beside.port}`);
  try {
    const figures: Figure[] = [];
    for (const failure of FAILURE_NAMES)
      for (const breaker of [true, false])
        figures.push(...(await measureFailure(service, failure, breaker, made, pairs)));
    return figures;
  } finally {
    await service.close();
    behind.stop();
    beside.stop();
  }
}

/** The longest duration of a timer set to the deadline while `work` runs: timers may be late. */
async function measureLateness(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let isRunning = true;
  const watch = async (): Promise<void> => {
    while (isRunning) {
      const startedAt = performance.now();
      await setTimeout(DEADLINE_MS);
      longest = Math.max(longest, performance.now() - startedAt);
    }
  };
  const watches = Array.from({ length: 16 }, watch);
  await work;
  isRunning = false;
  await Promise.all(watches);
  return longest;
}

async function measureFailure(
  service: FailingService,
  failure: Failure,
  breaker: boolean,
  made: MadeDataset,
  pairs: readonly Pair[],
): Promise<Figure[]> {
  await service.fail(failure);
  const measuring = measure(
    {
      url: service.url,
      ...keyPinOf(made),
      timeoutMs: DEADLINE_MS,
      ...(!breaker && { circuitBreaker: false }),
    },
    pairs,
    { atOnce: 16, warmUp: 0, checks: FAILED_CHECKS },
  );
  const lateness = await measureLateness(measuring);
  const { durations, failures } = await measuring;
  await service.heal();
  const what = `SDK check, service ${failure}${breaker ? '' : ', no circuit breaker'}`;
  const note = `${failures} of ${durations.length} unknown; a bare timer of ${DEADLINE_MS} ms took up to ${Math.round(lateness)}`;
  return [0.5, 0.99, 1].map((share) => ({
    name: `${what}, ${share === 1 ? 'longest' : `p${100 * share}`}`,
    value: percentile(durations, share),
    unit: 'ms',
    note,
  }));
}

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const machine = describeMachine();
const { cpu, cores, memoryGiB, platform, node, packages } = machine;
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);
console.log(
  Object.entries(packages)
    .map((entry) => entry.join(' '))
    .join(', '),
);
console.log(`repeat with: npm run bench:client; load average before the run: ${os.loadavg()[0]?.toFixed(1)}\n`);

const engine = await createSodiumOprf();
const pairs = seededPairs(PAIRS);
const keyed = await makeDataset({ pairs, bucketFloor: BUCKET_FLOOR });
const other = await makeDataset({ keySeed: 2, pairs: seededPairs(10) });
const oblivious = await makeDataset({ suite: 'oprf', oprf: engine, pairs, bucketFloor: BUCKET_FLOOR });
try {
  const pin = trustPinOf(oblivious);
  const figures = [
    ...(await measureLoad('hmac', keyed, pairs, keyPinOf(keyed))),
    ...(await measureLoad('oprf, libsodium', oblivious, pairs, { ...pin, engine })),
    ...(await measureLoad('oprf, noble', oblivious, pairs, pin)),
    ...(await measureFailures(keyed, other, pairs)),
  ];
  console.log(formatFigures(figures));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
} finally {
  for (const dataset of [keyed, other, oblivious]) dataset.dispose();
}
