// Timings of single functions, through tinybench.

import { Bench } from 'tinybench';
import type { Figure } from './figure.ts';

const TIME_MS = 500;

export interface MicroTask {
  readonly name: string;
  readonly run: () => unknown;
  readonly note?: string;
}

/** Median microseconds per call, all tasks in one run. */
export async function measureMicro(tasks: readonly MicroTask[]): Promise<Figure[]> {
  const bench = new Bench({ time: TIME_MS, warmupTime: TIME_MS / 5 });
  for (const { name, run } of tasks) bench.add(name, run);
  await bench.run();
  return bench.tasks.map(({ name, result }, i) => {
    if (result.state !== 'completed') throw new Error(`${name} did not complete`);
    const note = tasks[i]?.note;
    return { name, value: result.latency.p50 * 1000, unit: 'µs', ...(note === undefined ? {} : { note }) };
  });
}
