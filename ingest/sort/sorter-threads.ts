// Sorts the batches of a merge on several threads and yields them in order.

import { Worker } from 'node:worker_threads';
import type { SortedBatch, SorterTask } from './sorter-worker.ts';

/** One batch being sorted, one waiting. */
const BATCHES_PER_THREAD = 2;

/**
 * Buffers in use with this number of threads, each as long as a batch: two per batch, and two for
 * the one being read.
 */
export const buffersInFlight = (threads: number): number => 2 * (BATCHES_PER_THREAD * threads + 1);

class SorterThread {
  readonly worker: Worker;
  readonly #waiting: { resolve(sorted: SortedBatch): void; reject(error: unknown): void }[] = [];

  constructor() {
    this.worker = new Worker(new URL('./sorter-worker.ts', import.meta.url));
    this.worker.on('message', (sorted: SortedBatch) => this.#waiting.shift()?.resolve(sorted));
    this.worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  sort(task: SorterTask): Promise<SortedBatch> {
    const sorted = new Promise<SortedBatch>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    // A failure rejects the earliest batch too, and its awaiter reports it.
    sorted.catch(() => {});
    this.worker.postMessage(task, [task.batch.buffer, task.into.buffer]);
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
  const pending: Promise<SortedBatch>[] = [];
  async function* next(): AsyncGenerator<Uint8Array> {
    const { batch, sorted } = await (pending.shift() as Promise<SortedBatch>);
    yield sorted;
    free.push(new Uint8Array(batch.buffer), new Uint8Array(sorted.buffer));
  }
  try {
    let place = 0;
    for (const batch of cut(newBuffer)) {
      const sorter = sorters[place++ % threads] as SorterThread;
      pending.push(sorter.sort({ batch, into: newBuffer(batch.buffer.byteLength) }));
      if (pending.length >= BATCHES_PER_THREAD * threads) yield* next();
    }
    while (pending.length > 0) yield* next();
  } finally {
    await Promise.all(sorters.map(({ worker }) => worker.terminate()));
  }
}
