// What the primary and its workers ask of each other: one line a question, answered where supervisor.ts and worker.ts say.

import type { Channel } from './ipc.ts';

/** Asked by a worker, answered by the primary. */
export interface PrimaryAnswers {
  /** What this worker is to do: the first thing it asks. */
  order(payload: undefined): unknown;
}

/** Asked by the primary, answered by every worker. */
export interface WorkerAnswers {
  /** Stop accepting, finish what is in flight, and end. */
  close(payload: { readonly deadlineMs: number }): void;
}

/** The primary's end of a worker's channel. */
export type WorkerChannel = Channel<WorkerAnswers, PrimaryAnswers>;
/** The worker's end. */
export type PrimaryChannel = Channel<PrimaryAnswers, WorkerAnswers>;
