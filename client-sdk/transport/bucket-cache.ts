// Buckets of the snapshot in force whose seals were checked, least recently used out first, bounded in bytes.

import type { SnapshotId } from '../../protocol/brands.ts';
import type { Bucket } from '../../protocol/bucket.ts';

export interface BucketCache {
  /** @param place names the bucket within the snapshot */
  get(snapshot: SnapshotId, place: string): Bucket | undefined;
  /** Keeps it, unless another snapshot was asked for meanwhile. */
  put(snapshot: SnapshotId, place: string, bucket: Bucket): void;
}

/**
 * How long an answer is given again. The service may be away and its snapshots replaced: after a while that has to show as a
 * failure.
 */
const MAX_AGE_MS = 600_000;
/** What an entry costs beside its arrays: an estimate of what V8 takes for the objects around them. */
const OVERHEAD_BYTES = 512;

interface Entry {
  readonly bucket: Bucket;
  readonly bytes: number;
  readonly keptAt: number;
}

/** @param maxBytes 0 keeps nothing */
export function createBucketCache(maxBytes: number, maxAgeMs: number = MAX_AGE_MS): BucketCache {
  /** In the order of use: a Map keeps that of insertion. */
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
      if (!entry || performance.now() - entry.keptAt >= maxAgeMs) return undefined;
      insert(place, entry);
      return entry.bucket;
    },

    put(snapshot, place, { tags, metadataBytes, metadata }) {
      const size = tags.byteLength + metadata.byteLength + OVERHEAD_BYTES;
      if (snapshot !== held || size > maxBytes) return;
      // A copy: `metadata` is a part of the body, all of which would be held with it.
      const bucket: Bucket = { tags, metadataBytes, metadata: metadata.slice() };
      drop(place);
      insert(place, { bucket, bytes: size, keptAt: performance.now() });
    },
  };
}
