// Types of the rule language, and the values of JavaScript that stand for them.

import type { Address } from '../../addresses/address.ts';

export type Type = 'Bool' | 'Int' | 'Bytes' | 'Ip' | `Array<${Scalar}>` | `Map<${Scalar}>` | `Map<Array<${Scalar}>>`;
type Scalar = 'Bool' | 'Int' | 'Bytes' | 'Ip';

/**
 * A value of a request. Bytes are text of which each character is one byte (latin1). An Int is an
 * integer up to ±(2^53-1): larger ones are cut.
 */
export type RuleValue = boolean | number | string | Address | readonly RuleValue[] | RuleMap;

/** What the language needs of a `Map`, so that a request need not build one. */
export interface RuleMap {
  get(key: string): RuleValue | undefined;
  values(): Iterable<RuleValue>;
}

/** `null` if the request has no such value, `undefined` if nobody computed it. */
export type MaybeValue = RuleValue | null | undefined;

/** `undefined` is unknown: it depends on a value not computed, or on a list that is too old. */
export type Trilean = boolean | undefined;

export type ValueOf<T extends Type> = T extends 'Bool'
  ? boolean
  : T extends 'Int'
    ? number
    : T extends 'Bytes'
      ? string
      : T extends 'Ip'
        ? Address
        : T extends `Array<${infer Item extends Scalar}>`
          ? readonly ValueOf<Item>[]
          : RuleMap;

export const isArray = (type: Type): boolean => type.startsWith('Array<');
export const isMap = (type: Type): boolean => type.startsWith('Map<');
/** @param type of an array or a map */
export const itemOf = (type: Type): Type => type.slice(type.indexOf('<') + 1, -1) as Type;
/** @param type no array or map */
export const arrayOf = (type: Type): Type => `Array<${type}>` as Type;
