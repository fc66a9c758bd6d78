// Compiles the right side of a comparison into a test of a value that is present.

import { type Address, compareAddresses } from '../addresses/address.ts';
import { createMembership } from './membership.ts';
import { compileRegex } from './regex/compile-regex.ts';
import { RegexError, type RegexProblem } from './regex/read-set.ts';
import type { RuleValue, Trilean } from './schema/types.ts';
import type { Comparison, Literal, OrderingOperator } from './syntax/ast.ts';
import { RuleError, type RuleErrorCode, type Span } from './syntax/rule-error.ts';
import { createWildcard } from './wildcard.ts';

export type ValueTest = (value: RuleValue) => Trilean;

const PATTERN_CODES: { readonly [Problem in RegexProblem]: RuleErrorCode } = {
  malformed: 'PATTERN_MALFORMED',
  'not supported': 'PATTERN_NOT_SUPPORTED',
  'too large': 'PATTERN_TOO_LARGE',
};

/**
 * @param comparison with a literal, a set or a pattern on its right side, no list
 * @throws {RuleError}
 */
export function compileTest(source: string, comparison: Comparison): ValueTest {
  switch (comparison.kind) {
    case 'ordering':
      return comparison.literal.kind === 'address'
        ? compileAddressOrdering(comparison.operator, comparison.literal.address)
        : compileOrdering(comparison.operator, constantOf(comparison.literal) as string | number);
    case 'contains': {
      const { bytes } = comparison.literal;
      return (value) => (value as string).includes(bytes);
    }
    case 'matches':
      return compilePattern(source, comparison.pattern.pattern, comparison.pattern.span);
    case 'wildcard': {
      const wildcard = createWildcard(comparison.literal.bytes, comparison.isStrict);
      if (typeof wildcard !== 'string') return wildcard as ValueTest;
      throw new RuleError(
        'WILDCARD_MALFORMED',
        source,
        comparison.literal.span,
        wildcard,
        'A star stands for any bytes. Write `\\*` for a star and `\\\\` for a backslash, best in r"…".',
      );
    }
    case 'in-set':
      return createMembership(comparison.items);
    case 'in-list':
      throw new TypeError('A list has no test of its own.');
  }
}

/** What a literal is as a value. */
export function constantOf(literal: Literal): RuleValue {
  switch (literal.kind) {
    case 'bytes':
      return literal.bytes;
    case 'int':
      return literal.value;
    case 'address':
      return literal.address;
    default:
      throw new TypeError('A range is no single value.');
  }
}

/** Strings of bytes are in the order of their bytes. */
function compileOrdering(operator: OrderingOperator, constant: string | number): ValueTest {
  switch (operator) {
    case '==':
      return (value) => value === constant;
    case '!=':
      return (value) => value !== constant;
    case '<':
      return (value) => (value as typeof constant) < constant;
    case '<=':
      return (value) => (value as typeof constant) <= constant;
    case '>':
      return (value) => (value as typeof constant) > constant;
    case '>=':
      return (value) => (value as typeof constant) >= constant;
  }
}

/** Addresses of two families differ, and are in no order. */
function compileAddressOrdering(operator: OrderingOperator, constant: Address): ValueTest {
  const holds = compileOrdering(operator, 0);
  return (value) => {
    const address = value as Address;
    return address.family === constant.family ? holds(compareAddresses(address, constant)) : operator === '!=';
  };
}

function compilePattern(source: string, pattern: string, span: Span): ValueTest {
  try {
    const { test } = compileRegex(pattern);
    return test as ValueTest;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw new RuleError(
      PATTERN_CODES[error.problem],
      source,
      placeOf(source, pattern, span, error.at),
      error.message,
      error.hint,
    );
  }
}

/** The place in a pattern as one of the source, if the source contains the pattern as it is. */
function placeOf(source: string, pattern: string, span: Span, at: number): Span {
  const start = source.slice(span.start, span.end).indexOf(pattern);
  return start === -1 || pattern === '' ? span : { start: span.start + start + at, end: span.start + start + at + 1 };
}
