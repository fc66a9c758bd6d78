// A load of so many requests a second, whether the server keeps up or not: latency counts from when a request was due.

import { fork } from 'node:child_process';
import { answer } from './server-children.ts';

export interface RateOrder {
  readonly port: number;
  /** Paths to ask, in turn. */
  readonly paths: readonly string[];
  readonly requestsPerSecond: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface RateResult {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** From a process of its own that stays on one core. */
export async function runConstantRate(order: RateOrder, core: number): Promise<RateResult> {
  const pinned = { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] };
  const child = fork(new URL('./rate-process.ts', import.meta.url), pinned);
  child.send(order);
  return answer<RateResult>(child);
}
