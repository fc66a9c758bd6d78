// Compiles expressions into closures that are true, false or unknown of a request.

import type { Address } from '../addresses/address.ts';
import { typeOfValue } from './check/check-values.ts';
import { compileTest, type ValueTest } from './compile-comparison.ts';
import { compileElements, compileValue, type EvaluateElements, type ValueHost } from './compile-value.ts';
import { and, not, or, xor } from './kleene.ts';
import { fieldOf } from './schema/fields.ts';
import type { RuleValue, Trilean } from './schema/types.ts';
import type { Context, Scheme } from './scheme.ts';
import type { Comparison, Expression, Field, InList, Rule, Test, Value } from './syntax/ast.ts';
import { RuleError } from './syntax/rule-error.ts';

export type Evaluate = (context: Context) => Trilean;

/** One of the comparisons and tests that a rule joins by and, or, xor and not. */
export interface Condition {
  readonly fields: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
  readonly evaluate: Evaluate;
}

/** A list of addresses or of strings. `has` is unknown if the list was never read or is too old. */
export type RuleList =
  | { readonly kind: 'ip'; has(address: Address): Trilean }
  | { readonly kind: 'string'; has(bytes: string): Trilean };

/** By the name that stands behind `$`. */
export type FindList = (name: string) => RuleList | undefined;

export class ExpressionCompiler implements ValueHost {
  /** Names that the rule reads, in the order in which they stand in it. */
  readonly fields = new Set<string>();
  readonly lists = new Set<string>();
  /** Those of the whole rule, by where they stand in it. */
  readonly conditions = new Map<Expression, Condition>();
  /** Of the condition that is being compiled. */
  #here = { fields: new Set<string>(), lists: new Set<string>() };
  readonly #rule: Rule;
  readonly #scheme: Pick<Scheme, 'phase' | 'slotOf'>;
  readonly #findList: FindList;

  constructor(rule: Rule, scheme: Pick<Scheme, 'phase' | 'slotOf'>, findList: FindList) {
    this.#rule = rule;
    this.#scheme = scheme;
    this.#findList = findList;
  }

  /** @param expression that has one result */
  compile(expression: Expression): Evaluate {
    switch (expression.kind) {
      case 'group':
        return this.compile(expression.item);
      case 'not': {
        const item = this.compile(expression.item);
        return (context) => not(item(context));
      }
      case 'logic': {
        const items = expression.items.map((item) => this.compile(item));
        return expression.operator === 'and'
          ? conjunction(items)
          : expression.operator === 'or'
            ? disjunction(items)
            : parity(items);
      }
      default:
        return this.#compileCondition(expression);
    }
  }

  #compileCondition(expression: Test | Comparison): Evaluate {
    const here = { fields: new Set<string>(), lists: new Set<string>() };
    this.#here = here;
    const read = compileValue(this, expression.value);
    // A missing value is not true.
    const test = expression.kind === 'test' ? isTrue : this.#compileTest(expression);
    const ofMissing = expression.kind !== 'test' && isTrueOfMissing(expression);
    const evaluate: Evaluate = (context) => {
      const value = read(context);
      return value === undefined ? undefined : value === null ? ofMissing : test(value);
    };
    this.conditions.set(expression, { ...here, evaluate });
    // Whatever else is compiled, such as what an index reads, is of no condition.
    this.#here = { fields: new Set(), lists: new Set() };
    return evaluate;
  }

  /** @param expression that has a result for each element */
  compileElements(expression: Expression): EvaluateElements {
    switch (expression.kind) {
      case 'group':
        return this.compileElements(expression.item);
      case 'not': {
        const item = this.compileElements(expression.item);
        return (context) => item(context)?.map(not);
      }
      case 'logic': {
        const combine = expression.operator === 'and' ? and : expression.operator === 'or' ? or : xor;
        const items = expression.items.map((item) => this.compileElements(item));
        return (context) =>
          joined(
            items.map((item) => item(context)),
            combine,
          );
      }
      case 'test':
        return this.#compileElementTests(expression.value, isTrue);
      default:
        return this.#compileElementTests(expression.value, this.#compileTest(expression));
    }
  }

  /** A missing array has no elements. */
  #compileElementTests(value: Value, test: ValueTest): EvaluateElements {
    const read = typeOfValue(value).each ? compileElements(this, value) : compileValue(this, value);
    return (context) => {
      const elements = read(context) as readonly RuleValue[] | null | undefined;
      return elements === null ? [] : elements?.map(test);
    };
  }

  #compileTest(comparison: Comparison): ValueTest {
    return comparison.kind === 'in-list'
      ? this.#compileListTest(comparison)
      : compileTest(this.#rule.source, comparison);
  }

  #compileListTest(comparison: InList): ValueTest {
    const list = this.#findList(comparison.list);
    if (!list)
      throw this.#error(
        'LIST_UNKNOWN',
        comparison.listSpan,
        `There is no list $${comparison.list}.`,
        'Define it under `lists` in the configuration.',
      );
    this.lists.add(comparison.list);
    this.#here.lists.add(comparison.list);
    const wanted = typeOfValue(comparison.value).type === 'Ip' ? 'ip' : 'string';
    if (list.kind !== wanted)
      throw this.#error(
        'LIST_TYPE',
        comparison.listSpan,
        `$${comparison.list} is a list of ${list.kind === 'ip' ? 'addresses' : 'strings'}.`,
        list.kind === 'ip' ? 'Compare an address with it, such as `ip.src`.' : 'Compare a string with it.',
      );
    return list.kind === 'ip' ? (value) => list.has(value as Address) : (value) => list.has(value as string);
  }

  slotOf({ name, span }: Field): number {
    const slot = this.#scheme.slotOf(name);
    if (slot !== undefined) {
      this.fields.add(name);
      this.#here.fields.add(name);
      return slot;
    }
    const field = fieldOf(name);
    if (field?.phase === 'response' && this.#scheme.phase === 'request')
      throw this.#error(
        'FIELD_PHASE',
        span,
        `\`${name}\` exists only when the response does, and this rule runs before.`,
        'Remove the comparison with it: rules on requests cannot know what the application will answer.',
      );
    if (field?.isSecret)
      throw this.#error(
        'FIELD_SECRET',
        span,
        `\`${name}\` may hold a password, so that only the expressions of logins read it.`,
        'Use it under `login` of an application, or ask for `credveil.login.detected` here.',
      );
    throw this.#error(
      'FIELD_NOT_COMPUTED',
      span,
      field?.needs === undefined
        ? `\`${name}\` is not computed here.`
        : `\`${name}\` needs ${field.needs}, which this version does not compute.`,
      field?.needs === undefined
        ? 'Remove the comparison with it: docs/gateway-rules.md lists what this version reads.'
        : 'Remove the comparison with it.',
    );
  }

  #error(...[code, span, message, hint]: [RuleError['code'], RuleError['span'], string, string]): RuleError {
    return new RuleError(code, this.#rule.source, span, message, hint);
  }
}

const isTrue: ValueTest = (value) => value === true;

/** Cloudflare's default: a missing value differs from every literal. */
const isTrueOfMissing = (comparison: Comparison): boolean =>
  comparison.kind === 'ordering' && comparison.operator === '!=';

function conjunction(items: readonly Evaluate[]): Evaluate {
  const [first, second] = items;
  if (items.length === 2 && first && second)
    return (context) => {
      const one = first(context);
      return one === false ? false : and(one, second(context));
    };
  return (context) => {
    let result: Trilean = true;
    for (const item of items) {
      const one = item(context);
      if (one === false) return false;
      if (one === undefined) result = undefined;
    }
    return result;
  };
}

function disjunction(items: readonly Evaluate[]): Evaluate {
  return (context) => {
    let result: Trilean = false;
    for (const item of items) {
      const one = item(context);
      if (one === true) return true;
      if (one === undefined) result = undefined;
    }
    return result;
  };
}

function parity(items: readonly Evaluate[]): Evaluate {
  return (context) => {
    let result = false;
    for (const item of items) {
      const one = item(context);
      if (one === undefined) return undefined;
      result = result !== one;
    }
    return result;
  };
}

/** The results for each element. They are of the same array, so that there are as many. */
function joined(
  sides: readonly (readonly Trilean[] | undefined)[],
  combine: (a: Trilean, b: Trilean) => Trilean,
): readonly Trilean[] | undefined {
  const [first, ...others] = sides;
  if (first === undefined || others.includes(undefined)) return undefined;
  return others.reduce<readonly Trilean[]>(
    (results, side) => results.map((result, at) => combine(result, side?.[at])),
    first,
  );
}
