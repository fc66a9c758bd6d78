// Rules that cannot be loaded, each at its place.

import { CredveilError } from '../../protocol/errors.ts';
import { configuredName } from '../lists/list-names.ts';
import type { ListsConfig } from '../lists/list-schema.ts';
import type { RuleConfig } from '../phases/rule-config.ts';
import { prepareRule } from '../phases/rules.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { RuleError } from '../rules/syntax/rule-error.ts';
import type { Conflict, Path } from './fault.ts';
import type { GatewayConfig } from './schema.ts';

export function ruleFaults({ rules, apps, lists }: GatewayConfig): Conflict[] {
  const findList = listsByKind(lists);
  return [
    ...faultsOf(rules, ['rules'], findList),
    ...Object.entries(apps).flatMap(([name, app]) => faultsOf(app.rules, ['apps', name, 'rules'], findList)),
  ];
}

/** Lists that exist, and hold nothing. */
const listsByKind =
  (lists: ListsConfig): FindList =>
  (name) => {
    const list = lists[configuredName(name)];
    return list && { kind: list.kind, has: () => false };
  };

function faultsOf(rules: readonly RuleConfig[], path: Path, findList: FindList): Conflict[] {
  return rules.flatMap((rule, i) => {
    try {
      prepareRule(rule, '', findList);
      return [];
    } catch (error) {
      return [{ path: [...path, i, error instanceof RuleError ? 'when' : 'do'], ...described(error) }];
    }
  });
}

function described(error: unknown): Pick<Conflict, 'message' | 'hint' | 'excerpt'> {
  if (error instanceof RuleError) {
    const { message, hint, excerpt, line, column } = error;
    return { message: `(line ${line}, column ${column} of it) ${message}`, hint, excerpt };
  }
  if (error instanceof CredveilError) return { message: error.message, hint: error.hint };
  throw error;
}
