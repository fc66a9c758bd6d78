// What a checker knows of its password filter.

import type { VerifiedFilter } from '../filter-source.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import type { Deadline } from '../transport/deadline.ts';

/** Deadline of one download with all its resumptions. No check waits for it. */
export const FILTER_TIMEOUT_MS = 600_000;

/**
 * Facts of the filter in memory, from `loadFilter`.
 * @example
 * ```ts
 * import { createLeakChecker, type PasswordFilterInfo } from '@credveil/client';
 *
 * const leaks = createLeakChecker({ url, key, passwordFilter: true });
 * const info: PasswordFilterInfo = await leaks.loadFilter();
 * console.log(info.entries > 0 && info.bytes > 0); // true
 * ```
 */
export interface PasswordFilterInfo {
  /** Id of its snapshot. */
  readonly snapshot: string;
  /** Number of passwords. */
  readonly entries: number;
  /** Size in memory. While a newer filter arrives, both are in memory. */
  readonly bytes: number;
}

export interface FilterCache {
  /**
   * The filter that may answer now. Never waits: an update that is due starts in the background.
   * Undefined if there is none of this snapshot, or if its head is older than `maxAgeMs`.
   * @param now from `performance.now()`, if the caller has it
   */
  current(snapshot: Snapshot, now?: number): VerifiedFilter | undefined;
  /** Waits for a filter. @throws LookupError with the reason if there is none */
  load(snapshot: Snapshot, deadline: Deadline): Promise<PasswordFilterInfo>;
}
