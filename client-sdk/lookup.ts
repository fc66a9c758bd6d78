// What a checker needs of a suite: one implementation for callers with the key, one for callers without.

import type { SnapshotId } from '../protocol/brands.ts';
import type { ServiceConfig } from '../protocol/service-config.ts';
import type { PasswordFilterInfo } from './filter/cache.ts';
import type { Deadline } from './transport/deadline.ts';
import type { Inquiry } from './verdict/inquiry.ts';
import type { Signals } from './verdict/verdict.ts';

export interface Lookup {
  /** The longest PrivateInput that its PRF takes. */
  readonly maxInputBytes: number;
  /** @throws LookupError unless the service's config belongs to the key */
  fetchConfig(deadline: Deadline): Promise<ServiceConfig>;
  /** @throws LookupError unless the service was seen to evaluate with the key */
  confirm(config: ServiceConfig, deadline: Deadline): Promise<void>;
  /** Answers what the dataset has an index for; what fails is `unknown` in the signals. */
  ask(inquiries: readonly Inquiry[], config: ServiceConfig, deadline: Deadline): Promise<Partial<Signals>>;
  /** Waits until there is a password filter. @throws LookupError why there is none */
  loadFilter(deadline: Deadline): Promise<PasswordFilterInfo>;
  /**
   * Decides a password alone from what is held in memory: the snapshot in which it is absent, or undefined where that is
   * not known without asking. This is the hot path of a caller who checks passwords only.
   * @param now that of `performance`
   */
  absentIn(password: string, now: number): SnapshotId | undefined;
}
