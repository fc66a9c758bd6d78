// LRU cache, bounded in bytes, of verified buckets of the current snapshot.

import type { LayerId, SnapshotId } from '../../protocol/brands.ts';
import type { Bucket } from '../../protocol/bucket.ts';
import { elapsedSince, type Moment, momentAt } from '../moment.ts';

export interface LayerBucket extends Bucket {
  readonly layer: LayerId;
}

/** A bucket in all layers of its snapshot. */
export type LayeredBucket = readonly LayerBucket[];

export interface BucketCache {
  /** @param place names the bucket within the snapshot */
  get(snapshot: SnapshotId, place: string): LayeredBucket | undefined;
  /** Stores the bucket, unless `get` has moved on to another snapshot. */
  put(snapshot: SnapshotId, place: string, bucket: LayeredBucket): void;
}

/**
 * How long a bucket is reused. If the service is down, or its snapshot was replaced, checks must
 * eventually fail instead of answering from the cache.
 */
const MAX_AGE_MS = 600_000;
/** Estimated cost of an entry besides its arrays: V8's overhead for the objects around them. */
const OVERHEAD_BYTES = 512;

interface Entry {
  readonly bucket: LayeredBucket;
  readonly bytes: number;
  readonly keptAt: Moment;
}

const bytesOf = ({ tags, metadata, forms }: Bucket): number =>
  tags.byteLength + metadata.byteLength + (forms?.tags.byteLength ?? 0) + OVERHEAD_BYTES;

/** @param maxBytes 0 disables the cache */
export function createBucketCache(maxBytes: number, maxAgeMs: number = MAX_AGE_MS): BucketCache {
  /** Least recently used first: a Map iterates in insertion order, and each use reinserts. */
  const entries = new Map<string, Entry>();
  let held: SnapshotId | undefined;
  let bytes = 0;

  const drop = (place: string): Entry | undefined => {
    const entry = entries.get(place);
    if (entry) {
      entries.delete(place);
      bytes -= entry.bytes;
    }
    return entry;
  };

  const insert = (place: string, entry: Entry): void => {
    entries.set(place, entry);
    bytes += entry.bytes;
    for (const oldest of entries.keys()) {
      if (bytes <= maxBytes) break;
      drop(oldest);
    }
  };

  return {
    get(snapshot, place) {
      if (snapshot !== held) {
        entries.clear();
        bytes = 0;
        held = snapshot;
        return undefined;
      }
      const entry = drop(place);
      if (!entry || elapsedSince(entry.keptAt) >= maxAgeMs) return undefined;
      insert(place, entry);
      return entry.bucket;
    },

    put(snapshot, place, layers) {
      const size = layers.reduce((sum, layer) => sum + bytesOf(layer), 0);
      if (snapshot !== held || size > maxBytes) return;
      const bucket = layers.map(({ tags, metadataBytes, metadata, forms, layer }) => ({
        // Copied: `metadata` is a view of the response body, and would keep all of it in memory.
        ...{ tags, metadataBytes, metadata: metadata.slice(), forms, layer },
      }));
      drop(place);
      insert(place, { bucket, bytes: size, keptAt: momentAt() });
    },
  };
}
