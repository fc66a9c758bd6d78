// Batches of a merge sorted by several threads at once, and handed on in their order.

import { Worker } from 'node:worker_threads';
import type { SortedBatch, SorterTask } from './sorter-worker.ts';

/** A thread sorts one batch while the next waits for it. */
const BATCHES_A_THREAD = 2;

/** Buffers that are on their way with so many threads, each of the length of a batch: two a batch, and one that is read. */
export const buffersOnTheWay = (threads: number): number => 2 * (BATCHES_A_THREAD * threads + 1);

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
    // Whoever waits for an earlier batch hears of a failure there.
    sorted.catch(() => {});
    this.worker.postMessage(task, [task.batch.buffer, task.into.buffer]);
    return sorted;
  }
}

/** @param cut gives batches in buffers of `newBuffer`; what is yielded is good until the next is asked for */
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
      if (pending.length >= BATCHES_A_THREAD * threads) yield* next();
    }
    while (pending.length > 0) yield* next();
  } finally {
    await Promise.all(sorters.map(({ worker }) => worker.terminate()));
  }
}
