// The names under which outcomes of conditions are kept: the same for the same condition on the
// same lists, in whatever rule it stands.

import { createHash } from 'node:crypto';
import { configuredName } from '../lists/list-names.ts';
import type { PreparedRule, RuleSet } from '../phases/rules/prepared-rule.ts';
import type { Condition } from '../rules/compile-expression.ts';
import type { Expression } from '../rules/syntax/ast.ts';
import { formatExpression } from '../rules/syntax/format-rule.ts';
import type { GatewaySetup } from '../setup.ts';

const KEY_BYTES = 6;
/** Of a key as text. */
export const KEY_LENGTH = 8;

export const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest()
    .subarray(0, KEY_BYTES)
    .toString('base64url');

export interface KeyedCondition extends Condition {
  readonly key: string;
}

export interface KeyedRules {
  /** Each once. */
  readonly all: readonly KeyedCondition[];
  readonly keyOf: ReadonlyMap<Expression, KeyedCondition>;
  readonly digest: string;
}

const known = new WeakMap<RuleSet, KeyedRules>();

/** Computed once for the rules of an application. */
export function keyedRules(set: RuleSet, lists: GatewaySetup['config']['lists']): KeyedRules {
  const before = known.get(set);
  if (before) return before;
  const byKey = new Map<string, KeyedCondition>();
  const keyOf = new Map<Expression, KeyedCondition>();
  for (const { compiled } of set.rules)
    for (const [expression, condition] of compiled.conditions) {
      const key = digestOf([
        formatExpression(expression),
        ...[...condition.lists].map((list) => lists[configuredName(list)] ?? null),
      ]);
      const keyed = byKey.get(key) ?? { ...condition, key };
      byKey.set(key, keyed);
      keyOf.set(expression, keyed);
    }
  const keyed = { all: [...byKey.values()], keyOf, digest: digestOf([set.rules.map(describe), [...byKey.keys()]]) };
  known.set(set, keyed);
  return keyed;
}

const describe = ({ name, action, compiled, appliesToUnknown }: PreparedRule) => [
  name,
  action,
  formatExpression(compiled.rule.expression),
  appliesToUnknown,
];
