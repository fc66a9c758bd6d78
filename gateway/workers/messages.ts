// What the primary and the workers of the gateway ask of each other. The pool's own messages are in
// runtime/workers/messages.ts.

import type { Metric } from '../../runtime/observe/metric.ts';
import type { GatewayConfig } from '../config/schema.ts';
import type { ListChange } from '../lists/list-replica.ts';

/** What a worker is started with, and reloads. */
export interface WorkerOptions {
  readonly config: GatewayConfig;
}

export interface WorkerOrder {
  readonly options: WorkerOptions;
  /** Of the limits of connections, of 1. */
  readonly share: number;
  readonly ticketSecret: Uint8Array;
}

/** What a started worker returns. */
export interface WorkerAddresses {
  readonly urls: readonly string[];
  readonly ports: readonly number[];
}

/** Sent by a worker to the primary. */
export interface PrimaryAnswers {
  /** A rule put an address on a list. */
  observed(payload: ListChange): void;
}

/** Asked by the primary, answered by every worker. */
export interface WorkerAnswers {
  listChanged(payload: ListChange): void;
  metrics(payload: null): readonly Metric[];
}
