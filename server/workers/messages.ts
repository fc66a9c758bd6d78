// What the primary and its workers ask of each other: one line a question. The primary answers in workers.ts, a
// worker in worker.ts.

import type {
  LeaseAnswer,
  LeaseRequest,
  RecallRequest,
  ReturnedLease,
  ReturnedLeases,
} from '../../access/quota/ledger.ts';
import type { DatasetId, SnapshotId } from '../../protocol/brands.ts';
import type { RequestRates } from '../../protocol/service-status.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import type { Channel } from '../../runtime/ipc.ts';
import type { Metric } from '../../runtime/observe/metric.ts';
import type { LiveLimits, ServerOptions } from '../server.ts';

/** A dataset, with its key as text under `oprf`: sent as a message, since arguments and environments can be read. */
export interface OrderedFolder {
  readonly folder: string;
  readonly keyText?: string;
}

/** All that a worker is told. */
export interface WorkerOrder {
  readonly datasets: readonly [OrderedFolder, ...OrderedFolder[]];
  readonly options: Omit<ServerOptions, 'key' | 'additional' | 'peers' | 'meter' | 'gatherRates' | 'onEvent'>;
}

export interface WorkerAddress {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** Asked by a worker, answered by the primary. */
export interface PrimaryAnswers {
  snapshotOpened(payload: { readonly dataset: DatasetId; readonly snapshot: SnapshotId }): boolean;
  snapshotRefused(payload: { readonly dataset: DatasetId }): void;
  event(payload: ServerEvent): void;
  leaseQuota(payload: LeaseRequest): LeaseAnswer;
  /** Of all workers together. */
  gatherRates(payload: null): RequestRates;
  /** What is left, at the end. */
  returnQuotas(payload: readonly ReturnedLeases[]): void;
}

/** Asked by the primary, answered by every worker. */
export interface WorkerAnswers {
  start(payload: WorkerOrder): WorkerAddress;
  reload(payload: LiveLimits): void;
  recallQuota(payload: RecallRequest): readonly ReturnedLease[];
  metrics(payload: null): readonly Metric[];
  requestRates(payload: null): RequestRates;
  /** Stop accepting, finish what is in flight. */
  close(payload: { readonly deadlineMs: number }): void;
}

/** The primary's end of a worker's channel. */
export type WorkerChannel = Channel<WorkerAnswers, PrimaryAnswers>;
/** The worker's end. */
export type PrimaryChannel = Channel<PrimaryAnswers, WorkerAnswers>;
