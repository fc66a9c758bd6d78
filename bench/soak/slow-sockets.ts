// Latencies of good clients with and without thousands of sockets that drip bytes, in alternating
// rounds.

import { type ChildProcess, fork } from 'node:child_process';
import os from 'node:os';
import { answer } from '../http/server-children.ts';
import { startService } from './soak-service.ts';
import { percentile, StrictLoad, type StrictLoadResult } from './strict-load.ts';

/** Other load on the machine varies: the median over all rounds counts. */
const ROUNDS = 5;
/** Longer than the server's header timeout: the slow sockets are closed and reconnect. */
const ROUND_MS = 12_000;
/** Sockets per process, below the usual `ulimit -n`. */
const SLOW_PROCESSES = 2;
const DRIP_MS = 1_000;
/** The interval of slow-sockets-process.ts. */
const ARRIVE_MS = 12_000;
const CONNECTIONS = 16;
const PAUSE_MS = 8;

/** Names and values to print. */
export async function measureSlowSockets(
  folder: string,
  workers: number,
  slowSockets: number,
): Promise<[string, string | number][]> {
  const service = await startService([folder, '--workers', String(workers)]);
  const paths = Array.from({ length: 8 }, (_, i) => `/v1/account/${i.toString(16)}`);
  const load = await StrictLoad.start({ port: service.port, connections: CONNECTIONS, paths, pauseMs: PAUSE_MS });
  const rounds: { readonly [name in 'without' | 'beside']: Quantiles[] } = { without: [], beside: [] };
  let measured = 0;
  let cut = 0;
  let least = slowSockets;
  try {
    await load.measure(2_000);
    for (let round = 0; round < ROUNDS; round++) {
      rounds.without.push(quantiles(await load.measure(ROUND_MS)));
      const slow = await startSlow(service.port, slowSockets);
      const beside = await load.measure(ROUND_MS);
      rounds.beside.push(quantiles(beside));
      measured += beside.requests;
      const state = await askSlow(slow);
      least = Math.min(least, state.open);
      cut += state.cut;
      for (const child of slow) child.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    const { failures } = await load.stop();
    const p99 = (list: readonly Quantiles[]): number => median(list.map((each) => each.p99));
    const growth = p99(rounds.beside) / p99(rounds.without) - 1;
    const shown = (list: readonly Quantiles[], name: keyof Quantiles): string => {
      const each = list.map((quantile) => quantile[name].toFixed(2)).join(', ');
      return `${median(list.map((quantile) => quantile[name])).toFixed(2)} ms (${each})`;
    };
    return [
      ['good clients: connections', CONNECTIONS],
      ['good clients: requests beside slow sockets', measured],
      ['good clients: failed requests', failures.length],
      ['slow sockets, one byte per second each', slowSockets],
      ['  minimum open at the end of a round', least],
      ['  cut off by the server', cut],
      ['p50 without', shown(rounds.without, 'p50')],
      ['p50 beside them', shown(rounds.beside, 'p50')],
      ['p99 without', shown(rounds.without, 'p99')],
      ['p99 beside them', shown(rounds.beside, 'p99')],
      ['p99 grows by', `${(100 * growth).toFixed(0)}% (goal: under 50%)`],
    ];
  } finally {
    await service.stop();
  }
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const quantiles = ({ latencies }: StrictLoadResult): Quantiles => ({
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
});

const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

async function startSlow(port: number, count: number): Promise<ChildProcess[]> {
  const each = Math.ceil(count / SLOW_PROCESSES);
  const children = Array.from({ length: SLOW_PROCESSES }, () =>
    fork(new URL('./slow-sockets-process.ts', import.meta.url), [port, each, DRIP_MS].map(String)),
  );
  // Real slow clients run on other machines: here they must not slow down the measured clients.
  for (const { pid } of children) if (pid !== undefined) os.setPriority(pid, os.constants.priority.PRIORITY_LOW);
  // By then the server has closed the first sockets, and closed and reconnecting sockets balance.
  await new Promise((resolve) => setTimeout(resolve, ARRIVE_MS));
  return children;
}

async function askSlow(children: readonly ChildProcess[]): Promise<{ open: number; cut: number }> {
  const states = await Promise.all(
    children.map((child) => {
      child.send('state');
      return answer<{ open: number; cut: number }>(child);
    }),
  );
  return {
    open: states.reduce((sum, { open }) => sum + open, 0),
    cut: states.reduce((sum, { cut }) => sum + cut, 0),
  };
}
