// Good clients beside slow ones: their latencies with and without thousands of sockets that drip bytes, in turns.

import { type ChildProcess, fork } from 'node:child_process';
import { answer } from './server-children.ts';
import { startService } from './soak-service.ts';
import { percentile, StrictLoad } from './strict-load.ts';

const ROUNDS = 3;
/** Longer than the server waits for headers: the slow ones are cut off, and come back. */
const ROUND_MS = 12_000;
const SLOW_PROCESSES = 5;
const DRIP_MS = 1_000;
const CONNECTIONS = 16;
const PAUSE_MS = 8;

/** Names and values, to be printed. */
export async function measureSlowSockets(
  folder: string,
  workers: number,
  slowSockets: number,
): Promise<[string, string | number][]> {
  const service = await startService([folder, '--workers', String(workers)]);
  const paths = Array.from({ length: 8 }, (_, i) => `/v1/account/${i.toString(16)}`);
  const load = await StrictLoad.start({ port: service.port, connections: CONNECTIONS, paths, pauseMs: PAUSE_MS });
  const latencies: { readonly [name in 'without' | 'beside']: number[] } = { without: [], beside: [] };
  let cut = 0;
  let least = slowSockets;
  try {
    await load.measure(2_000);
    for (let round = 0; round < ROUNDS; round++) {
      latencies.without.push(...(await load.measure(ROUND_MS)).latencies);
      const slow = await startSlow(service.port, slowSockets);
      latencies.beside.push(...(await load.measure(ROUND_MS)).latencies);
      const state = await askSlow(slow);
      least = Math.min(least, state.open);
      cut += state.cut;
      for (const child of slow) child.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    const { failures, requests } = await load.stop();
    const shown = (list: readonly number[], share: number): string => {
      const value = percentile(Float64Array.from(list).sort() as unknown as number[], share);
      return `${value.toFixed(2)} ms`;
    };
    const p99 = (list: readonly number[]): number =>
      percentile(
        [...list].sort((a, b) => a - b),
        0.99,
      );
    const growth = p99(latencies.beside) / p99(latencies.without) - 1;
    return [
      ['good clients: connections', CONNECTIONS],
      ['good clients: requests measured', latencies.without.length + latencies.beside.length],
      ['good clients: failed requests', failures.length],
      ['good clients: requests in the last round', requests],
      ['slow sockets that drip a byte a second', slowSockets],
      ['  open at the end of a round, at least', least],
      ['  cut off by the server', cut],
      ['p50 without', shown(latencies.without, 0.5)],
      ['p50 beside them', shown(latencies.beside, 0.5)],
      ['p99 without', shown(latencies.without, 0.99)],
      ['p99 beside them', shown(latencies.beside, 0.99)],
      ['p99 grows by', `${(100 * growth).toFixed(0)} % (goal: less than 50)`],
    ];
  } finally {
    await service.stop();
  }
}

async function startSlow(port: number, count: number): Promise<ChildProcess[]> {
  const each = Math.ceil(count / SLOW_PROCESSES);
  const children = Array.from({ length: SLOW_PROCESSES }, () =>
    fork(new URL('./slow-sockets-process.ts', import.meta.url), [port, each, DRIP_MS].map(String)),
  );
  // All that the server takes: until no more come.
  for (let open = -1; ; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = (await askSlow(children)).open;
    if (now >= count || (now > 0 && now === open)) return children;
    open = now;
  }
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
