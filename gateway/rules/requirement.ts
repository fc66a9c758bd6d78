// What every request fulfils for which a rule is not false: `createRuleIndex` looks it up.

import { typeOfValue } from './check/check-values.ts';
import { compileElements, compileValue, testOf, type ValueHost } from './compile-value.ts';
import { literalIn } from './regex/compile-regex.ts';
import type { MaybeValue } from './schema/types.ts';
import type { Context } from './scheme.ts';
import type { Comparison, Expression, Literal, Value } from './syntax/ast.ts';
import { formatValue } from './syntax/format-rule.ts';
import { partsOf } from './wildcard.ts';

/** The conditions that an index finds, the most selective first. */
const CONDITIONS = ['is', 'starts', 'contains', 'contains-in-any-case', 'network'] as const;

export interface Requirement {
  /** The value, or that of which one element has to fulfil the condition, as it is written. */
  readonly name: string;
  read(context: Context): MaybeValue;
  readonly condition: (typeof CONDITIONS)[number];
  /** One of these: all of them addresses and networks, or texts that are not empty. */
  readonly literals: readonly Literal[];
}

/** The most selective requirement of the whole rule; undefined if there is none. */
export function requirementOf(expression: Expression, host: ValueHost): Requirement | undefined {
  switch (expression.kind) {
    case 'group':
      return requirementOf(expression.item, host);
    case 'logic': {
      const found = expression.items.map((item) => requirementOf(item, host));
      return expression.operator === 'and' ? best(found) : expression.operator === 'or' ? joined(found) : undefined;
    }
    case 'test':
      return requirementOfCall(expression.value, host);
    case 'not':
      return undefined;
    default:
      return requirementOfComparison(expression, host);
  }
}

const best = (found: readonly (Requirement | undefined)[]): Requirement | undefined =>
  CONDITIONS.map((condition) => found.find((one) => one?.condition === condition)).find((one) => one !== undefined);

/** Of alternatives: a value that fulfils one of them. */
function joined(found: readonly (Requirement | undefined)[]): Requirement | undefined {
  const [first] = found;
  const alike = found.filter((one) => one?.name === first?.name && one?.condition === first?.condition);
  if (!first || alike.length < found.length) return undefined;
  return { ...first, literals: alike.flatMap((one) => one?.literals ?? []) };
}

function requirementOfComparison(comparison: Comparison, host: ValueHost): Requirement | undefined {
  const { value } = comparison;
  switch (comparison.kind) {
    case 'ordering':
      return comparison.operator === '==' ? equal(value, [comparison.literal], host) : undefined;
    case 'in-set':
      return equal(value, comparison.items, host);
    case 'contains':
      return text(value, 'contains', comparison.literal.bytes, host);
    case 'matches':
      return text(value, 'contains', literalIn(comparison.pattern.pattern), host);
    case 'wildcard': {
      const parts = partsOf(comparison.literal.bytes);
      if (typeof parts === 'string') return undefined;
      const longest = parts.reduce((a, b) => (b.length > a.length ? b : a));
      return text(value, comparison.isStrict ? 'contains' : 'contains-in-any-case', longest, host);
    }
    case 'in-list':
      return undefined;
  }
}

function equal(value: Value, literals: readonly Literal[], host: ValueHost): Requirement | undefined {
  const { type } = typeOfValue(value);
  if (type !== 'Bytes' && type !== 'Ip') return undefined;
  return requirement(value, type === 'Bytes' ? 'is' : 'network', literals, host);
}

/** `starts_with(value, "…")`, `any(value[*] …)` */
function requirementOfCall({ base, indexes }: Value, host: ValueHost): Requirement | undefined {
  if (base.kind !== 'call' || indexes.length > 0) return undefined;
  const [first, second] = base.args;
  if (base.name === 'any' && first)
    return requirementOf(first.kind === 'value' ? testOf(first) : (first as Expression), host);
  if (base.name !== 'starts_with' || first?.kind !== 'value' || second?.kind !== 'bytes') return undefined;
  return text(first, 'starts', second.bytes, host);
}

function text(value: Value, condition: Requirement['condition'], bytes: string, host: ValueHost) {
  return bytes === '' ? undefined : requirement(value, condition, [{ kind: 'bytes', bytes, span: value.span }], host);
}

/** A value that costs more than the rules is computed for those alone that come to it. */
function requirement(
  value: Value,
  condition: Requirement['condition'],
  literals: readonly Literal[],
  host: ValueHost,
): Requirement | undefined {
  if (!isCheap(value)) return undefined;
  const read = typeOfValue(value).each ? compileElements(host, value) : compileValue(host, value);
  return { name: formatValue(value), read, condition, literals };
}

const CHEAP: ReadonlySet<string> = new Set(['lower', 'upper']);

const isCheap = ({ base }: Value): boolean =>
  base.kind === 'field' ||
  (CHEAP.has(base.name) && base.args.every((argument) => argument.kind === 'value' && isCheap(argument)));
