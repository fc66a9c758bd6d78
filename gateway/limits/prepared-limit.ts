// A limit that is ready for attempts.

import type { CompiledRule } from '../rules/rule.ts';
import type { LimitConfig } from './limit-config.ts';

export interface PreparedLimit {
  readonly config: LimitConfig;
  readonly count: CompiledRule;
  /** Undefined if it acts on whatever it is asked about. */
  readonly actOn: CompiledRule | undefined;
  /** It acts on more than logins. */
  readonly isForAll: boolean;
  readonly hasUsername: boolean;
  /** It counts by what a browser sends wherever it is: another site can make it send logins. */
  readonly isOfBrowser: boolean;
  /** Strangers can fill it for others: a browser that the user has logged in with is spared. */
  readonly sparesDevices: boolean;
}
