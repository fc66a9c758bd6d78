// Whether a value is in a set that stands in a rule.

import { type Address, compareAddresses } from '../addresses/address.ts';
import type { RuleValue } from './schema/types.ts';
import type { Literal } from './syntax/ast.ts';

interface Interval<Item> {
  readonly first: Item;
  readonly last: Item;
}

/** @param items of the type of the value */
export function createMembership(items: readonly Literal[]): (value: RuleValue) => boolean {
  const [item] = items;
  if (item?.kind === 'bytes') {
    const members = new Set(items.map((literal) => (literal.kind === 'bytes' ? literal.bytes : '')));
    return (value) => members.has(value as string);
  }
  if (item?.kind === 'int' || item?.kind === 'int-range') {
    const intervals = mergedOf(items.map(intOf), (a, b) => a - b);
    return (value) => isWithin(intervals, value as number, (a, b) => a - b);
  }
  // Every IPv4 address sorts before every IPv6 address, so that one order serves both.
  const intervals = mergedOf(items.map(addressOf), compareAddresses);
  return (value) => isWithin(intervals, value as Address, compareAddresses);
}

function intOf(literal: Literal): Interval<number> {
  if (literal.kind === 'int-range') return literal;
  const value = literal.kind === 'int' ? literal.value : Number.NaN;
  return { first: value, last: value };
}

function addressOf(literal: Literal): Interval<Address> {
  if (literal.kind === 'network' || literal.kind === 'address-range') return literal;
  const address: Address = literal.kind === 'address' ? literal.address : { family: 4, word: 0 };
  return { first: address, last: address };
}

/** Sorted, and without overlaps. */
function mergedOf<Item>(
  intervals: readonly Interval<Item>[],
  compare: (a: Item, b: Item) => number,
): readonly Interval<Item>[] {
  const merged: Interval<Item>[] = [];
  for (const interval of [...intervals].sort((a, b) => compare(a.first, b.first))) {
    const before = merged.at(-1);
    if (!before || compare(interval.first, before.last) > 0) merged.push(interval);
    else if (compare(interval.last, before.last) > 0)
      merged[merged.length - 1] = { first: before.first, last: interval.last };
  }
  return merged;
}

function isWithin<Item>(
  intervals: readonly Interval<Item>[],
  value: Item,
  compare: (a: Item, b: Item) => number,
): boolean {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare((intervals[middle] as Interval<Item>).first, value) <= 0) low = middle + 1;
    else high = middle;
  }
  const found = intervals[low - 1];
  return found !== undefined && compare(value, found.last) <= 0;
}
