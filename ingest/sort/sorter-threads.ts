// Sorts the batches of a merge on several threads and yields them in order.

import { Worker } from 'node:worker_threads';
import type { SorterTask } from './sorter-worker.ts';

/** One batch being sorted, one waiting. */
const BATCHES_PER_THREAD = 2;

/** Batches in use with this number of threads, and the one being read. */
export const batchesInFlight = (threads: number): number => BATCHES_PER_THREAD * threads + 1;

class SorterThread {
  readonly worker: Worker;
  readonly #waiting: { resolve(sorted: SorterTask): void; reject(error: unknown): void }[] = [];

  constructor() {
    this.worker = new Worker(new URL('./sorter-worker.ts', import.meta.url));
    this.worker.on('message', (sorted: SorterTask) => this.#waiting.shift()?.resolve(sorted));
    this.worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  sort(batch: SorterTask): Promise<SorterTask> {
    const sorted = new Promise<SorterTask>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // A failure rejects the earliest batch too, and its awaiter reports it.
    sorted.catch(() => {});
    this.worker.postMessage(batch, [batch.buffer]);
    return sorted;
  }
}

/**
 * @param cut makes batches in buffers of `newBuffer`
 * @returns sorted batches, each valid until the next one is requested
 */
export async function* sortInThreads(
  threads: number,
  cut: (newBuffer: (bytes: number) => Uint8Array<ArrayBuffer>) => Iterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array> {
  const sorters = Array.from({ length: threads }, () => new SorterThread());
  const free: Uint8Array<ArrayBuffer>[] = [];
  const newBuffer = (bytes: number): Uint8Array<ArrayBuffer> => free.pop() ?? new Uint8Array(bytes);
  const pending: Promise<SorterTask>[] = [];
  async function* next(): AsyncGenerator<Uint8Array> {
    const sorted = await (pending.shift() as Promise<SorterTask>);
    yield sorted;
    free.push(new Uint8Array(sorted.buffer));
  }
  try {
    let place = 0;
    for (const batch of cut(newBuffer)) {
      const sorter = sorters[place++ % threads] as SorterThread;
      pending.push(sorter.sort(batch));
      if (pending.length >= BATCHES_PER_THREAD * threads) yield* next();
    }
    while (pending.length > 0) yield* next();
  } finally {
    await Promise.all(sorters.map(({ worker }) => worker.terminate()));
  }
}
