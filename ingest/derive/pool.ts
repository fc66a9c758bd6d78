// The worker threads of an ingest, and the buffers of segments on their way.

import { ThreadPool } from '../../store/thread-pool.ts';
import type { TaskFormat } from './segment.ts';
import type { SegmentResult, SegmentTask, WorkerSettings } from './worker.ts';

export class IngestPool {
  readonly #threads: ThreadPool<SegmentTask, SegmentResult>;
  readonly #buffers: Uint8Array<ArrayBuffer>[] = [];
  readonly #segmentBytes: number;

  /** @param onResult is called with the result of each segment, in any order */
  constructor(
    threads: number,
    segmentBytes: number,
    settings: WorkerSettings,
    onResult: (result: SegmentResult) => void,
  ) {
    this.#segmentBytes = segmentBytes;
    this.#threads = new ThreadPool(threads, new URL('./worker.ts', import.meta.url), settings, (result) => {
      try {
        onResult(result);
      } finally {
        this.recycle(result.bytes);
      }
    });
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
  submit(number: number, format: TaskFormat, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#threads.submit({ number, format, bytes }, [bytes.buffer]);
  }

  /** Waits until all segments are done. */
  drain(): Promise<void> {
    return this.#threads.drain();
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}
