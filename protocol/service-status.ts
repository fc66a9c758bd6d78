// The document behind /v1/status: figures about a service, for people. No verdict depends on it.
// PROTOCOL.md §13.

import type { IndexName, RangeName } from './bucket-id.ts';
import type { LeakSource } from './signed/sources.ts';
import type { SuiteName } from './suite.ts';

/** Classes of requests by their answer. `refused`: any answer with status 400 or above. */
export const REQUEST_CLASSES = ['bucket', 'evaluation', 'range', 'other', 'refused'] as const;
export type RequestClass = (typeof REQUEST_CLASSES)[number];

export interface RequestRates {
  readonly slotSeconds: number;
  /** End of the last complete slot, ISO 8601. */
  readonly until: string;
  /** Requests per slot, oldest first. All classes have the same number of slots. */
  readonly classes: { readonly [name in RequestClass]: readonly number[] };
}

/** Number of buckets with `from` to `to` entries, both included. */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

export interface IndexStatus {
  readonly entries: number;
  /** In a range index: the ranges with entries. */
  readonly buckets: number;
  /** Bits of a hash that a query reveals. */
  readonly prefixBits: number;
  /** Entries that share one prefix. */
  readonly anonymitySet: { readonly min: number; readonly mean: number; readonly max: number };
  /** Ranges that a mirror lacks, which are not answered. Absent if there are none. */
  readonly gaps?: number;
  /** The sizes that bodies are padded to. Absent for a range index. */
  readonly bodyBytes?: readonly number[];
  /** Absent if an older version published the snapshot. */
  readonly histogram?: readonly HistogramBin[];
}

/** Times are ISO 8601. */
export interface SnapshotStatus {
  readonly number: number;
  readonly id: string;
  readonly publishedAt: string;
  /** Clients refuse the snapshot from then on, unless its head is renewed. */
  readonly validUntil: string;
}

export interface ServiceStatus {
  readonly dataset: string;
  readonly suite: SuiteName;
  readonly keyId: string;
  readonly snapshot: SnapshotStatus;
  readonly similar: boolean;
  readonly sources: readonly LeakSource[];
  readonly indexes: { readonly [name in IndexName | RangeName]?: IndexStatus };
  readonly requests: RequestRates;
}
