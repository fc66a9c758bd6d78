// The suite-specific part of a checker: one implementation for callers with the key, one for
// callers without.

import type { SnapshotId } from '../protocol/brands.ts';
import type { ServiceConfig } from '../protocol/service-config.ts';
import type { PasswordFilterInfo } from './filter/cache.ts';
import type { Deadline } from './transport/deadline.ts';
import type { Inquiry } from './verdict/inquiry.ts';
import type { Signals } from './verdict/verdict.ts';

export interface Lookup {
  /** Maximum bytes of a PrivateInput. */
  readonly maxInputBytes: number;
  /** @throws LookupError unless the service's config belongs to the key */
  fetchConfig(deadline: Deadline): Promise<ServiceConfig>;
  /** @throws LookupError unless the service evaluates with the key */
  confirm(config: ServiceConfig, deadline: Deadline): Promise<void>;
  /** Answers the inquiries that the dataset has an index for. Failed ones are `unknown`. */
  ask(inquiries: readonly Inquiry[], config: ServiceConfig, deadline: Deadline): Promise<Partial<Signals>>;
  /** Waits for the password filter. @throws LookupError with the reason if there is none */
  loadFilter(deadline: Deadline): Promise<PasswordFilterInfo>;
  /**
   * Checks a password alone against the filter in memory. This is the hot path of callers that
   * check passwords only.
   * @param now from `performance.now()`
   * @returns the snapshot that lacks the password; undefined if only the service can answer
   */
  absentIn(password: string, now: number): SnapshotId | undefined;
}
