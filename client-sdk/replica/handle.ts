// A replica as programs see it: the option `replica`, whose code is an entry point of its own.

/**
 * How far a pull is.
 * @example
 * ```ts
 * import type { PullProgress } from '@credveil/client/replica';
 *
 * const show = ({ bytes, totalBytes }: PullProgress): string => `${bytes} of ${totalBytes}`;
 * ```
 */
export interface PullProgress {
  /** Bytes that are there and verified, with those of an earlier pull. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/**
 * Options of one pull.
 * @example
 * ```ts
 * import type { PullOptions } from '@credveil/client/replica';
 *
 * const options: PullOptions = { signal: AbortSignal.timeout(3_600_000) };
 * ```
 */
export interface PullOptions {
  /** Ends it early; the next one goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Reads all that is there again, and fetches what is damaged. Default false. */
  readonly verify?: boolean;
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
}

/**
 * A replica that is up to date.
 * @example
 * ```ts
 * import type { PulledReplica } from '@credveil/client/replica';
 *
 * const describe = ({ snapshot, isNew }: PulledReplica) => (isNew ? snapshot : 'nothing new');
 * ```
 */
export interface PulledReplica {
  /** Id of its snapshot. */
  readonly snapshot: string;
  /** Whether it is another one than before. */
  readonly isNew: boolean;
  /** Length of its indexes. */
  readonly bytes: number;
  /**
   * Bytes of a complete copy that were damaged or missing, and are replaced: 0, unless files were
   * altered or the disk fails. Parts count as a whole.
   */
  readonly repaired: number;
}

/**
 * A copy of the service on disk: the result of `createReplica` of `@credveil/client/replica`, for
 * the option `replica`.
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 * import { createReplica, type Replica } from '@credveil/client/replica';
 *
 * const replica: Replica = createReplica({ cache, from });
 * const leaks = createLeakChecker({ url, key, replica });
 * await replica.pull();
 * ```
 */
export interface Replica {
  /**
   * Brings the copy up to date now. The replica must be an option of a checker, which has the
   * pinned line.
   * @throws LookupError (as a rejection) whose code is the reason that a check would return, or
   *   `REPLICA_BUSY` while another process pulls, `REPLICA_UNWRITABLE`, or `REPLICA_MISPLACED` in
   *   the folder of a dataset, or one with files that no pull has written
   */
  pull(options?: PullOptions): Promise<PulledReplica>;
  /** Closes its files and ends updates. A check that follows opens and begins them again. */
  close(): void;
}
