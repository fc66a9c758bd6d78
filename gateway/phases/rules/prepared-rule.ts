// A rule that is ready to be applied to requests.

import type { CompiledRule } from '../../rules/rule.ts';
import type { RuleIndex } from '../../rules/rule-index.ts';
import type { RuleAction } from './rule-config.ts';

export interface PreparedRule {
  readonly name: string;
  readonly action: RuleAction;
  readonly compiled: CompiledRule;
  readonly readsReading: boolean;
  readonly appliesToUnknown: boolean;
}

export interface RuleSet {
  /** In their order. */
  readonly rules: readonly PreparedRule[];
  /** Names of the headers that a rule may set. */
  readonly headers: readonly string[];
  /** Finds the rules that can concern a request, by their places in `rules`. */
  readonly index: RuleIndex;
}
