// How many threads publish, and how many runs each may have open, within the memory of the process.

import os from 'node:os';
import type { Dataset } from '../dataset.ts';
import type { Run } from '../run/run.ts';
import { READ_BYTES } from '../run/run-reader.ts';
import { MAX_OPEN_RUNS, MIN_OPEN_RUNS } from '../run/run-streams.ts';
import { choosePartBits } from './parts/part.ts';
import type { PublishOptions } from './publication.ts';

/** Memory of publishing beside the read buffers: Node, our code, a bucket, SQLite's pages. */
const PROCESS_BYTES = 160 * 2 ** 20;
/** That of each thread. */
const THREAD_BYTES = 96 * 2 ** 20;
const DEFAULT_MEMORY_BYTES = 2 ** 30;
/** A run's buffer, and what waits for the garbage collector. */
const RUN_BYTES = 2 * READ_BYTES;
/** A thread takes a tenth of a second to start: it should have some to do. */
const THREAD_RECORDS = 2 ** 20;

export interface ThreadPlan {
  /** One: everything happens on this thread. */
  readonly threads: number;
  /** Runs that may be open at once, in each. */
  readonly maxOpen: number;
}

export function planThreads(
  { parameters }: Dataset,
  runs: readonly Run[],
  { threads: wanted, parts, memoryBytes }: PublishOptions,
): ThreadPlan {
  const records = [...parameters.indexes, ...(parameters.ranges ?? [])].map((index) => {
    const sections = runs.flatMap(({ facts }) => facts.sections).filter((section) => section.index === index);
    return sections.reduce((sum, section) => sum + section.records, 0);
  });
  const all = records.reduce((sum, count) => sum + count, 0);
  const tasks = records.reduce((sum, count) => sum + 2 ** choosePartBits(count, parts), 0);
  const worth = Math.min(os.availableParallelism(), Math.floor(all / THREAD_RECORDS));
  const threads = wanted ? Math.min(tasks, wanted.count ?? worth) : 1;
  return fitThreads(Math.max(1, threads), memoryBytes);
}

/** @param memoryBytes of the whole process */
export function fitThreads(wanted: number, memoryBytes = DEFAULT_MEMORY_BYTES): ThreadPlan {
  const ofRuns = (threads: number): number =>
    (memoryBytes - PROCESS_BYTES - (threads > 1 ? threads * THREAD_BYTES : 0)) / threads;
  let threads = wanted;
  while (threads > 1 && ofRuns(threads) < MIN_OPEN_RUNS * RUN_BYTES) threads--;
  const fitting = Math.floor(ofRuns(threads) / RUN_BYTES);
  return { threads, maxOpen: Math.min(MAX_OPEN_RUNS, Math.max(MIN_OPEN_RUNS, fitting)) };
}
