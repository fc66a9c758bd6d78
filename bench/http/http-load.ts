// GETs on loopback against servers in their own processes, measured in turns so that noise affects
// all alike.

import { runLoad } from './request-load.ts';
import { type ServerChild, type ServerKind, startServerChild } from './server-children.ts';

export interface LoadTarget {
  readonly server: ServerKind;
  /** Paths to request, in turn. */
  readonly paths: readonly string[];
}

const ROUNDS = 2;
const CONNECTIONS = 32;

export interface Load {
  readonly requestsPerSecond: number;
  /** The server's CPU time per request: valid even if the load generator is the bottleneck. */
  readonly cpuMicroseconds: number;
}

/** One result per target, in the same order: the mean of all rounds. */
export async function measureLoad(targets: readonly LoadTarget[]): Promise<Load[]> {
  const running: ServerChild[] = [];
  try {
    for (const { server } of targets) running.push(await startServerChild(server));
    const totals = targets.map(() => ({ requests: 0, requestsPerSecond: 0, cpuMs: 0 }));
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, { paths }] of targets.entries()) {
        const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
        const load = await runLoad([running[i] as ServerChild], [{ connections: CONNECTIONS, requests }]);
        const [result] = load.streams;
        const total = totals[i];
        if (!result || !total) throw new Error('nothing was measured');
        total.requests += result.requests;
        total.requestsPerSecond += result.requestsPerSecond / ROUNDS;
        total.cpuMs += load.serverCpuMs;
      }
    return totals.map(({ requests, requestsPerSecond, cpuMs }) => ({
      requestsPerSecond,
      cpuMicroseconds: (1000 * cpuMs) / requests,
    }));
  } finally {
    for (const server of running) server.stop();
  }
}
