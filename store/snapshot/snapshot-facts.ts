// What a snapshot says of itself: the JSON file beside it, from which /v1/config and `stats` are made.

import type { DatasetId, KeyId, SnapshotId } from '../../protocol/brands.ts';
import type { IndexName, RangeName } from '../../protocol/bucket-id.ts';
import { computeConfigSeal } from '../../protocol/config-seal.ts';
import {
  type FilterConfig,
  type IndexConfig,
  type KnownAnswer,
  PROTOCOL_VERSION,
  parseServiceConfig,
  type ServiceConfig,
} from '../../protocol/service-config.ts';
import type { HistogramBin } from '../../protocol/service-status.ts';
import type { KeyedSuite, SuiteName } from '../../protocol/suite.ts';

export const SNAPSHOT_FORMAT = 1;

export interface IndexFacts extends IndexConfig {
  readonly entries: number;
  readonly minEntries: number;
  readonly maxEntries: number;
  /** Bytes of all bodies without padding, and the part of them that is metadata. */
  readonly contentBytes: number;
  readonly metadataTotalBytes: number;
  /** Sum over entries of log2(2^48 / entries of its bucket): the least that this false-positive rate can cost. */
  readonly leastBits: number;
  /** What padded sizes give away of a query, in bits. */
  readonly sizeBits: number;
  /** Of the entries of a bucket. Missing in a snapshot that an older version published. */
  readonly histogram?: readonly HistogramBin[];
}

/** Of a range index. */
export interface RangeFacts {
  readonly entries: number;
  /** Ranges with entries, of 2^20; the least and most entries of these. */
  readonly ranges: number;
  readonly minEntries: number;
  readonly maxEntries: number;
  /** Bytes of all bodies. */
  readonly contentBytes: number;
  /** Bytes of the longest range as text. Missing in a snapshot that was published before this was recorded. */
  readonly maxTextBytes?: number;
  /** Of the entries of a range that has some. Missing as in IndexFacts. */
  readonly histogram?: readonly HistogramBin[];
}

/** Of the filter of the password index. */
export interface FilterFacts extends FilterConfig {
  readonly sha256: string;
  readonly entries: number;
  readonly blocks: number;
}

export type RangesFacts = { readonly [name in RangeName]?: RangeFacts };

export interface SourceFacts {
  readonly number: number;
  readonly name: string;
  readonly date?: string;
  readonly credentials: number;
  readonly records: number;
}

export interface SnapshotFacts {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly snapshot: SnapshotId;
  readonly suite: SuiteName;
  readonly normalization: number;
  readonly dataset: DatasetId;
  readonly keyId: KeyId;
  readonly indexes: { readonly [name in IndexName]?: IndexFacts };
  /** Missing where the dataset has no range index. */
  readonly ranges?: RangesFacts;
  /** The account index has entries of similarity forms. */
  readonly similar?: true;
  /** Missing where there is no password index, or the dataset has no filter of it. */
  readonly filter?: FilterFacts;
  readonly sources: readonly SourceFacts[];
  readonly canary: KnownAnswer;
  /** Under `oprf` alone: 64 hex digits. */
  readonly publicKey?: string;
  /** Of the config that is made from these facts. */
  readonly seal: string;
  readonly sqlite: { readonly bytes: number; readonly sha256: string };
}

/** Adds what only the holder of the key can: the seal of the config that these facts make. */
export function sealFacts(facts: Omit<SnapshotFacts, 'seal'>, suite: KeyedSuite): SnapshotFacts {
  const unsealed = serviceConfig({ ...facts, seal: '0'.repeat(32) });
  return { ...facts, seal: computeConfigSeal(unsealed, suite.sealKey) };
}

/** The public part: what a client needs, nothing that only operators need. */
export function serviceConfig(facts: SnapshotFacts): ServiceConfig {
  // The strict parser drops every member that is not part of the contract.
  return parseServiceConfig({ ...facts, protocol: PROTOCOL_VERSION });
}
