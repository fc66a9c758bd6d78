// What the primary and the workers of the service ask of each other, one line per question.
//
// The primary answers in primary.ts, a worker in worker.ts. The pool's own messages are in
// runtime/workers/messages.ts.

import type {
  LeaseAnswer,
  LeaseRequest,
  RecallRequest,
  ReturnedLease,
  ReturnedLeases,
} from '../../access/quota/ledger.ts';
import type { DatasetId, SnapshotId } from '../../protocol/brands.ts';
import type { RequestRates } from '../../protocol/service-status.ts';
import type { Channel } from '../../runtime/ipc.ts';
import type { Metric } from '../../runtime/observe/metric.ts';
import type { ServerOptions } from '../server.ts';

/**
 * A dataset. Under `oprf` its key comes as text in the message: arguments and environments are
 * readable by others.
 */
export interface OrderedFolder {
  readonly folder: string;
  readonly keyText?: string;
}

/** What a worker is started with. */
export interface WorkerOrder {
  readonly datasets: readonly [OrderedFolder, ...OrderedFolder[]];
  readonly options: Omit<ServerOptions, 'key' | 'additional' | 'peers' | 'meter' | 'gatherRates' | 'onEvent'>;
}

/** What a started worker returns. */
export interface WorkerAddress {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** Asked by a worker, answered by the primary. */
export interface PrimaryAnswers {
  snapshotOpened(payload: { readonly dataset: DatasetId; readonly snapshot: SnapshotId }): boolean;
  snapshotRefused(payload: { readonly dataset: DatasetId }): void;
  leaseQuota(payload: LeaseRequest): LeaseAnswer;
  /** The rates of all workers together. */
  gatherRates(payload: null): RequestRates;
  /** The unused leases of a worker that is closing. */
  returnQuotas(payload: readonly ReturnedLeases[]): void;
}

/** Asked by the primary, answered by every worker. */
export interface WorkerAnswers {
  recallQuota(payload: RecallRequest): readonly ReturnedLease[];
  metrics(payload: null): readonly Metric[];
  requestRates(payload: null): RequestRates;
}

/** The primary's end of a worker's channel. */
export type WorkerChannel = Channel<WorkerAnswers, PrimaryAnswers>;
