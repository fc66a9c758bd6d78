// Runs the tasks of publishing: on threads, or one after another on this one.

import type { CreatePadBatch } from '../../../protocol/metadata.ts';
import { StoreError } from '../../errors.ts';
import { yieldToEventLoop } from '../../event-loop.ts';
import { ThreadPool } from '../../thread-pool.ts';
import type { ThreadResult, ThreadSettings, ThreadTask } from './part-thread.ts';
import { type CheckTask, type PartTask, PartWork, type ResultOf, type WorkSettings } from './part-work.ts';

/** Threads that do parts of the work. */
export interface PublishThreads {
  /** At most; by default as many as there are cores and the work is worth. */
  readonly count?: number | undefined;
  /** The module of each, which calls `servePartTasks`. */
  readonly module: URL;
}

export interface RunnerOptions {
  readonly threads: number;
  readonly module: URL | undefined;
  readonly createPads: CreatePadBatch;
  readonly signal: AbortSignal | undefined;
  /** Called with the number of records since the last call. */
  readonly onRecords: (records: number) => void;
}

export interface PartRunner {
  /**
   * Does all tasks in any order, and those beside them.
   * @param onDone is called with each result, once all beside have ended well
   * @returns the results in the order of the tasks
   * @throws StoreError, or the system's error; tasks may still be running until `close`
   */
  run<T extends PartTask>(
    tasks: readonly T[],
    onDone?: (task: T, result: ResultOf<T>) => void,
    beside?: readonly CheckTask[],
  ): Promise<ResultOf<T>[]>;
  close(): Promise<void>;
}

export const createRunner = (settings: WorkSettings, options: RunnerOptions): PartRunner =>
  options.module && options.threads > 1
    ? new Threads(settings, options, options.module)
    : new ThisThread(settings, options);

class ThisThread implements PartRunner {
  readonly #work: PartWork;

  constructor(settings: WorkSettings, { createPads, signal, onRecords }: RunnerOptions) {
    this.#work = new PartWork(settings, createPads, (records) => {
      onRecords(records);
      return yieldToEventLoop(signal);
    });
  }

  async run<T extends PartTask>(
    tasks: readonly T[],
    onDone?: (task: T, result: ResultOf<T>) => void,
    beside: readonly CheckTask[] = [],
  ): Promise<ResultOf<T>[]> {
    for (const task of beside) await this.#work.run(task);
    const results: ResultOf<T>[] = [];
    for (const task of tasks) {
      const result = await this.#work.run(task);
      onDone?.(task, result);
      results.push(result);
    }
    return results;
  }

  async close(): Promise<void> {}
}

const PROGRESS_MS = 250;

class Threads implements PartRunner {
  readonly #pool: ThreadPool<ThreadTask, ThreadResult>;
  readonly #records = new SharedArrayBuffer(8);
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Map<number, (result: ResultOf<PartTask>) => void>();
  #number = 0;
  #reported = 0;
  readonly #abort = (): void => this.#pool.fail(this.#signal?.reason);

  constructor(work: WorkSettings, { threads, signal, onRecords }: RunnerOptions, module: URL) {
    const settings: ThreadSettings = { work, records: this.#records };
    this.#pool = new ThreadPool(threads, module, settings, (result) => this.#take(result));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
    const counter = new BigUint64Array(this.#records);
    this.#timer = setInterval(() => {
      const records = Number(Atomics.load(counter, 0));
      if (records > this.#reported) onRecords(records - this.#reported);
      this.#reported = records;
    }, PROGRESS_MS);
  }

  async run<T extends PartTask>(
    tasks: readonly T[],
    onDone?: (task: T, result: ResultOf<T>) => void,
    beside: readonly CheckTask[] = [],
  ): Promise<ResultOf<T>[]> {
    this.#signal?.throwIfAborted();
    const results = new Array<ResultOf<T>>(tasks.length);
    let unchecked = beside.length;
    /** What is done before that is known. */
    let held: (() => void)[] = [];
    const checked = (): void => {
      if (--unchecked > 0) return;
      for (const report of held) report();
      held = [];
    };
    for (const task of beside) await this.#submit(task, checked);
    for (const [place, task] of tasks.entries())
      await this.#submit(task, (result) => {
        results[place] = result as ResultOf<T>;
        const report = (): void => onDone?.(task, result as ResultOf<T>);
        if (unchecked > 0) held.push(report);
        else report();
      });
    await this.#pool.drain();
    return results;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    await this.#pool.close();
  }

  #submit(task: PartTask, take: (result: ResultOf<PartTask>) => void): Promise<void> {
    const number = this.#number++;
    this.#waiting.set(number, take);
    return this.#pool.submit({ number, task });
  }

  #take({ number, result, failure }: ThreadResult): void {
    if (failure) throw new StoreError(failure.code, failure.message, failure.hint);
    this.#waiting.get(number)?.(result);
    this.#waiting.delete(number);
  }
}
