// What the primary and the workers of the gateway ask of each other. The pool's own messages are in
// runtime/workers/messages.ts.

import type { Metric } from '../../runtime/observe/metric.ts';
import type { GatewayConfig } from '../config/schema.ts';
import type { FactorQuestion } from '../factors/factor-peer.ts';
import type { LimitQuestion } from '../limits/limit-peer.ts';
import type { ListChange } from '../lists/list-replica.ts';
import type { BatchAnswer } from '../state/batches.ts';
import type { StateQuestion } from '../state/remote-state.ts';

/** What a worker is started with, and reloads. */
export interface WorkerOptions {
  readonly config: GatewayConfig;
}

export interface WorkerOrder {
  readonly options: WorkerOptions;
  /** Of the limits of connections, of 1. */
  readonly share: number;
  readonly ticketSecret: Uint8Array;
  /** Of the installation; undefined without a folder for it. */
  readonly gatewayKey: Uint8Array | undefined;
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
  /** Lines of the record. */
  decided(payload: readonly string[]): void;
  state(payload: readonly StateQuestion[]): readonly BatchAnswer[];
  limits(payload: readonly LimitQuestion[]): readonly BatchAnswer[];
  factors(payload: readonly FactorQuestion[]): readonly BatchAnswer[];
}

/** Asked by the primary, answered by every worker. */
export interface WorkerAnswers {
  listChanged(payload: ListChange): void;
  published(payload: { readonly topic: string; readonly message: string }): void;
  metrics(payload: null): readonly Metric[];
}
