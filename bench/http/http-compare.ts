// npm run bench:http [-- --seconds N] [--rounds N] [--wait N] [--json FILE]: account buckets and
// ranges over HTTP, compared with node:http (same bodies in memory, with one header and with all of
// ours) and nginx (same bodies as files). Needs taskset and wrk; nginx is optional.
//
// One core: the server alone on core 0, wrk alone on core 1. Two cores against one: one server and
// wrk together on core 0, against two servers (one per core, on one port) and two threads of wrk on
// both, so that each core carries the same share of the load generator. Half load: a constant rate,
// with latency counted from the time at which a request was due.
//
// Contenders alternate in rounds. Figures are medians over the rounds, and ratios compare
// neighbours within a round, so that other work on the machine affects all alike. A server's share
// of its core shows how much other work there was; its CPU time per request hardly depends on it.
// With --wait, each slice waits up to N seconds for an idle machine.

import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { processorSeconds } from '../harness/process-peaks.ts';
import { waitForQuiet } from '../harness/quiet.ts';
import { runConstantRate } from './constant-rate.ts';
import { type BenchBodies, type BodySet, makeBenchBodies } from './http-bodies.ts';
import {
  type Contender,
  headersOf,
  isInstalled,
  RAW,
  SAME,
  startCredveil,
  startNginx,
  startRaw,
} from './http-contenders.ts';
import { runWrk } from './wrk.ts';

const CONNECTIONS = 32;
const [SERVER_CORE, LOAD_CORE] = [0, 1];
const COLD = 'credveil, nothing cached';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '7' },
    wait: { type: 'string', default: '0' },
    json: { type: 'string' },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];

const slices = { all: 0, quiet: 0 };
/** Runs before each slice. */
async function settle(): Promise<void> {
  slices.all++;
  if (await waitForQuiet(1000 * Number(values.wait))) slices.quiet++;
}

for (const command of ['taskset', 'wrk'])
  if (!isInstalled(command)) throw new Error(`${command} is not installed (Debian: util-linux, wrk)`);
if (os.availableParallelism() < 2) throw new Error('bench:http needs two cores: one for the server, one for the load');
const hasNginx = isInstalled('nginx');
if (!hasNginx) console.log('nginx is not installed (Debian: nginx): its figures are MISSING below\n');

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

/** One contender's result of one round. */
interface Round {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  /** The server's CPU time divided by wall time. */
  readonly share: number;
}

/** Measures all contenders on one core, alternating. */
async function compare(contenders: readonly Contender[], { list }: BodySet): Promise<Map<string, Round[]>> {
  const load = (contender: Contender, seed: number): Promise<number> =>
    runWrk({
      ...{ port: contender.port, paths: list, seed, cores: String(LOAD_CORE) },
      ...{ threads: 1, connections: CONNECTIONS, seconds },
    });
  const measured = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await load(contender, 0);
  for (let round = 1; round <= rounds; round++)
    for (const contender of contenders) {
      await settle();
      const before = processorSeconds(contender.pid);
      const requestsPerSecond = await load(contender, round);
      const cpuSeconds = processorSeconds(contender.pid) - before;
      const cpuMicroseconds = (1e6 * cpuSeconds) / (requestsPerSecond * seconds);
      measured.get(contender.name)?.push({ requestsPerSecond, cpuMicroseconds, share: cpuSeconds / seconds });
    }
  return measured;
}

/** Requests per second on two cores divided by those on one, with the generator's share in each. */
async function measureSecondCore(folder: string, { list }: BodySet): Promise<number> {
  const alone = await startCredveil(folder, 0);
  const first = await startCredveil(folder, 0, { reusePort: true });
  const second = await startCredveil(folder, 1, { port: first.port, reusePort: true });
  try {
    const load = (cores: number, seed: number): Promise<number> =>
      runWrk({
        ...{ port: cores === 1 ? alone.port : first.port, paths: list, seed, cores: cores === 1 ? '0' : '0,1' },
        // Many connections, so that the kernel spreads them evenly over the servers.
        ...{ threads: cores, connections: 4 * CONNECTIONS * cores, seconds },
      });
    for (const cores of [1, 2]) await load(cores, 0);
    const ratios: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      await settle();
      const one = await load(1, round);
      await settle();
      ratios.push((await load(2, round)) / one);
    }
    return median(ratios);
  } finally {
    for (const server of [alone, first, second]) server.stop();
  }
}

/** The p99 of each contender, alternating. */
async function measureHalfLoad(
  servers: readonly Contender[],
  { paths }: BodySet,
  requestsPerSecond: number,
): Promise<number[]> {
  const p99 = servers.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [at, { port }] of servers.entries()) {
      await settle();
      const order = { port, paths, requestsPerSecond, connections: CONNECTIONS, warmUpMs: 500 };
      p99[at]?.push((await runConstantRate({ ...order, durationMs: 1000 * seconds }, LOAD_CORE)).p99Ms);
    }
  return p99.map(median);
}

async function measureRoute(bodies: BenchBodies, route: 'account' | 'range'): Promise<Figure[]> {
  const set = bodies[route];
  const what = { account: 'GET /v1/account/{prefix}', range: 'GET /range/{prefix}' }[route];
  const { folder, bodiesFolder, home } = bodies;
  const contenders: Contender[] = [];
  try {
    const credveil = await startCredveil(folder, SERVER_CORE);
    contenders.push(credveil);
    const raw = { name: RAW, bodiesFolder, headers: ['Content-Type', 'application/octet-stream'] };
    const same = { name: SAME, bodiesFolder, headers: await headersOf(credveil, set.paths[0] as string) };
    for (const options of [raw, same]) contenders.push(await startRaw(options, SERVER_CORE));
    if (hasNginx) contenders.push(await startNginx(bodiesFolder, home, SERVER_CORE));
    if (route === 'range') contenders.push(await startCredveil(folder, SERVER_CORE, { name: COLD, maxHeldBytes: 0 }));
    const measured = await compare(contenders, set);
    const of = (name: string, value: keyof Round): number[] => (measured.get(name) ?? []).map((round) => round[value]);
    const ratio = (value: keyof Round, ours: string, theirs: string): number =>
      median(of(ours, value).map((one, round) => one / (of(theirs, value)[round] ?? Number.NaN)));
    const half = median(of('credveil', 'requestsPerSecond')) / 2;
    const size = `bodies of ${Math.round(set.meanBytes).toLocaleString('en-US')} bytes`;
    return [
      ...contenders.flatMap(({ name }): Figure[] => [
        {
          name: `${what}: ${name}`,
          value: median(of(name, 'requestsPerSecond')),
          unit: 'requests/s',
          note: `${size}; the server had ${Math.round(100 * median(of(name, 'share')))}% of its core`,
        },
        { name: `${what}: ${name}`, value: median(of(name, 'cpuMicroseconds')), unit: 'µs of server CPU' },
      ]),
      ...[RAW, SAME].flatMap((name): Figure[] => [
        {
          name: `${what}: to ${name}`,
          value: ratio('requestsPerSecond', 'credveil', name),
          unit: 'ratio',
          ...(name === SAME && { note: 'goal: 0.9' }),
        },
        {
          name: `${what}: CPU of ${name} to credveil`,
          value: ratio('cpuMicroseconds', name, 'credveil'),
          unit: 'ratio',
        },
      ]),
      ...(hasNginx
        ? [{ name: `${what}: to nginx`, value: ratio('requestsPerSecond', 'credveil', 'nginx'), unit: 'ratio' }]
        : []),
      ...(await measureHalfLoad(contenders.slice(0, 3), set, half)).map((value, at) => ({
        name: `${what}: p99 at half load: ${contenders[at]?.name}`,
        value,
        unit: 'ms',
        note: `${Math.round(half).toLocaleString('en-US')} requests/s${at === 0 ? '; goal: 1 ms over node:http' : ''}`,
      })),
      {
        name: `${what}: two cores to one`,
        value: await measureSecondCore(folder, set),
        unit: 'ratio',
        note: 'goal: 1.7',
      },
    ];
  } finally {
    for (const contender of contenders) contender.stop();
  }
}

const machine = describeMachine();
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}`);
console.log(`repeat with: npm run bench:http -- --seconds ${seconds} --rounds ${rounds} --wait ${values.wait}\n`);
const bodies = await makeBenchBodies();
try {
  const figures = [...(await measureRoute(bodies, 'account')), ...(await measureRoute(bodies, 'range'))];
  console.log(formatFigures(figures));
  console.log(`\n${slices.quiet} of ${slices.all} slices started on an idle machine`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
} finally {
  bodies.dispose();
}
