// A snapshot as it is served: open, with its padded bodies, its head and its list of sources.

import type { BucketId, SnapshotId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import type { OnEvent } from '../../runtime/events.ts';
import type { Dataset } from '../../store/dataset.ts';
import { openSnapshot, type PaddedBody, type Snapshot } from '../../store/snapshot/snapshot.ts';
import { encodeSources } from '../../store/snapshot/statement-files.ts';
import { createBodyReader } from './bucket-bodies.ts';
import { ServedHead } from './served-head.ts';

export interface ServedOptions {
  /** Memory for the bodies of one snapshot. */
  readonly maxHeldBytes: number;
  readonly onEvent: OnEvent;
  /** Receives the padding of each bucket read, in bytes. */
  readonly countPadding?: (bytes: number) => void;
}

export interface ServedSnapshot {
  readonly id: SnapshotId;
  readonly snapshot: Snapshot;
  /**
   * Reads a padded body. Undefined if the dataset does not have the index. The caller must not
   * change the bytes, and gives the body back once it is sent: bucket-bodies.ts.
   */
  readBody(index: IndexName, id: BucketId): PaddedBody | undefined;
  /** Memory for its ranges. */
  readonly rangesHeldBytes: number;
  readonly head: ServedHead;
  /** The JSON of /v1/sources/{sha256}. */
  readonly sources: Buffer;
}

export const sequenceOf = ({ snapshot }: ServedSnapshot): number => snapshot.stated.statement.sequence;

/** @throws StoreError `SNAPSHOT_MISSING`, `SNAPSHOT_CORRUPT` */
export async function openServed(dataset: Dataset, options: ServedOptions): Promise<ServedSnapshot> {
  const { maxHeldBytes, countPadding, onEvent } = options;
  const snapshot = await openSnapshot(dataset);
  try {
    const head = new ServedHead(dataset, snapshot.facts.snapshot, snapshot.stated, onEvent);
    return createServed(snapshot, head, maxHeldBytes, countPadding);
  } catch (error) {
    snapshot.close();
    throw error;
  }
}

function createServed(
  snapshot: Snapshot,
  head: ServedHead,
  maxHeldBytes: number,
  countPadding: ServedOptions['countPadding'],
): ServedSnapshot {
  const { readPadded, leftBytes } = createBodyReader(snapshot, maxHeldBytes);
  return {
    id: snapshot.facts.snapshot,
    snapshot,
    readBody: (index, id) => {
      const padded = readPadded(index, id);
      if (padded) countPadding?.(padded.padding);
      return padded;
    },
    rangesHeldBytes: leftBytes,
    head,
    sources: Buffer.from(encodeSources(snapshot.facts.sources)),
  };
}
