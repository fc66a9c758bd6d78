// Random requests of few different values, so that random rules often match them.

import type { Address } from '../../../../gateway/addresses/address.ts';
import { FIELDS, type FieldName } from '../../../../gateway/rules/schema/fields.ts';
import type { MaybeValue, RuleMap, RuleValue, Type } from '../../../../gateway/rules/schema/types.ts';
import type { Random } from '../../random.ts';

export const TEXTS = [
  '',
  'a',
  'A',
  'ab',
  'abc',
  'aXb',
  'a*b',
  'a\\b',
  'a,b,,c',
  '/login',
  '/wp-Login.php',
  '%41%2541+b',
  '\xc3\xa9',
  '\xff\x00"',
  'line\nline',
  'YWI=',
  '{"a":"b","n":[1,-2,3.0]}',
  '["a",{"a":7}]',
] as const;

export const INTEGERS = [-2, -1, 0, 1, 2, 3, 7, 200, 403, 404, 9_007_199_254_740_990] as const;

export const ADDRESSES: readonly Address[] = [
  { family: 4, word: 0 },
  { family: 4, word: 0xc0000207 },
  { family: 4, word: 0xc0000208 },
  { family: 4, word: 0xffffffff },
  { family: 6, words: [0, 0, 0, 1] },
  { family: 6, words: [0x20010db8, 0, 0, 7] },
  { family: 6, words: [0x20010db8, 0, 1, 0xffffffff] },
];

export const KEYS = ['a', 'b', 'x-c'] as const;

export type RandomRequest = { readonly [Name in FieldName]: MaybeValue };

export function randomRequest(random: Random): RandomRequest {
  const names = Object.keys(FIELDS) as FieldName[];
  return Object.fromEntries(names.map((name) => [name, randomValue(random, FIELDS[name].type)])) as RandomRequest;
}

/** One of eight is missing, and one of eight unknown. */
function randomValue(random: Random, type: Type): MaybeValue {
  const chance = random.below(8);
  return chance === 0 ? null : chance === 1 ? undefined : presentValue(random, type);
}

function presentValue(random: Random, type: Type): RuleValue {
  const inner = type.slice(type.indexOf('<') + 1, -1) as Type;
  if (type.startsWith('Array<'))
    return Array.from({ length: random.below(4) }, () => presentValue(random, inner)) as RuleValue[];
  if (type.startsWith('Map<')) return randomMap(random, inner);
  if (type === 'Bool') return random.below(2) === 0;
  return type === 'Int' ? random.pick(INTEGERS) : type === 'Ip' ? random.pick(ADDRESSES) : random.pick(TEXTS);
}

function randomMap(random: Random, inner: Type): RuleMap {
  const keys = KEYS.filter(() => random.below(3) > 0);
  return new Map(keys.map((key) => [key, presentValue(random, inner)]));
}
