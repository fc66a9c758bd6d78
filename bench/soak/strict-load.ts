// Clients in their own process that record every failure and its connection.

import { type ChildProcess, fork } from 'node:child_process';
import { answer } from '../http/server-children.ts';

export interface StrictLoadOrder {
  readonly port: number;
  readonly connections: number;
  /** Paths of buckets, requested in turn. */
  readonly paths: readonly string[];
  /** Mean pause between a response and the connection's next request. 0 for full load. */
  readonly pauseMs: number;
}

export interface LoadFailure {
  readonly why: string;
  /** 0 if it never connected. */
  readonly localPort: number;
  readonly connectedAt: number;
  /** Requests answered on this connection before the failure. */
  readonly answered: number;
  readonly at: number;
}

export interface StrictLoadResult {
  readonly requests: number;
  /** In milliseconds, ascending, since the last reset. */
  readonly latencies: readonly number[];
  readonly failures: readonly LoadFailure[];
  readonly snapshots: readonly string[];
}

export class StrictLoad {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(order: StrictLoadOrder): Promise<StrictLoad> {
    const child = fork(new URL('./strict-load-process.ts', import.meta.url));
    child.send(order);
    await answer(child);
    return new StrictLoad(child);
  }

  /** Measures for the given time from now. */
  async measure(durationMs: number): Promise<StrictLoadResult> {
    this.#child.send('reset');
    await answer(this.#child);
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    this.#child.send('result');
    return answer<StrictLoadResult>(this.#child);
  }

  /** Finishes the requests in flight. */
  async stop(): Promise<StrictLoadResult> {
    this.#child.send('stop');
    return answer<StrictLoadResult>(this.#child);
  }
}

export const percentile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
