// Reads operators and their right sides, which are literals, sets or lists.

import type { BytesLiteral, Comparison, InList, InSet, Literal, Value } from './ast.ts';
import { readBytes, readPattern, readWord, startsString } from './literals.ts';
import type { Scanner } from './scanner.ts';

/** A sign that begins another stands behind it. */
const ORDERING = [
  ['==', 'eq'],
  ['!=', 'ne'],
  ['<=', 'le'],
  ['>=', 'ge'],
  ['<', 'lt'],
  ['>', 'gt'],
] as const;

/**
 * Reads what follows a value.
 * @returns undefined if the value stands by itself
 */
export function readComparison(scanner: Scanner, value: Value): Comparison | undefined {
  scanner.skipSpace();
  const start = scanner.at;
  const right = readRight(scanner, value);
  if (!right) {
    assertNoOperator(scanner, value);
    return undefined;
  }
  const [operatorEnd, comparison] = right;
  return {
    ...comparison,
    value,
    operatorSpan: { start, end: operatorEnd },
    span: scanner.spanFrom(value.span.start),
  };
}

/** A comparison without its left side. */
type Right<Kind = Comparison> = Kind extends Comparison ? Omit<Kind, 'value' | 'span' | 'operatorSpan'> : never;

function readRight(scanner: Scanner, value: Value): readonly [operatorEnd: number, Right] | undefined {
  for (const [operator, word] of ORDERING)
    if (scanner.takeSign(operator) || scanner.takeWord(word))
      return [scanner.at, { kind: 'ordering', operator, literal: readLiteral(scanner, value) }];
  if (scanner.takeWord('contains'))
    return [scanner.at, { kind: 'contains', literal: readString(scanner, '`contains`') }];
  if (scanner.takeWord('matches') || scanner.takeSign('~')) {
    const end = scanner.at;
    expectString(scanner, '`matches`');
    return [end, { kind: 'matches', pattern: readPattern(scanner) }];
  }
  const isStrict = scanner.takeWord('strict');
  if (isStrict) scanner.skipSpace();
  if (scanner.takeWord('wildcard'))
    return [scanner.at, { kind: 'wildcard', isStrict, literal: readString(scanner, '`wildcard`') }];
  if (isStrict) throw scanner.expected('TOKEN_EXPECTED', '`wildcard` behind `strict`', 'Write `strict wildcard "…"`.');
  return scanner.takeWord('in') ? [scanner.at, readMembers(scanner)] : undefined;
}

/** Refuses what follows a value and is no operator that exists. */
function assertNoOperator(scanner: Scanner, value: Value): void {
  const rest = scanner.source.slice(scanner.at, scanner.at + 2);
  const name = scanner.peekName();
  if (name === 'bitwise_and' || /^&(?!&)/.test(rest))
    throw scanner.error(
      'NOT_SUPPORTED',
      scanner.nextSpan(),
      'The operator `bitwise_and` is not supported.',
      'Compare with a set of integers: `in {1 3 5..7}`.',
    );
  if (scanner.isAtEnd || /^(?:[),]|\|\||&&|\^\^)/.test(rest) || ['and', 'or', 'xor'].includes(name)) return;
  const text = scanner.source.slice(value.span.start, value.span.end);
  throw scanner.error(
    'OPERATOR_EXPECTED',
    scanner.nextSpan(),
    `An operator is expected where ${scanner.describeNext()}.`,
    /^(?:starts|ends)_with$/.test(name)
      ? `\`${name}\` is a function: \`${name}(${text.slice(0, 60)}, "…")\`.`
      : scanner.next === '='
        ? 'Equality is written as `==` or `eq`.'
        : 'Operators are == != < <= > >= contains matches wildcard in, or `and`, `or`, `xor` between expressions.',
  );
}

function readMembers(scanner: Scanner): Right<InSet> | Right<InList> {
  scanner.skipSpace();
  const start = scanner.at;
  if (scanner.takeSign('$')) {
    const list = scanner.take(/[\w.]*/y);
    const listSpan = scanner.spanFrom(start);
    if (/^[a-z0-9_]+(?:\.[a-z0-9_]+)*$/.test(list)) return { kind: 'in-list', list, listSpan };
    throw scanner.error(
      'LIST_NAME',
      listSpan,
      `\`$${list.slice(0, 60)}\` is no name of a list.`,
      'Names have lower-case letters, digits, `_` and, between them, single dots.',
    );
  }
  if (!scanner.takeSign('{'))
    throw scanner.expected(
      'TOKEN_EXPECTED',
      'a set or a list',
      'Write `in {192.0.2.0/24 198.51.100.7}` or `in $name`.',
    );
  const items: Literal[] = [];
  for (;;) {
    scanner.skipSpace();
    if (scanner.takeSign('}')) break;
    if (scanner.isAtEnd) throw scanner.unclosed('}', 'the closing brace of a set', start);
    if (scanner.next === ',')
      throw scanner.expected('TOKEN_EXPECTED', 'a value or `}`', 'Separate the values of a set by spaces.');
    items.push(readLiteral(scanner));
  }
  if (items.length > 0) return { kind: 'in-set', items };
  throw scanner.error(
    'SET_EMPTY',
    scanner.spanFrom(start),
    'A set is empty.',
    'Write its values, separated by spaces.',
  );
}

function readLiteral(scanner: Scanner, left?: Value): Literal {
  scanner.skipSpace();
  if (startsString(scanner)) return readBytes(scanner);
  const isWord = /^[-\da-fA-F:]/.test(scanner.next);
  const name = scanner.peekName();
  if (isWord && (name === '' || scanner.source.charAt(scanner.at + name.length) === ':')) return readWord(scanner);
  const text = left && scanner.source.slice(left.span.start, left.span.end);
  throw scanner.expected(
    'LITERAL_EXPECTED',
    'a literal',
    text !== undefined && /^(?:true|false)$/.test(name)
      ? `A Bool stands by itself: \`${text}\` or \`not ${text}\`.`
      : 'The right side of an operator is a string in quotes, an integer or an address.',
  );
}

function readString(scanner: Scanner, operator: string): BytesLiteral {
  expectString(scanner, operator);
  return readBytes(scanner);
}

function expectString(scanner: Scanner, operator: string): void {
  scanner.skipSpace();
  if (startsString(scanner)) return;
  throw scanner.expected('LITERAL_EXPECTED', `a string behind ${operator}`, 'Write it in quotes: "…" or r"…".');
}
