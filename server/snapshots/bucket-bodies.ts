// Padded bodies in memory: an index that fits the budget is read from its file once a bucket, a
// larger one each time.
//
// There is no eviction: where not all buckets fit, prefixes of a keyed hash are asked so evenly
// that few would be found again, and what came and went would only make work for the garbage
// collector.

import type { BucketId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName } from '../../protocol/bucket-id.ts';
import type { PaddedBody, Snapshot } from '../../store/snapshot/snapshot.ts';
import { RoomPool } from './room-pool.ts';

/**
 * Reads a padded body. Undefined if the dataset does not have the index. The bytes must not be
 * changed.
 */
export type ReadPadded = (index: IndexName, id: BucketId) => PaddedBody | undefined;

const pool = new RoomPool();
const takeRoom = (bytes: number): Buffer => pool.take(bytes);

/** Takes the memory of a body back once it is sent, or not wanted. */
export function giveBack({ room }: PaddedBody): void {
  if (room) pool.give(room);
}

export interface BodyReader {
  readonly readPadded: ReadPadded;
  /** Bytes of the budget left for other bodies. */
  readonly leftBytes: number;
}

/** @param maxHeldBytes memory for the bodies of all indexes together */
export function createBodyReader(snapshot: Snapshot, maxHeldBytes: number): BodyReader {
  const held: { [name in IndexName]?: (PaddedBody | undefined)[] } = {};
  let left = maxHeldBytes;
  for (const index of INDEX_NAMES) {
    const facts = snapshot.facts.indexes[index];
    if (!facts) continue;
    const buckets = 2 ** facts.prefixBits;
    const bytes = buckets * snapshot.mostBytes(index);
    if (bytes > left) continue;
    left -= bytes;
    held[index] = new Array<PaddedBody | undefined>(buckets);
  }
  const readPadded: ReadPadded = (index, id) => {
    const bodies = held[index];
    if (!bodies) return snapshot.padded(index, id, takeRoom);
    const kept = bodies[id];
    if (kept) return kept;
    const read = snapshot.padded(index, id);
    const body = read && { bytes: read.bytes, padding: read.padding };
    bodies[id] = body;
    return body;
  };
  return { readPadded, leftBytes: left };
}
