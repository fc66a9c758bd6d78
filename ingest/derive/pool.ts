// The worker threads of an ingest. A segment goes to any idle thread, or waits for one.

import { Worker } from 'node:worker_threads';
import type { SegmentFormat } from './segment.ts';
import type { SegmentResult, SegmentTask, WorkerSettings } from './worker.ts';

export class IngestPool {
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #buffers: Uint8Array<ArrayBuffer>[] = [];
  readonly #segmentBytes: number;
  #waiting: (() => void)[] = [];
  #failure: unknown;

  /** @param onResult is called with the result of each segment, in any order */
  constructor(
    threads: number,
    segmentBytes: number,
    settings: WorkerSettings,
    onResult: (result: SegmentResult) => void,
  ) {
    this.#segmentBytes = segmentBytes;
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings });
      worker.on('message', (result: SegmentResult) => {
        try {
          onResult(result);
        } catch (error) {
          this.#fail(error);
        }
        this.recycle(result.bytes);
        this.#idle.push(worker);
        this.#wake();
      });
      worker.on('error', (error) => this.#fail(error));
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  /**
   * Returns a buffer for a segment. Workers return buffers, so no more exist than are in use at
   * once.
   */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#buffers.pop() ?? new Uint8Array(this.#segmentBytes);
  }

  /** Takes back a buffer that no worker owns. */
  recycle({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (buffer.byteLength === this.#segmentBytes) this.#buffers.push(new Uint8Array(buffer));
  }

  /** Waits for an idle worker and transfers the bytes to it. */
  async submit(number: number, format: SegmentFormat, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    while (this.#idle.length === 0 && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
    const task: SegmentTask = { number, format, bytes };
    this.#idle.shift()?.postMessage(task, [bytes.buffer]);
  }

  /** Waits until all segments are done. */
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
