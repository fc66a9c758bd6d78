// The document behind /v1/status: how a service is doing, for people. No verdict rests on it. PROTOCOL.md §13.

import type { IndexName, RangeName } from './bucket-id.ts';
import type { SourceConfig } from './service-config.ts';
import type { SuiteName } from './suite.ts';

/** What a request was answered as. `refused` is every answer of 400 and above, whatever was asked. */
export const REQUEST_CLASSES = ['bucket', 'evaluation', 'range', 'other', 'refused'] as const;
export type RequestClass = (typeof REQUEST_CLASSES)[number];

export interface RequestRates {
  readonly slotSeconds: number;
  /** When the last slot ended, ISO 8601. The slot that is under way is not told. */
  readonly until: string;
  /** Requests a slot, the oldest first; as many slots for each class. */
  readonly classes: { readonly [name in RequestClass]: readonly number[] };
}

/** Buckets that have `from` to `to` entries, both included. */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

export interface IndexStatus {
  readonly entries: number;
  /** Of a range index those that have entries. */
  readonly buckets: number;
  /** Bits of a hash that a query shows. */
  readonly prefixBits: number;
  /** Entries that share a prefix. */
  readonly anonymitySet: { readonly min: number; readonly mean: number; readonly max: number };
  /** The sizes that answers are padded to. Missing for a range index. */
  readonly bodyBytes?: readonly number[];
  /** Missing where an older version published the snapshot. */
  readonly histogram?: readonly HistogramBin[];
}

export interface ServiceStatus {
  readonly dataset: string;
  readonly suite: SuiteName;
  readonly keyId: string;
  /** `publishedAt` is ISO 8601. */
  readonly snapshot: { readonly number: number; readonly id: string; readonly publishedAt: string };
  readonly similar: boolean;
  readonly sources: readonly SourceConfig[];
  readonly indexes: { readonly [name in IndexName | RangeName]?: IndexStatus };
  readonly requests: RequestRates;
}
