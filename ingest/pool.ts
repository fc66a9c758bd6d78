// The worker threads of ingest. A segment goes to whichever is idle; who has none idle waits.

import { Worker } from 'node:worker_threads';
import type { SegmentResult, SegmentTask, WorkerSettings } from './worker.ts';

interface Idle {
  readonly worker: Worker;
}

export class IngestPool {
  readonly #workers: Worker[] = [];
  readonly #idle: Idle[] = [];
  readonly #onResult: (result: SegmentResult) => void;
  #waiting: (() => void)[] = [];
  #failure: unknown;
  #next = 0;

  /** @param onResult takes the result of each segment, in no particular order */
  constructor(threads: number, settings: WorkerSettings, onResult: (result: SegmentResult) => void) {
    this.#onResult = onResult;
    const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(file, { workerData: settings });
      const idle = { worker };
      worker.on('message', (result: SegmentResult) => {
        this.#onResult(result);
        this.#idle.push(idle);
        this.#wake();
      });
      worker.on('error', (error) => this.#fail(error));
      this.#workers.push(worker);
      this.#idle.push(idle);
    }
  }

  /** Hands a segment to an idle worker, after waiting for one. The bytes are the worker's from then on. */
  async submit(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    while (this.#idle.length === 0 && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
    const idle = this.#idle.shift() as Idle;
    const task: SegmentTask = { number: this.#next++, bytes };
    idle.worker.postMessage(task, [bytes.buffer]);
  }

  /** Waits until every segment is done. */
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
