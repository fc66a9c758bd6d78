// Compiles fields, indexes and calls into closures that read a value of a request.

import { isTest } from './check/check-values.ts';
import { constantOf } from './compile-comparison.ts';
import { functionOf, type RuleFunction, takesMissing } from './functions/functions.ts';
import { allOf, anyOf } from './kleene.ts';
import type { MaybeValue, RuleMap, RuleValue, Trilean } from './schema/types.ts';
import type { Context } from './scheme.ts';
import type { Argument, Call, Expression, Field, Index, Value } from './syntax/ast.ts';

export type Read = (context: Context) => MaybeValue;
/** The elements that `[*]` takes out. */
export type ReadElements = (context: Context) => readonly RuleValue[] | null | undefined;
/** A result for each element. */
export type EvaluateElements = (context: Context) => readonly Trilean[] | undefined;

/** What a value needs of the compiler of expressions. */
export interface ValueHost {
  slotOf(field: Field): number;
  compileElements(expression: Expression): EvaluateElements;
}

/** @param value without `[*]` */
export function compileValue(host: ValueHost, value: Value): Read {
  return value.indexes.reduce(atIndex, compileBase(host, value.base));
}

/** @param value with `[*]` */
export function compileElements(host: ValueHost, value: Value): ReadElements {
  const first = value.indexes.findIndex(({ kind }) => kind === 'each');
  const read = value.indexes.slice(0, first).reduce(atIndex, compileBase(host, value.base));
  const rest = value.indexes.slice(first + 1);
  return (context) => {
    const whole = read(context);
    if (whole === null || whole === undefined) return whole;
    return rest.reduce<readonly RuleValue[]>(takenOut, elementsOf(whole));
  };
}

const elementsOf = (whole: RuleValue): readonly RuleValue[] =>
  Array.isArray(whole) ? (whole as readonly RuleValue[]) : [...(whole as RuleMap).values()];

const compileBase = (host: ValueHost, base: Field | Call): Read => {
  if (base.kind === 'call') return compileCall(host, base);
  const slot = host.slotOf(base);
  return (context) => context.read(slot);
};

function atIndex(read: Read, index: Index): Read {
  if (index.kind === 'each') throw new TypeError('[*] takes out elements.');
  return (context) => {
    const whole = read(context);
    return whole === null || whole === undefined ? whole : elementOf(whole, index);
  };
}

function elementOf(whole: RuleValue, index: Index): RuleValue | null {
  if (index.kind === 'at') return (whole as readonly RuleValue[])[index.position] ?? null;
  return index.kind === 'key' ? ((whole as RuleMap).get(index.key) ?? null) : null;
}

/** Elements that have nothing at the index are left out. */
function takenOut(elements: readonly RuleValue[], index: Index): readonly RuleValue[] {
  if (index.kind === 'each') return elements.flatMap(elementsOf);
  return elements.map((element) => elementOf(element, index)).filter((element) => element !== null);
}

function compileCall(host: ValueHost, call: Call): Read {
  const [first, ...others] = call.args;
  if (first === undefined) throw new TypeError('Every function has an argument.');
  if (isTest(call)) return compileTestCall(host, call.name, first);
  const apply = functionOf(call.name);
  const rest = others.map((argument) => compileArgument(host, argument));
  if (first.kind === 'value' && first.indexes.some(({ kind }) => kind === 'each'))
    return compileMapped(compileElements(host, first), rest, apply, takesMissing(call.name));
  return compileSingle([compileArgument(host, first), ...rest], apply, takesMissing(call.name));
}

function compileTestCall(host: ValueHost, name: string, argument: Argument): Read {
  const combine = name === 'any' ? anyOf : allOf;
  const expression = argument.kind === 'value' ? testOf(argument) : (argument as Expression);
  const evaluate = host.compileElements(expression);
  return (context) => {
    const results = evaluate(context);
    return results === undefined ? undefined : combine(results);
  };
}

/** The expression that a value of any(…) or all(…) is. */
export const testOf = (value: Value): Expression => ({ kind: 'test', value, span: value.span });

function compileArgument(host: ValueHost, argument: Argument): Read {
  if (argument.kind === 'value') return compileValue(host, argument);
  const constant = constantOf(argument as Exclude<Argument, Value | Expression>);
  return () => constant;
}

function compileSingle(reads: readonly Read[], apply: RuleFunction, takesNull: boolean): Read {
  const [first, second, ...more] = reads as [Read, ...Read[]];
  if (takesNull || more.length > 0)
    return (context) =>
      applyTo(
        reads.map((read) => read(context)),
        apply,
        takesNull,
      );
  if (second === undefined)
    return (context) => {
      const value = first(context);
      return value === null || value === undefined ? value : apply(value);
    };
  return (context) => {
    const value = first(context);
    if (value === null) return null;
    const other = second(context);
    return other === null ? null : value === undefined || other === undefined ? undefined : apply(value, other);
  };
}

/** A missing argument leaves no result, whatever those are that are unknown. */
function applyTo(values: readonly MaybeValue[], apply: RuleFunction, takesNull: boolean): MaybeValue {
  if (!takesNull && values.includes(null)) return null;
  return values.includes(undefined) ? undefined : apply(...(values as readonly RuleValue[]));
}

/** Elements for which the function has no result are left out. */
function compileMapped(elements: ReadElements, rest: readonly Read[], apply: RuleFunction, takesNull: boolean): Read {
  return (context) => {
    const items = elements(context);
    if (items === null || items === undefined) return items;
    const others = rest.map((read) => read(context));
    if (!takesNull && others.includes(null)) return [];
    if (others.includes(undefined)) return undefined;
    const results = items.map((item) => apply(item, ...(others as readonly RuleValue[])));
    return results.filter((result) => result !== null);
  };
}
