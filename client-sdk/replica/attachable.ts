// What a checker needs of a replica, and gives to it.

import type { BucketId, SnapshotId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import type { Hashes } from '../../protocol/seal.ts';
import type { Statement } from '../../protocol/signed/statement.ts';
import type { CheckerSettings } from '../options.ts';
import type { Authority } from '../publication/authority.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import type { Send } from '../transport/requests.ts';
import type { PullProgress, Replica } from './handle.ts';

/** What a checker pins, and how it reaches the service. */
export interface ReplicaContext {
  readonly settings: CheckerSettings;
  /** Sends over the network. */
  readonly network: Send;
  readonly authority: Authority;
  /** As in ReaderOptions. */
  assertKey(statement: Statement): void;
}

/** A replica in the hands of a checker, which verifies whatever it is given. */
export interface AttachedReplica {
  /** Documents come from the disk; what names another server goes there. */
  readonly send: Send;
  /** What a server would answer. @throws LookupError, `SNAPSHOT_CHANGED` if it was replaced */
  read(snapshot: Snapshot, index: IndexName, id: BucketId): Uint8Array;
  /** @throws LookupError as `read`, unless all indexes of the snapshot are there */
  assertHeld(snapshot: Snapshot): void;
  /** @throws what a document of the disk was refused with, in words about the disk */
  readonly refuse: (error: unknown) => never;
}

export interface InspectOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
}

/** Bytes of a file that are damaged, missing, or too many: `to` is exclusive. */
export interface DamagedRange {
  /** Path in the folder of the replica. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export interface InspectedReplica {
  readonly snapshot: SnapshotId;
  /** Length of its indexes. */
  readonly bytes: number;
  /** In the order of files and bytes. */
  readonly damaged: readonly DamagedRange[];
}

export interface Attachable extends Replica {
  readonly hashes: Hashes;
  attach(context: ReplicaContext): AttachedReplica;
  /** Reads all that is there again, and asks nobody. @throws LookupError as `ready` of a checker */
  inspect(options?: InspectOptions): Promise<InspectedReplica>;
}

/** @param replica checked when the options were parsed */
export const attachReplica = (replica: Replica, context: ReplicaContext): AttachedReplica =>
  (replica as Attachable).attach(context);

/** @param replica of `createReplica`, passed to a checker, whose pins it is read by */
export const inspectReplica = (replica: Replica, options?: InspectOptions): Promise<InspectedReplica> =>
  (replica as Attachable).inspect(options);
