// `npm run soak -- --seconds 60`: full load from wrk and strict clients while snapshots are
// published, workers are killed and the configuration is reloaded; then good clients beside 5,000
// slow sockets.
// Needs Linux and wrk.
//
// The exit code is 1 if a request failed other than on an open socket of a killed worker, a verdict
// was wrong, or a worker did not serve a published snapshot. Latencies do not affect the exit code.
// `--seconds 0` skips the first part, `--slow 0` the second.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../test/support/dataset.ts';
import { keyPinOf } from '../../test/support/pins.ts';
import { socketsOf, waitingAt } from './proc-sockets.ts';
import { measureSlowSockets } from './slow-sockets.ts';
import { type CheckResult, startChecks } from './soak-checks.ts';
import { type SoakService, startService } from './soak-service.ts';
import { type LoadFailure, StrictLoad } from './strict-load.ts';

const WORKERS = 2;
const PUBLISHES = 20;
const KILLS = 5;
const PAIRS = 8_000;
const WRK_CONNECTIONS = 48;
const STRICT_CONNECTIONS = 16;
const CHECK_LANES = 2;
/** Maximum time in which a client on a busy machine notices that its connection is gone. */
const TOLERANCE_MS = 2_000;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, slow: { type: 'string', default: '5000' } },
});
const seconds = Number(values.seconds);
const slowSockets = Number(values.slow);

/** A killed worker: its open connections, and the time of its death. */
interface Kill {
  readonly worker: number;
  readonly at: number;
  readonly ports: ReadonlySet<number>;
  readonly wrk: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** Runs `action` a number of times, spread evenly over the soak. */
async function evenly(times: number, action: (i: number) => Promise<void> | void): Promise<void> {
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) {
    await pause(startedAt + ((i + 0.5) / times) * seconds * 1000 - performance.now());
    await action(i);
  }
}

/** Stops the worker first, so that its open connections are known exactly when it dies. */
function kill(service: SoakService, worker: number, wrkPid: number): Kill {
  const pid = service.pidOf(worker);
  process.kill(pid, 'SIGSTOP');
  const open = [...socketsOf(pid), ...waitingAt(service.port)];
  const wrkPorts = new Set(socketsOf(wrkPid).map(({ localPort }) => localPort));
  process.kill(pid, 'SIGKILL');
  const ports = new Set(open.map(({ remotePort }) => remotePort));
  return { worker, at: Date.now(), ports, wrk: [...ports].filter((port) => wrkPorts.has(port)).length };
}

const wasKilled = (kills: readonly Kill[], { localPort, at }: LoadFailure): boolean =>
  kills.some((each) => each.ports.has(localPort) && at >= each.at - TOLERANCE_MS && at <= each.at + TOLERANCE_MS);

interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly socketErrors: number;
  readonly otherErrors: string;
}

function parseWrk(output: string): WrkResult {
  const [, connect = '0', read = '0', write = '0', timeout = '0'] =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output) ?? [];
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? '0';
  return {
    requests: Number(/(\d+) requests in/.exec(output)?.[1]),
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    socketErrors: Number(read) + Number(write),
    otherErrors: [connect, timeout, bad].some((count) => count !== '0')
      ? `connect ${connect}, timeout ${timeout}, not 2xx ${bad}`
      : '',
  };
}

/** Starts wrk. @returns its process, and its results once it has ended */
function startWrk(url: string): { readonly pid: number; readonly result: Promise<WrkResult> } {
  const wrk = execFile('wrk', ['-t1', `-c${WRK_CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s', url]);
  const result = new Promise<WrkResult>((resolve, reject) => {
    let output = '';
    wrk.stdout?.on('data', (piece) => {
      output += piece as string;
    });
    wrk.once('error', reject).once('close', () => resolve(parseWrk(output)));
  });
  return { pid: wrk.pid as number, result };
}

/** The actions on the service under load. */
interface Disturbances {
  readonly kills: readonly Kill[];
  readonly published: readonly string[];
  /** Snapshots in which a check did not find the pair just published. */
  readonly notFound: readonly string[];
}

/** Kills workers, publishes snapshots and reloads the configuration, evenly over the time. */
async function disturb(made: MadeDataset, service: SoakService, config: string, wrkPid: number): Promise<Disturbances> {
  const kills: Kill[] = [];
  const published: string[] = [];
  const notFound: string[] = [];
  const killNext = async (i: number): Promise<void> => {
    kills.push(kill(service, 1 + (i % WORKERS), wrkPid));
    const ready = WORKERS + i + 1;
    await service.until((events) => events.filter(({ event }) => event === 'worker-ready').length === ready);
  };
  const publishNext = async (i: number): Promise<void> => {
    const added = seededPairs(50, 1000 + i);
    made.addSource(`source-${i}`, { pairs: added });
    const { snapshot } = await made.publish();
    published.push(snapshot);
    await service.until((events) => {
      const opened = events.filter((each) => each.event === 'snapshot-opened' && each.snapshot === snapshot);
      return new Set(opened.map(({ worker }) => worker)).size === WORKERS;
    });
    const checker = createLeakChecker({ url: service.url, ...keyPinOf(made), timeoutMs: 10_000 });
    const verdict = await checker.check(added[i % added.length] as (typeof added)[0]);
    if (verdict.status !== 'pair' && verdict.reason !== 'NETWORK') notFound.push(`${snapshot}: ${verdict.status}`);
  };
  const reload = (): void => {
    fs.writeFileSync(config, JSON.stringify({ limits: { keepAliveTimeoutMs: 60_000 } }));
    service.child.kill('SIGHUP');
  };
  await Promise.all([evenly(KILLS, killNext), evenly(PUBLISHES, publishNext), evenly(1, reload)]);
  return { kills, published, notFound };
}

interface Loads {
  readonly wrk: WrkResult;
  readonly strict: Awaited<ReturnType<StrictLoad['stop']>>;
  readonly checks: CheckResult;
}

/**
 * Compares the clients' results with the actions on the service, and prints the figures.
 * @returns the problems
 */
function judge(service: SoakService, { wrk, strict, checks }: Loads, done: Disturbances): string[] {
  const { kills, published, notFound } = done;
  const unexplained = strict.failures.filter((failure) => !wasKilled(kills, failure));
  const wrkLost = kills.reduce((sum, each) => sum + each.wrk, 0);
  const { lostChecks, wrong } = judgeChecks(checks, kills);
  print([
    ['seconds at full load', seconds],
    ['requests by wrk', wrk.requests],
    ['requests by strict clients', strict.requests],
    ['requests per second, together', Math.round(wrk.requestsPerSecond + strict.requests / seconds)],
    ['snapshots published, each served by all workers', published.length],
    ['snapshots seen by strict clients', strict.snapshots.length],
    ['workers killed', kills.length],
    ['  connections open in killed workers', kills.reduce((sum, { ports }) => sum + ports.size, 0)],
    ['  failed requests of strict clients on these', strict.failures.length - unexplained.length],
    ['  connections of wrk among these', wrkLost],
    ['  connections lost by wrk, reconnects to a dying listener included', wrk.socketErrors],
    ['other failed requests', unexplained.length],
    ['checks by the SDK', checks.checks],
    ['  correct', checks.checks - checks.wrong.length],
    ['  unknown, on a connection to a killed worker', lostChecks],
    ['  wrong', wrong.length],
  ]);
  const problems = unexplained.map(({ why, answered }) => `a request failed: ${why}, after ${answered} responses`);
  if (wrk.otherErrors) problems.push(`wrk: ${wrk.otherErrors}`);
  // wrk reconnects within microseconds, to a listener that the kernel may not have closed yet: each
  // connection is lost at most twice.
  if (wrk.socketErrors > 2 * wrkLost)
    problems.push(`wrk lost ${wrk.socketErrors} connections, but killed workers had only ${wrkLost}`);
  problems.push(...wrong, ...notFound.map((each) => `a published pair was not found: ${each}`));
  if (kills.length !== KILLS) problems.push(`${kills.length} workers were killed, not ${KILLS}`);
  if (published.length !== PUBLISHES) problems.push(`${published.length} snapshots were published, not ${PUBLISHES}`);
  if (service.events.filter(({ event }) => event === 'config-reloaded').length !== 1)
    problems.push('the configuration was not reloaded exactly once');
  for (const { event, code } of service.events)
    if (/refused|failed/.test(event)) problems.push(`${event}: ${String(code)}`);
  return problems;
}

async function soak(made: MadeDataset): Promise<string[]> {
  const config = path.join(path.dirname(made.folder), 'config.json');
  fs.writeFileSync(config, '{}');
  const service = await startService([made.folder, '--workers', String(WORKERS), '--config', config]);
  try {
    const wrk = startWrk(`${service.url}/v1/account/0`);
    const paths = Array.from({ length: 8 }, (_, i) => `/v1/account/${i.toString(16)}`);
    const load = await StrictLoad.start({ port: service.port, connections: STRICT_CONNECTIONS, paths, pauseMs: 0 });
    const endChecks = startChecks(service.url, keyPinOf(made).key, seededPairs(PAIRS), CHECK_LANES);
    const done = await disturb(made, service, config, wrk.pid);
    const wrkResult = await wrk.result;
    const checks = await endChecks();
    return judge(service, { wrk: wrkResult, strict: await load.stop(), checks }, done);
  } finally {
    await service.stop();
  }
}

/** A check whose connection was killed must be unknown. */
function judgeChecks({ wrong }: CheckResult, kills: readonly Kill[]): { lostChecks: number; wrong: string[] } {
  const lost = wrong.filter(
    ({ got, reason, at }) =>
      got === 'unknown' && reason === 'NETWORK' && kills.some((each) => Math.abs(at - each.at) < TOLERANCE_MS),
  );
  return {
    lostChecks: lost.length,
    wrong: wrong
      .filter((each) => !lost.includes(each))
      .map(({ expected, got, reason }) => `a verdict was ${got} (${reason}), not ${expected}`),
  };
}

function print(rows: readonly (readonly [string, string | number])[]): void {
  console.log(
    formatTable(
      ['', ''],
      rows.map(([name, value]) => [name, value]),
    ),
  );
}

const made = await makeDataset({ pairs: seededPairs(PAIRS), bucketFloor: 1000 });
try {
  const problems = seconds > 0 ? await soak(made) : [];
  if (slowSockets > 0) {
    console.log('');
    print(await measureSlowSockets(made.folder, WORKERS, slowSockets));
  }
  for (const problem of problems.slice(0, 20)) console.error(`FAILED: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
} finally {
  made.dispose();
}
