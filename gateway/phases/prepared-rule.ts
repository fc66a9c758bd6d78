// A rule that is ready to be applied to requests.

import type { CompiledRule } from '../rules/rule.ts';
import type { RuleAction } from './rule-config.ts';

export interface PreparedRule {
  readonly name: string;
  readonly action: RuleAction;
  readonly compiled: CompiledRule;
  readonly readsPath: boolean;
  readonly appliesToUnknown: boolean;
}

/** Rules in their order. */
export type RuleSet = readonly PreparedRule[];
