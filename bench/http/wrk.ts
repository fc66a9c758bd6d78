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

/** @returns requests per second. Rejects if a request failed. */
export async function runWrk(order: WrkOrder): Promise<number> {
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
  const { requests, microseconds, failed } = JSON.parse(line) as { [name: string]: number };
  if (failed !== 0) throw new Error(`wrk: ${failed} requests failed`);
  return (1e6 * Number(requests)) / Number(microseconds);
}
