// The messages that every pool of workers exchanges, whatever its workers serve. A service adds its
// own.

import type { ServerEvent } from '../events.ts';

/** What a worker is started with. A reload sends its `options` alone. */
export interface Order {
  readonly options: object;
}

/** Asked by the primary, answered by every worker. */
export interface WorkerLifecycle {
  start(order: Order): unknown;
  reload(options: object): void;
  /** Answered at once: whether the worker still runs. */
  beat(payload: null): void;
  /** Stops accepting and finishes requests in flight. */
  close(payload: { readonly deadlineMs: number }): void;
}

/** Sent by a worker to the primary. */
export interface PrimaryLifecycle {
  event(payload: ServerEvent): void;
}
