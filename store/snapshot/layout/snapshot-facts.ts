// The facts of a snapshot: the JSON file beside it, the source of its statement and of `stats`.
// PROTOCOL.md §12.

import type { DatasetId, KeyId, LayerId, SnapshotId } from '../../../protocol/brands.ts';
import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';
import type { UsernameRule } from '../../../protocol/normalize.ts';
import type { HistogramBin } from '../../../protocol/service-status.ts';
import type { LeakSource } from '../../../protocol/signed/sources.ts';
import type { LayerFilter, LayerIndex } from '../../../protocol/signed/statement.ts';
import type { SuiteName } from '../../../protocol/suite.ts';
import type { KnownAnswer } from '../../../protocol/test-credentials.ts';

export interface IndexFacts extends LayerIndex {
  readonly minEntries: number;
  readonly maxEntries: number;
  /** Short tags of similarity forms, and the most in a bucket. Only if there are such entries. */
  readonly forms?: number;
  readonly maxForms?: number;
  /** Bytes of all bodies without padding, and of the metadata in them. */
  readonly contentBytes: number;
  readonly metadataTotalBytes: number;
  /**
   * Sum over entries of log2(2^48 / entries of its bucket), and over forms with formBits: the lower
   * bound in bits for this false-positive rate.
   */
  readonly leastBits: number;
  /** Information that padded sizes reveal about a query, in bits. */
  readonly sizeBits: number;
  /** Entries per bucket. Absent if an older version published the snapshot. */
  readonly histogram?: readonly HistogramBin[];
}

/** Facts of a range index. */
export interface RangeFacts {
  readonly entries: number;
  /** Number of ranges with entries, and their minimum and maximum entries. */
  readonly ranges: number;
  readonly minEntries: number;
  readonly maxEntries: number;
  /** Bytes of all bodies. */
  readonly contentBytes: number;
  /** Ranges that a mirror lacks; absent if there are none. */
  readonly gaps?: number;
  /** Length of the longest range as text. Absent if an older version published the snapshot. */
  readonly maxTextBytes?: number;
  /** Entries per range with entries. Absent as in IndexFacts. */
  readonly histogram?: readonly HistogramBin[];
}

/** Facts of the password filter. */
export interface FilterFacts extends LayerFilter {
  readonly entries: number;
}

export type RangesFacts = { readonly [name in RangeName]?: RangeFacts };

export interface SourceFacts extends LeakSource {
  readonly credentials: number;
  readonly records: number;
  /** Digest of its run. */
  readonly sha256: string;
}

/** What suppressed names took out of the runs. */
export interface SuppressedFacts {
  readonly names: number;
  /** Records of runs that are left out. */
  readonly records: number;
  /** Records that may be a suppressed person's, and are not left out. */
  readonly kept: number;
  /** Of the names' entries: 64 hex digits. */
  readonly digest: string;
}

/** Files of a snapshot with parts, and the digests of all parts. */
export const PARTED_FILES = ['account', 'password', 'sha1', 'ntlm', 'filter'] as const;
export type SnapshotFile = (typeof PARTED_FILES)[number] | 'parts';

/** How a snapshot is laid out: in SQLite tables, or in files of slots. */
export const LAYOUTS = { sqlite: 2, slots: 3 } as const;
export type LayoutName = keyof typeof LAYOUTS;

export const layoutOf = ({ format }: LayoutFacts): LayoutName => (format === LAYOUTS.sqlite ? 'sqlite' : 'slots');

/** `format` of a snapshot in several layers, each of which has a layout of its own. */
export const LAYERED_FORMAT = 4;

export interface LayoutFacts {
  readonly format: (typeof LAYOUTS)[LayoutName] | typeof LAYERED_FORMAT;
  /** In SQLite tables only. */
  readonly sqlite?: { readonly bytes: number; readonly sha256: string };
  /** In files of slots only: their lengths, in the order of their digests. */
  readonly files?: { readonly [name in (typeof PARTED_FILES)[number]]?: number };
  /** SHA-256 of the digests of their parts, 64 hex digits. */
  readonly parts?: string;
}

/** Buckets, ranges and filter that were made from one set of runs, and their files. */
export interface LayerFacts extends LayoutFacts {
  readonly layer: LayerId;
  /** The name that its files begin with: of the snapshot that it was made for. */
  readonly name: string;
  readonly indexes: { readonly [name in IndexName]?: IndexFacts };
  /** Absent if the dataset has no range index. */
  readonly ranges?: RangesFacts;
  /** Absent without a password index or a filter. */
  readonly filter?: FilterFacts;
  /** Of the sources that it was made of. */
  readonly numbers: readonly number[];
}

/**
 * What is stored of a snapshot, and with several layers figures of all of them: sums, so that what
 * is in two layers counts twice.
 */
export interface SnapshotFacts extends LayoutFacts {
  readonly snapshot: SnapshotId;
  /**
   * Of the buckets and the filter: publishing it again changes nothing. With several layers no
   * bucket is made for it.
   */
  readonly layer: LayerId;
  /** Only if there are several. */
  readonly layers?: readonly LayerFacts[];
  /** SHA-256 of the statement's payload, 64 hex digits. */
  readonly statement: string;
  readonly suite: SuiteName;
  readonly normalization: number;
  readonly usernameRules?: readonly UsernameRule[];
  readonly dataset: DatasetId;
  readonly keyId: KeyId;
  readonly indexes: { readonly [name in IndexName]?: IndexFacts };
  /** Absent if the dataset has no range index. */
  readonly ranges?: RangesFacts;
  /** The account index has entries of similarity forms. */
  readonly similar?: true;
  /** Absent without a password index or a filter. */
  readonly filter?: FilterFacts;
  readonly sources: readonly SourceFacts[];
  /** Absent if no name is suppressed. */
  readonly suppressed?: SuppressedFacts;
  readonly canary: KnownAnswer;
  /** Under `oprf` only: 64 hex digits. */
  readonly publicKey?: string;
}

/** The layers of a snapshot, the base first. */
export function layersOf(facts: SnapshotFacts): readonly LayerFacts[] {
  if (facts.layers) return facts.layers;
  return [{ ...facts, name: snapshotName(facts.snapshot), numbers: facts.sources.map(({ number }) => number) }];
}

/** The name of a snapshot's files: its sequence number as its id spells it. */
export const snapshotName = (id: SnapshotId): string => id.slice(0, id.indexOf('-'));

/** Bytes of the buckets and ranges, without the filter. */
export function contentFileBytes({
  sqlite,
  files = {},
  layers = [],
}: LayoutFacts & Pick<SnapshotFacts, 'layers'>): number {
  if (layers.length > 0) return layers.reduce((sum, layer) => sum + contentFileBytes(layer), 0);
  if (sqlite) return sqlite.bytes;
  return PARTED_FILES.reduce((sum, name) => (name === 'filter' ? sum : sum + (files[name] ?? 0)), 0);
}
