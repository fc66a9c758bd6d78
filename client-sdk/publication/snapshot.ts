// A snapshot as a checker uses it: its verified statement, and how long its head vouches for it.

import type { DatasetId, KeyId, LayerId, SnapshotId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import type { BucketAuth } from '../../protocol/seal.ts';
import type { LeakSource } from '../../protocol/signed/sources.ts';
import type { LayerIndex, Layers } from '../../protocol/signed/statement.ts';
import type { askedForms } from '../../protocol/similar.ts';
import type { KnownAnswer } from '../../protocol/test-credentials.ts';
import type { RewriteUsername } from '../../protocol/username-rules.ts';
import { lookupFailure } from '../errors.ts';
import { elapsedSince, type Moment } from '../moment.ts';

/** When a head was issued, and until when it may be believed. */
export interface HeadLife {
  readonly issuedAt: Moment;
  readonly staleAt: Moment;
}

/** An index in one layer, and how its buckets are authenticated. */
export interface LayeredIndex extends LayerIndex {
  readonly layer: LayerId;
  readonly auth: BucketAuth;
}

/** An index in all layers, which have the same prefixes and metadata. */
export type SnapshotIndex = readonly [LayeredIndex, ...LayeredIndex[]];

export interface Snapshot {
  readonly snapshot: SnapshotId;
  readonly dataset: DatasetId;
  readonly sequence: number;
  /** Snapshots of a lower number are withdrawn. */
  readonly minSequence: number;
  readonly keyId: KeyId;
  /** Under `oprf` only: 64 hex digits. */
  readonly publicKey?: string;
  readonly layers: Layers;
  readonly indexes: { readonly [name in IndexName]?: SnapshotIndex };
  /** Makes the forms of a password; absent unless the account index has entries of them. */
  readonly askedForms?: typeof askedForms;
  /** Empty if the dataset's entries name no source. */
  readonly sources: readonly LeakSource[];
  readonly canary: KnownAnswer;
  /** Applies the dataset's rules for usernames; absent if it has none. */
  readonly rewrite?: RewriteUsername;
  readonly life: HeadLife;
}

/** Asks for what a server has of each layer: filters, and slots for a replica. PROTOCOL.md §13. */
export function layerQuery({ snapshot, layers }: Pick<Snapshot, 'snapshot' | 'layers'>, layer: LayerId): string {
  return `?snapshot=${snapshot}${layers.length > 1 ? `&layer=${layer}` : ''}`;
}

/** @param now from `performance.now()` */
export const isStale = ({ staleAt }: HeadLife, now?: number): boolean => elapsedSince(staleAt, now) > 0;

/**
 * After each wait: what was awaited may have outlived its head. @throws LookupError
 * `SNAPSHOT_STALE`
 */
export function assertFresh(snapshot: Snapshot): Snapshot {
  if (isStale(snapshot.life)) throw lookupFailure('SNAPSHOT_STALE');
  return snapshot;
}

/** @throws LookupError `INDEX_MISSING` */
export function indexOf({ indexes }: Snapshot, name: IndexName): SnapshotIndex {
  const index = indexes[name];
  if (!index) throw lookupFailure('INDEX_MISSING');
  return index;
}

/** Maximum length of an answer with a bucket of the index. */
export function maxAnswerBytes(index: readonly LayeredIndex[]): number {
  return index.reduce((sum, { bodyBytes, auth }) => sum + (bodyBytes.at(-1) ?? 0) + auth.upperBytes, 0);
}
