// wrk as load generator: random paths from a list over keep-alive connections, on chosen cores.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../random-paths.lua', import.meta.url));

export interface WrkOrder {
  readonly port: number;
  /** A file with one path per line. */
  readonly paths: string;
  readonly seed: number;
  /** In the syntax of `taskset -c`. */
  readonly cores: string;
  readonly threads: number;
  readonly connections: number;
  readonly seconds: number;
  /** The value of a header that each request has. Default: none. */
  readonly cookie?: string | undefined;
}

/** What one slice of load showed. */
export interface WrkResult {
  readonly requestsPerSecond: number;
  /** Latency at this load, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** @returns requests per second. Rejects if a request failed. */
export const runWrk = async (order: WrkOrder): Promise<number> => (await measureWrk(order)).requestsPerSecond;

/** As `runWrk`, with latencies. */
export async function measureWrk(order: WrkOrder): Promise<WrkResult> {
  const { port, paths, seed, cores, threads, connections, seconds, cookie } = order;
  const { stdout } = await promisify(execFile)('taskset', [
    ...[
      '-c',
      cores,
      'wrk',
      '-t',
      String(threads),
      '-c',
      String(connections),
      '-d',
      `${seconds}s`,
      '--timeout',
      '30s',
      '-s',
      SCRIPT,
    ],
    ...[`http://127.0.0.1:${port}`, '--', paths, String(seed), ...(cookie === undefined ? [] : [cookie])],
  ]);
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`wrk printed no result\n${stdout}`);
  const { requests, microseconds, failed, p50, p99 } = JSON.parse(line) as { [name: string]: number };
  if (failed !== 0) throw new Error(`wrk: ${failed} requests failed`);
  return {
    requestsPerSecond: (1e6 * Number(requests)) / Number(microseconds),
    p50: Number(p50) / 1000,
    p99: Number(p99) / 1000,
  };
}
