// What a checker needs of a suite: one implementation for callers with the key, one for callers without.

import type { SnapshotId } from '../protocol/brands.ts';
import type { ServiceConfig } from '../protocol/service-config.ts';
import type { Deadline } from './deadline.ts';
import type { FilterCache } from './filter-cache.ts';
import type { Inquiry } from './inquiry.ts';
import type { Signals } from './verdict.ts';

export interface Lookup {
  /** The longest PrivateInput that its PRF takes. */
  readonly maxInputBytes: number;
  /** @throws LookupError unless the service's config belongs to the key */
  fetchConfig(deadline: Deadline): Promise<ServiceConfig>;
  /** @throws LookupError unless the service was seen to evaluate with the key */
  confirm(config: ServiceConfig, deadline: Deadline): Promise<void>;
  /** Answers what the dataset has an index for; what fails is `unknown` in the signals. */
  ask(inquiries: readonly Inquiry[], config: ServiceConfig, deadline: Deadline): Promise<Partial<Signals>>;
  /** Answers at once, from what is held in memory; undefined where that does not suffice for all inquiries. */
  answerHere(inquiries: readonly Inquiry[]): LocalAnswer | undefined;
  readonly filters: FilterCache;
}

/** An answer for which nothing was sent. */
export interface LocalAnswer {
  readonly snapshot: SnapshotId;
  readonly signals: Partial<Signals>;
}
