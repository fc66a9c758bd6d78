// Kleene's logic of three values: undefined is unknown.

import type { Trilean } from './schema/types.ts';

export const not = (a: Trilean): Trilean => (a === undefined ? undefined : !a);

export const and = (a: Trilean, b: Trilean): Trilean =>
  a === false || b === false ? false : a === undefined || b === undefined ? undefined : true;

export const or = (a: Trilean, b: Trilean): Trilean =>
  a === true || b === true ? true : a === undefined || b === undefined ? undefined : false;

export const xor = (a: Trilean, b: Trilean): Trilean => (a === undefined || b === undefined ? undefined : a !== b);

/** False of no results. */
export const anyOf = (results: readonly Trilean[]): Trilean =>
  results.includes(true) ? true : results.includes(undefined) ? undefined : false;
/** True of no results. */
export const allOf = (results: readonly Trilean[]): Trilean =>
  results.includes(false) ? false : results.includes(undefined) ? undefined : true;
