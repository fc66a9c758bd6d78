// Requests by which users change their own password.

import type { Exchange } from '../exchange.ts';
import { readingsOf } from '../fields/readings.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import type { LoginConfig } from './login-config.ts';
import { PRESETS } from './preset.ts';
import type { PasswordChanges } from './sessions.ts';

const METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * @returns undefined where none is known
 * @throws {RuleError}
 */
export function createPasswordChanges(
  { presets, locations }: LoginConfig,
  findList: FindList,
): PasswordChanges | undefined {
  const rules = presets
    .flatMap((name) => PRESETS.get(name)?.changePassword?.when ?? [])
    .map((when) => compileSource(when, REQUEST_SCHEME, findList));
  const targets = new Set(locations.flatMap(({ changePassword }) => changePassword ?? []));
  return rules.length === 0 && targets.size === 0 ? undefined : { rules, targets };
}

/** Any reading of the request counts: to trust a browser less is safe. */
export function changesPassword({ rules, targets }: PasswordChanges, exchange: Exchange): boolean {
  const { head } = exchange;
  if (!head || !METHODS.has(head.method)) return false;
  if (targets.has(head.target)) return true;
  const contexts = readingsOf(exchange).map((reading) => REQUEST_SCHEME.createContext(reading));
  return rules.some(({ evaluate }) => contexts.some((context) => evaluate(context) === true));
}
