// Worker threads that each do one task at a time. A task goes to any idle thread, or waits for one.

import { type Transferable, Worker } from 'node:worker_threads';

export class ThreadPool<Task, Result> {
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  #waiting: (() => void)[] = [];
  #failure: unknown;

  /**
   * @param module of the threads, which post one result for each task
   * @param onResult is called with the result of each task, in any order
   */
  constructor(threads: number, module: URL, workerData: unknown, onResult: (result: Result) => void) {
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(module, { workerData });
      worker.on('message', (result: Result) => {
        try {
          onResult(result);
        } catch (error) {
          this.#fail(error);
        }
        this.#idle.push(worker);
        this.#wake();
      });
      worker.on('error', (error) => this.#fail(error));
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  /** Waits for an idle worker and passes the task to it. */
  async submit(task: Task, transfer: readonly Transferable[] = []): Promise<void> {
    while (this.#idle.length === 0 && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
    this.#idle.shift()?.postMessage(task, transfer);
  }

  /** Waits until all tasks are done. */
  async drain(): Promise<void> {
    while (this.#idle.length < this.#workers.length && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
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

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }
}
