// Fixed requests over raw sockets: cheaper than an HTTP client, so that the cores are left to the
// server.

import { fork } from 'node:child_process';
import { answer, type ServerChild } from './server-children.ts';

const WARM_UP_MS = 2000;
const DURATION_MS = 5000;

/** Connections that send the same requests in turn, each the next one after a response. */
export interface Stream {
  readonly connections: number;
  /** Whole requests as latin1 text. */
  readonly requests: readonly string[];
}

export interface LoadOrder {
  readonly port: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Streams that run concurrently in one process. */
  readonly streams: readonly Stream[];
}

export interface StreamResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RequestLoad {
  readonly streams: readonly StreamResult[];
  /** CPU time of all servers during the measurement. */
  readonly serverCpuMs: number;
}

/**
 * Loads servers that share a port, from its own process. Rejects if a response is not a 200.
 * @returns one result per stream
 */
export async function runLoad(servers: readonly ServerChild[], streams: readonly Stream[]): Promise<RequestLoad> {
  const child = fork(new URL('./load-process.ts', import.meta.url));
  try {
    const order: LoadOrder = { port: servers[0]?.port ?? 0, warmUpMs: WARM_UP_MS, durationMs: DURATION_MS, streams };
    child.send(order);
    await answer(child);
    const before = await totalCpuMs(servers);
    const results = await answer<StreamResult[]>(child);
    return { streams: results, serverCpuMs: (await totalCpuMs(servers)) - before };
  } finally {
    if (child.connected) child.disconnect();
  }
}

async function totalCpuMs(servers: readonly ServerChild[]): Promise<number> {
  const each = await Promise.all(servers.map((server) => server.cpuMs()));
  return each.reduce((sum, cpuMs) => sum + cpuMs, 0);
}
