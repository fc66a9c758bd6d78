// Rules that cannot be loaded, each at its place.

import { CredveilError } from '../../protocol/errors.ts';
import { UNSEEN_FIELDS } from '../forward-auth/unseen-fields.ts';
import { configuredName } from '../lists/list-names.ts';
import type { ListsConfig } from '../lists/list-schema.ts';
import type { RuleConfig } from '../phases/rule-config.ts';
import { prepareRule } from '../phases/rules.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { RuleError } from '../rules/syntax/rule-error.ts';
import type { Conflict, Path } from './fault.ts';
import type { GatewayConfig } from './schema.ts';

export function ruleFaults({ rules, apps, lists, forwardAuth }: GatewayConfig): Conflict[] {
  const findList = listsByKind(lists);
  const unseen = forwardAuth ? UNSEEN_FIELDS : NONE;
  return [
    ...faultsOf(rules, ['rules'], findList, unseen),
    ...Object.entries(apps).flatMap(([name, app]) => faultsOf(app.rules, ['apps', name, 'rules'], findList, unseen)),
  ];
}

const NONE: ReadonlySet<string> = new Set();

/** Lists that exist, and hold nothing. */
const listsByKind =
  (lists: ListsConfig): FindList =>
  (name) => {
    const list = lists[configuredName(name)];
    return list && { kind: list.kind, has: () => false };
  };

function faultsOf(
  rules: readonly RuleConfig[],
  path: Path,
  findList: FindList,
  unseen: ReadonlySet<string>,
): Conflict[] {
  return rules.flatMap((rule, i): Conflict[] => {
    try {
      const { compiled } = prepareRule(rule, '', findList);
      const missing = [...compiled.fields].filter((field) => unseen.has(field));
      return missing.map((field) => ({
        path: [...path, i, 'when'],
        message: `reads ${field}, which a proxy that asks (forwardAuth) does not send`,
        hint: 'Remove the rule, or let the gateway itself stand before the application.',
      }));
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
