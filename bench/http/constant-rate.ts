// Load at a constant rate, whether or not the server keeps up: latency counts from the time when a
// request was due.

import { fork } from 'node:child_process';
import { answer } from './server-children.ts';

export interface RateOrder {
  readonly port: number;
  /** Paths to request, in turn. */
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

/** Runs the load in its own process, pinned to one core. */
export async function runConstantRate(order: RateOrder, core: number): Promise<RateResult> {
  const pinned = { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] };
  const child = fork(new URL('./rate-process.ts', import.meta.url), pinned);
  child.send(order);
  return answer<RateResult>(child);
}
