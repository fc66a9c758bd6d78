// A request as a table of field values, and a gateway that reads it, for tests of rules.

import { parseAddress } from '../../../../gateway/addresses/address.ts';
import type { FindList } from '../../../../gateway/rules/compile-expression.ts';
import { type CompiledRule, compileRule, parseRule } from '../../../../gateway/rules/rule.ts';
import { FIELDS, type FieldName } from '../../../../gateway/rules/schema/fields.ts';
import type { MaybeValue, Trilean } from '../../../../gateway/rules/schema/types.ts';
import { createScheme, type Readers, type Scheme } from '../../../../gateway/rules/scheme.ts';

/** A field that is left out is missing; one that is undefined was not computed. */
export type RuleRequest = { readonly [Name in FieldName]?: unknown };

/** Computes every field of the language, also those that no version of the gateway computes yet. */
export const everyField: Scheme<RuleRequest> = createScheme('response', readersOf(Object.keys(FIELDS)));

export function readersOf(names: readonly string[]): Readers<RuleRequest> {
  return Object.fromEntries(
    names.map((name) => [name, (request: RuleRequest) => fieldValue(request, name as FieldName)]),
  );
}

/** Addresses are text in a request; objects are maps. */
export function fieldValue(request: RuleRequest, name: FieldName): MaybeValue {
  if (!Object.hasOwn(request, name)) return null;
  const value = request[name] as string | undefined;
  if (FIELDS[name].type === 'Ip' && typeof value === 'string') return parseAddress(value);
  if (FIELDS[name].type.startsWith('Map<') && typeof value === 'object')
    return new Map(Object.entries(value as object));
  return value;
}

/** `$office` has one network, `$names` two strings; nobody read `$stale`, of addresses. */
export const someLists: FindList = (name) => {
  if (name === 'office')
    return { kind: 'ip', has: (address) => address.family === 4 && address.word >>> 8 === 0xc00002 };
  if (name === 'names') return { kind: 'string', has: (text) => text === 'root' || text === 'admin' };
  if (name === 'stale' || name === 'cf.open_proxies') return { kind: 'ip', has: () => undefined };
  if (name === 'stale_names') return { kind: 'string', has: () => undefined };
  return undefined;
};

export const loadRule = (source: string): CompiledRule => compileRule(parseRule(source), everyField, someLists);

export const evaluateRule = (source: string, request: RuleRequest): Trilean =>
  loadRule(source).evaluate(everyField.createContext(request));
