// Load on loopback against servers in processes of their own, each measured in turns so that noise hits all alike.

import autocannon from 'autocannon';
import { type ServerChild, type ServerKind, startServerChild } from './server-children.ts';

export interface LoadTarget {
  readonly name: string;
  readonly server: ServerKind;
  /** Paths to ask, in turn. */
  readonly paths: readonly string[];
}

const ROUNDS = 3;
const WARM_UP_SECONDS = 1;
const SECONDS_A_ROUND = 3;
const CONNECTIONS = 32;

interface Total {
  requests: number;
  seconds: number;
  cpuMs: number;
}

export interface Load {
  readonly requestsPerSecond: number;
  /** The server's own CPU time a request: holds where the load generator is the bottleneck. */
  readonly cpuMicroseconds: number;
}

/** One result a target, in the same order. */
export async function measureLoad(targets: readonly LoadTarget[]): Promise<Load[]> {
  const running = await Promise.all(targets.map(({ server }) => startServerChild(server)));
  try {
    const totals: Total[] = targets.map(() => ({ requests: 0, seconds: 0, cpuMs: 0 }));
    for (let round = 0; round <= ROUNDS; round++)
      for (const [i, target] of targets.entries()) {
        const server = running[i] as ServerChild;
        const before = await server.cpuMs();
        const result = await autocannon({
          url: `http://127.0.0.1:${server.port}`,
          connections: CONNECTIONS,
          duration: round === 0 ? WARM_UP_SECONDS : SECONDS_A_ROUND,
          requests: target.paths.map((path) => ({ path })),
        });
        if (result.non2xx + result.errors > 0) throw new Error(`${target.name}: a request failed`);
        if (round === 0) continue;
        const total = totals[i] as Total;
        total.requests += result.requests.total;
        total.seconds += result.duration;
        total.cpuMs += (await server.cpuMs()) - before;
      }
    return totals.map(({ requests, seconds, cpuMs: cpu }) => ({
      requestsPerSecond: requests / seconds,
      cpuMicroseconds: (cpu * 1000) / requests,
    }));
  } finally {
    for (const server of running) server.stop();
  }
}
