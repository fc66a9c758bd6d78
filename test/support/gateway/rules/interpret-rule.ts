// A naive interpreter of rules, written apart from the compiler: the oracle of random tests.
//
// It evaluates every part, and works on numbers and bytes where the compiler has something faster.

import type { Address } from '../../../../gateway/addresses/address.ts';
import type { FindList } from '../../../../gateway/rules/compile-expression.ts';
import type { FieldName } from '../../../../gateway/rules/schema/fields.ts';
import type { MaybeValue, RuleMap, RuleValue, Trilean } from '../../../../gateway/rules/schema/types.ts';
import type { Argument, Comparison, Expression, Index, Literal, Value } from '../../../../gateway/rules/syntax/ast.ts';
import { callFunction } from './interpret-function.ts';
import type { RandomRequest } from './random-request.ts';

/** Results of elements are arrays. */
type Result = Trilean | readonly Trilean[];

export class Interpreter {
  readonly #request: RandomRequest;
  readonly #findList: FindList;

  constructor(request: RandomRequest, findList: FindList) {
    this.#request = request;
    this.#findList = findList;
  }

  evaluate(expression: Expression): Result {
    switch (expression.kind) {
      case 'group':
        return this.evaluate(expression.item);
      case 'not':
        return mapResult(this.evaluate(expression.item), (result) => (result === undefined ? undefined : !result));
      case 'logic':
        return expression.items
          .map((item) => this.evaluate(item))
          .reduce((a, b) => zipResults(a, b, (left, right) => truthTable(expression.operator, left, right)));
      case 'test':
        return this.#test(expression.value, (value) => value === true, false);
      default:
        return this.#test(
          expression.value,
          (value) => this.#compare(expression, value),
          expression.kind === 'ordering' && expression.operator === '!=',
        );
    }
  }

  #test(value: Value, test: (value: RuleValue) => Trilean, ofMissing: boolean): Result {
    const read = this.read(value);
    const isOfElements = hasEach(value) || Array.isArray(read);
    if (read === undefined) return undefined;
    if (read === null) return hasEach(value) || returnsArray(value) ? [] : ofMissing;
    return isOfElements ? (read as readonly RuleValue[]).map(test) : test(read);
  }

  /** With `[*]`, an array of what it takes out. */
  read(value: Value): MaybeValue {
    let read: MaybeValue =
      value.base.kind === 'field'
        ? this.#request[value.base.name as FieldName]
        : this.#call(value.base.name, value.base.args);
    let isEach = false;
    for (const index of value.indexes) {
      if (read === null || read === undefined) return read;
      if (index.kind === 'each') {
        read = isEach ? (read as RuleValue[]).flatMap(elementsOf) : elementsOf(read);
        isEach = true;
      } else if (isEach) read = (read as RuleValue[]).map((item) => at(item, index)).filter((item) => item !== null);
      else read = at(read, index);
    }
    return read;
  }

  #call(name: string, args: readonly Argument[]): MaybeValue {
    const [first] = args as [Argument, ...Argument[]];
    if (name === 'any' || name === 'all') {
      const results =
        first.kind === 'value'
          ? this.#test(first, (value) => value === true, false)
          : this.evaluate(first as Expression);
      if (!Array.isArray(results)) return undefined;
      const decisive = name === 'any';
      return results.includes(decisive) ? decisive : results.includes(undefined) ? undefined : !decisive;
    }
    const values = args.map((argument) =>
      argument.kind === 'value' ? this.read(argument) : constantOf(argument as Literal),
    );
    if (!(first.kind === 'value' && hasEach(first))) return callFunction(name, values);
    const [elements, ...others] = values;
    if (elements === null || elements === undefined) return elements;
    if (others.includes(null) && name !== 'concat') return [];
    if (others.includes(undefined)) return undefined;
    return (elements as RuleValue[])
      .map((element) => callFunction(name, [element, ...others]))
      .filter((result) => result !== null) as RuleValue[];
  }

  #compare(comparison: Comparison, value: RuleValue): Trilean {
    switch (comparison.kind) {
      case 'ordering': {
        const order = orderOf(value, constantOf(comparison.literal));
        if (order === undefined) return comparison.operator === '!=';
        const signs = { '==': [0], '!=': [-1, 1], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] }[
          comparison.operator
        ];
        return signs.includes(order);
      }
      case 'contains':
        return Buffer.from(value as string, 'latin1').includes(Buffer.from(comparison.literal.bytes, 'latin1'));
      case 'matches':
        return new RegExp(comparison.pattern.pattern).test(value as string);
      case 'wildcard':
        return comparison.isStrict
          ? matchesWildcard(comparison.literal.bytes, value as string)
          : matchesWildcard(lower(comparison.literal.bytes), lower(value as string));
      case 'in-set':
        return comparison.items.some((item) => isMember(item, value));
      case 'in-list': {
        const list = this.#findList(comparison.list);
        return list?.kind === 'ip' ? list.has(value as Address) : list?.has(value as string);
      }
    }
  }
}

const hasEach = ({ indexes }: Value): boolean => indexes.some(({ kind }) => kind === 'each');

/** A mapped call without an index: any(starts_with(x[*], "a")). */
const returnsArray = ({ base, indexes }: Value): boolean => {
  const [first] = base.kind === 'call' ? base.args : [];
  const isTest = base.kind === 'call' && (base.name === 'any' || base.name === 'all');
  return !isTest && indexes.length === 0 && first?.kind === 'value' && hasEach(first);
};

const mapResult = (result: Result, change: (result: Trilean) => Trilean): Result =>
  Array.isArray(result) ? result.map(change) : change(result as Trilean);

function zipResults(a: Result, b: Result, combine: (a: Trilean, b: Trilean) => Trilean): Result {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((result, i) => combine(result, b[i]));
  // Arrays that nobody knows the length of leave no results.
  return Array.isArray(a) || Array.isArray(b) ? undefined : combine(a as Trilean, b as Trilean);
}

/** Kleene's tables, written out: F, U, T. */
const TABLES = { and: 'FFFFUUFUT', or: 'FUTUUTTTT', xor: 'FUTUUUTUF' } as const;
function truthTable(operator: keyof typeof TABLES, a: Trilean, b: Trilean): Trilean {
  const rank = (value: Trilean): number => (value === undefined ? 1 : value ? 2 : 0);
  const sign = TABLES[operator][rank(a) * 3 + rank(b)];
  return sign === 'U' ? undefined : sign === 'T';
}

const elementsOf = (whole: RuleValue): RuleValue[] =>
  Array.isArray(whole) ? (whole as RuleValue[]) : Array.from((whole as RuleMap).values());

function at(whole: RuleValue, index: Index): RuleValue | null {
  if (index.kind === 'at') return (whole as RuleValue[]).at(index.position) ?? null;
  return index.kind === 'key' ? ((whole as RuleMap).get(index.key) ?? null) : null;
}

function constantOf(literal: Literal): RuleValue {
  if (literal.kind === 'bytes') return literal.bytes;
  return literal.kind === 'int' ? literal.value : (literal as { readonly address: Address }).address;
}

/** -1, 0 or 1, or undefined of two families. */
function orderOf(a: RuleValue, b: RuleValue): number | undefined {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b as string, 'latin1'));
  if (typeof a === 'number') return Math.sign(a - (b as number));
  const [left, right] = [a as Address, b as Address];
  if (left.family !== right.family) return undefined;
  const [x, y] = [integerOf(left), integerOf(right)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function integerOf(address: Address): bigint {
  const words: readonly number[] = address.family === 4 ? [address.word] : address.words;
  return words.reduce((sum, word) => (sum << 32n) + BigInt(word), 0n);
}

function isMember(item: Literal, value: RuleValue): boolean {
  if (item.kind === 'bytes' || item.kind === 'int') return constantOf(item) === value;
  if (item.kind === 'int-range') return (value as number) >= item.first && (value as number) <= item.last;
  const address = value as Address;
  const [first, last] = item.kind === 'address' ? [item.address, item.address] : [item.first, item.last];
  if (address.family !== first.family) return false;
  return integerOf(first) <= integerOf(address) && integerOf(address) <= integerOf(last);
}

const lower = (bytes: string): string =>
  Array.from(bytes, (sign) => (sign >= 'A' && sign <= 'Z' ? sign.toLowerCase() : sign)).join('');

function matchesWildcard(pattern: string, bytes: string): boolean {
  if (pattern === '') return bytes === '';
  if (pattern.startsWith('*'))
    return matchesWildcard(pattern.slice(1), bytes) || (bytes !== '' && matchesWildcard(pattern, bytes.slice(1)));
  const length = pattern.startsWith('\\') ? 2 : 1;
  return bytes !== '' && bytes[0] === pattern[length - 1] && matchesWildcard(pattern.slice(length), bytes.slice(1));
}
