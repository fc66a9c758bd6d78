// Worker threads that each do one task at a time. A task goes to a thread that has room for it, or
// waits for one.

import { type Transferable, Worker } from 'node:worker_threads';
import { StoreError } from './errors.ts';

export class ThreadPool<Task, Result> {
  readonly #workers: Worker[] = [];
  /** A thread stands in it once for each task that it has room for. */
  readonly #idle: Worker[] = [];
  readonly #places: number;
  #waiting: (() => void)[] = [];
  #failure: unknown;

  /**
   * @param module of the threads, which post one result for each task
   * @param onResult is called with the result of each task, in any order
   * @param held tasks of a thread: the second waits there while it does the first
   */
  constructor(threads: number, module: URL, workerData: unknown, onResult: (result: Result) => void, held = 1) {
    this.#places = threads * held;
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(module, { workerData });
      worker.on('message', (result: Result) => {
        try {
          onResult(result);
        } catch (error) {
          this.fail(error);
        }
        this.#idle.push(worker);
        this.#wake();
      });
      worker.on('error', (error: NodeJS.ErrnoException) =>
        this.fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? threadEnded(error) : error),
      );
      worker.on('exit', () => this.fail(threadEnded()));
      this.#workers.push(worker);
    }
    for (let i = 0; i < held; i++) this.#idle.push(...this.#workers);
  }

  /** Waits for a thread that has room, and passes the task to it. */
  async submit(task: Task, transfer: readonly Transferable[] = []): Promise<void> {
    while (this.#idle.length === 0 && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
    this.#idle.shift()?.postMessage(task, transfer);
  }

  /** Waits until all tasks are done. */
  async drain(): Promise<void> {
    while (this.#idle.length < this.#places && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Makes `submit` and `drain` throw this error, unless another came before. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

const threadEnded = (cause?: unknown): StoreError =>
  new StoreError(
    'THREAD_ENDED',
    'a thread of this command ended early',
    'Run the same command again; if memory is short, with fewer --threads.',
    { cause },
  );
