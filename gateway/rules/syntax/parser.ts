// Recursive descent from the source of a rule to its syntax tree. Types are checked later.

import type { Argument, Call, Expression, Index, LogicOperator, Value } from './ast.ts';
import { readComparison } from './comparison.ts';
import { readBytes, readWord, startsString } from './literals.ts';
import type { Span } from './rule-error.ts';
import { Scanner } from './scanner.ts';

export const MAX_SOURCE_LENGTH = 16_384;
/** Parentheses, negations and calls inside each other. */
export const MAX_DEPTH = 128;
const MAX_INDEX = 2 ** 32 - 1;

/** Weakest first. */
const LOGIC: readonly (readonly [LogicOperator, string])[] = [
  ['or', '||'],
  ['xor', '^^'],
  ['and', '&&'],
];

/** @throws {RuleError} */
export function parseExpression(source: string): Expression {
  const scanner = new Scanner(source);
  if (source.length > MAX_SOURCE_LENGTH)
    throw scanner.error(
      'RULE_TOO_LONG',
      { start: MAX_SOURCE_LENGTH, end: MAX_SOURCE_LENGTH + 1 },
      `A rule has ${source.length} characters; the maximum is ${MAX_SOURCE_LENGTH}.`,
      'Put its values into a list, or write two rules.',
    );
  return new Parser(scanner).parseWhole();
}

class Parser {
  readonly #scanner: Scanner;
  #depth = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  parseWhole(): Expression {
    const scanner = this.#scanner;
    scanner.skipSpace();
    if (scanner.isAtEnd)
      throw scanner.error(
        'RULE_EMPTY',
        { start: 0, end: 1 },
        'A rule is empty.',
        'Write an expression, such as `ssl`.',
      );
    const expression = this.#parseLogic(0);
    scanner.skipSpace();
    if (!scanner.isAtEnd)
      throw scanner.error(
        'TEXT_LEFT',
        scanner.nextSpan(),
        `An expression ends where ${scanner.describeNext()}.`,
        scanner.next === ')'
          ? 'Remove the parenthesis, or open one before.'
          : 'Join expressions by `and`, `or` or `xor`.',
      );
    return expression;
  }

  #parseLogic(level: number): Expression {
    const [operator, sign] = LOGIC[level] ?? [];
    if (operator === undefined || sign === undefined) return this.#parseUnary();
    const items = [this.#parseLogic(level + 1)];
    const start = items[0]?.span.start ?? 0;
    for (;;) {
      const before = this.#scanner.at;
      this.#scanner.skipSpace();
      if (!this.#scanner.takeWord(operator) && !this.#scanner.takeSign(sign)) {
        this.#scanner.at = before;
        break;
      }
      items.push(this.#parseLogic(level + 1));
    }
    const [first] = items;
    return items.length === 1 && first
      ? first
      : { kind: 'logic', operator, items, span: this.#scanner.spanFrom(start) };
  }

  #parseUnary(): Expression {
    const scanner = this.#scanner;
    scanner.skipSpace();
    const start = scanner.at;
    if (scanner.takeWord('not') || scanner.takeSign('!')) {
      const item = this.#nested(start, () => this.#parseUnary());
      return { kind: 'not', item, span: scanner.spanFrom(start) };
    }
    if (scanner.takeSign('(')) {
      const item = this.#nested(start, () => this.#parseLogic(0));
      scanner.expectSign(')', 'a closing parenthesis', start);
      return { kind: 'group', item, span: scanner.spanFrom(start) };
    }
    return this.#parseComparison();
  }

  #parseComparison(): Expression {
    const value = this.#parseValue();
    const valueEnd = this.#scanner.at;
    const comparison = readComparison(this.#scanner, value);
    if (comparison) return comparison;
    this.#scanner.at = valueEnd;
    return { kind: 'test', value, span: value.span };
  }

  #parseValue(): Value {
    const scanner = this.#scanner;
    const start = scanner.at;
    const name = scanner.takeName();
    const nameSpan = scanner.spanFrom(start);
    if (name === '')
      throw scanner.error(
        'EXPRESSION_EXPECTED',
        scanner.nextSpan(),
        `An expression is expected where ${scanner.describeNext()}.`,
        'A comparison begins with a field or a function, such as `http.host eq "example.com"`.',
      );
    const before = scanner.at;
    scanner.skipSpace();
    const isCall = scanner.takeSign('(');
    if (!isCall) scanner.at = before;
    const base = isCall ? this.#parseCall(name, nameSpan) : ({ kind: 'field', name, span: nameSpan } as const);
    const indexes: Index[] = [];
    while (scanner.takeSign('[')) indexes.push(this.#parseIndex());
    return { kind: 'value', base, indexes, span: scanner.spanFrom(start) };
  }

  #parseCall(name: string, nameSpan: Span): Call {
    const scanner = this.#scanner;
    const open = scanner.at - 1;
    const args: Argument[] = [];
    for (;;) {
      scanner.skipSpace();
      if (scanner.isAtEnd) throw scanner.unclosed(')', 'a closing parenthesis', open);
      if (scanner.takeSign(')')) break;
      if (args.length > 0) scanner.expectSign(',', 'a comma or a closing parenthesis', open);
      args.push(this.#nested(nameSpan.start, () => this.#parseArgument()));
    }
    return { kind: 'call', name, args, span: scanner.spanFrom(nameSpan.start), nameSpan };
  }

  #parseArgument(): Argument {
    const scanner = this.#scanner;
    scanner.skipSpace();
    if (startsString(scanner)) return readBytes(scanner);
    if (/^[-\d]/.test(scanner.next)) return readWord(scanner);
    const expression = this.#parseLogic(0);
    return expression.kind === 'test' ? expression.value : expression;
  }

  /** Behind `[`. */
  #parseIndex(): Index {
    const scanner = this.#scanner;
    const open = scanner.at - 1;
    scanner.skipSpace();
    const start = scanner.at;
    const span = () => scanner.spanFrom(open);
    const close = () => scanner.expectSign(']', 'a closing bracket', open);
    if (scanner.takeSign('*')) {
      close();
      return { kind: 'each', span: span() };
    }
    if (startsString(scanner)) {
      const { bytes } = readBytes(scanner);
      close();
      return { kind: 'key', key: bytes, span: span() };
    }
    const digits = scanner.take(/-?\w+/y);
    const position = /^(?:0|[1-9]\d{0,9})$/.test(digits) ? Number(digits) : Number.POSITIVE_INFINITY;
    if (position > MAX_INDEX)
      throw scanner.error(
        'INDEX_EXPECTED',
        digits === '' ? scanner.nextSpan() : scanner.spanFrom(start),
        'An index is malformed.',
        'Indexes are a position from 0, a key in quotes, or `*` for each element.',
      );
    close();
    return { kind: 'at', position, span: span() };
  }

  #nested<Result>(start: number, parse: () => Result): Result {
    if (this.#depth === MAX_DEPTH)
      throw this.#scanner.error(
        'RULE_TOO_DEEP',
        this.#scanner.spanFrom(start),
        `A rule is nested more than ${MAX_DEPTH} deep.`,
        'Join expressions by `and` and `or` without parentheses where they are not needed.',
      );
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }
}
