// Whether a value is in a set that stands in a rule.

import { type Address, compareAddresses } from '../addresses/address.ts';
import type { RuleValue } from './schema/types.ts';
import type { Literal } from './syntax/ast.ts';

/** Both ends belong to it. */
type Interval<Item> = readonly [first: Item, last: Item];

/** @param items of the type of the value */
export function createMembership(items: readonly Literal[]): (value: RuleValue) => boolean {
  const [item] = items;
  if (item?.kind === 'bytes') {
    const members = new Set(items.map((literal) => (literal.kind === 'bytes' ? literal.bytes : '')));
    return (value) => members.has(value as string);
  }
  if (item?.kind === 'int' || item?.kind === 'int-range') {
    const has = createNumberSet(items.map(intervalOfInt));
    return (value) => has(value as number);
  }
  return createAddressSet(items.map(intervalOfAddress));
}

function createAddressSet(intervals: readonly Interval<Address>[]): (value: RuleValue) => boolean {
  const hasWord = createNumberSet(
    intervals.flatMap(([first, last]) => (first.family === 4 && last.family === 4 ? [[first.word, last.word]] : [])),
  );
  const six = intervals.filter(([first]) => first.family === 6);
  const hasWords = (address: Address): boolean =>
    six.some(([first, last]) => compareAddresses(first, address) <= 0 && compareAddresses(address, last) <= 0);
  return (value) => {
    const address = value as Address;
    return address.family === 4 ? hasWord(address.word) : hasWords(address);
  };
}

function intervalOfInt(literal: Literal): Interval<number> {
  if (literal.kind === 'int-range') return [literal.first, literal.last];
  if (literal.kind === 'int') return [literal.value, literal.value];
  throw new TypeError('A set has values of one type.');
}

function intervalOfAddress(literal: Literal): Interval<Address> {
  if (literal.kind === 'network' || literal.kind === 'address-range') return [literal.first, literal.last];
  if (literal.kind === 'address') return [literal.address, literal.address];
  throw new TypeError('A set has values of one type.');
}

/** A binary search in what is left once intervals that overlap are joined. */
function createNumberSet(intervals: readonly (readonly number[])[]): (value: number) => boolean {
  const firsts: number[] = [];
  const lasts: number[] = [];
  for (const [first = 0, last = 0] of [...intervals].sort(([a = 0], [b = 0]) => a - b)) {
    const end = lasts.at(-1);
    if (end === undefined || first > end) {
      firsts.push(first);
      lasts.push(last);
    } else if (last > end) lasts[lasts.length - 1] = last;
  }
  return (value) => {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return low > 0 && value <= (lasts[low - 1] as number);
  };
}
