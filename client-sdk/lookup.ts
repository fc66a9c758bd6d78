// The suite-specific part of a checker: one implementation for callers with the key, one for
// callers without.

import type { PasswordFilterInfo } from './filter/filter-cache.ts';
import type { Snapshot } from './publication/snapshot.ts';
import type { Deadline } from './transport/deadline.ts';
import type { Inquiry } from './verdict/inquiry.ts';
import type { Signals } from './verdict/verdict.ts';

export interface Lookup {
  /** Maximum bytes of a PrivateInput. */
  readonly maxInputBytes: number;
  /** @throws LookupError unless the service's snapshot belongs to the pinned line */
  fetchSnapshot(deadline: Deadline): Promise<Snapshot>;
  /** @throws LookupError unless the service evaluates with the key */
  confirm(snapshot: Snapshot, deadline: Deadline): Promise<void>;
  /** Answers the inquiries that the dataset has an index for. Failed ones are `unknown`. */
  ask(inquiries: readonly Inquiry[], snapshot: Snapshot, deadline: Deadline): Promise<Partial<Signals>>;
  /** Waits for the password filter. @throws LookupError with the reason if there is none */
  loadFilter(snapshot: Snapshot, deadline: Deadline): Promise<PasswordFilterInfo>;
  /**
   * Checks a password alone against the filter in memory. This is the hot path of callers that
   * check passwords only.
   * @param now from `performance.now()`
   * @returns whether the filter rules it out; false if only the service can answer
   */
  isAbsent(password: string, snapshot: Snapshot, now: number): boolean;
}
