// Clients that count every failure and tell on which connection it was, in a process of their own.

import { type ChildProcess, fork } from 'node:child_process';
import { answer } from '../http/server-children.ts';

export interface StrictLoadOrder {
  readonly port: number;
  readonly connections: number;
  /** Asked in turn; each must be a bucket. */
  readonly paths: readonly string[];
  /** Between an answer and the next request of a connection, on average. 0 for full load. */
  readonly pauseMs: number;
}

export interface LoadFailure {
  readonly why: string;
  /** 0 where there was never a connection. */
  readonly localPort: number;
  readonly connectedAt: number;
  /** Requests on this connection that were answered before. */
  readonly answered: number;
  readonly at: number;
}

export interface StrictLoadResult {
  readonly requests: number;
  /** Ascending, in milliseconds; since the last reset. */
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

  /** What is measured from now on for so long. */
  async measure(durationMs: number): Promise<StrictLoadResult> {
    this.#child.send('reset');
    await answer(this.#child);
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    this.#child.send('result');
    return answer<StrictLoadResult>(this.#child);
  }

  /** Lets the requests that are under way end. */
  async stop(): Promise<StrictLoadResult> {
    this.#child.send('stop');
    return answer<StrictLoadResult>(this.#child);
  }
}

export const percentile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
