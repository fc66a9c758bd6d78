// The canonical text of a rule: comparisons as signs, logic as words, strings in quotes.

import { formatAddress } from '../../addresses/address.ts';
import type { Argument, Comparison, Expression, Index, Literal, Value } from './ast.ts';
import { readPattern } from './literals.ts';
import { Scanner } from './scanner.ts';

/**
 * Contains the keys of HMAC functions: `shownSource` masks them. A rule that is parsed from this
 * text equals the one it was made from, apart from spans.
 */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'logic':
      return expression.items.map(formatExpression).join(` ${expression.operator} `);
    case 'not':
      return `not ${formatExpression(expression.item)}`;
    case 'group':
      return `(${formatExpression(expression.item)})`;
    case 'test':
      return formatValue(expression.value);
    default:
      return `${formatValue(expression.value)} ${formatRight(expression)}`;
  }
}

export function formatValue({ base, indexes }: Value): string {
  const text = base.kind === 'field' ? base.name : `${base.name}(${base.args.map(formatArgument).join(', ')})`;
  return `${text}${indexes.map(formatIndex).join('')}`;
}

export function formatLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'bytes':
      return formatBytes(literal.bytes);
    case 'int':
      return String(literal.value);
    case 'int-range':
      return `${literal.first}..${literal.last}`;
    case 'address':
      return formatAddress(literal.address);
    case 'network':
      return `${formatAddress(literal.first)}/${literal.bits}`;
    case 'address-range':
      return `${formatAddress(literal.first)}..${formatAddress(literal.last)}`;
  }
}

function formatRight(comparison: Comparison): string {
  switch (comparison.kind) {
    case 'ordering':
      return `${comparison.operator} ${formatLiteral(comparison.literal)}`;
    case 'contains':
      return `contains ${formatLiteral(comparison.literal)}`;
    case 'matches':
      return `matches ${formatPattern(comparison.pattern.pattern)}`;
    case 'wildcard':
      return `${comparison.isStrict ? 'strict ' : ''}wildcard ${formatLiteral(comparison.literal)}`;
    case 'in-set':
      return `in {${comparison.items.map(formatLiteral).join(' ')}}`;
    case 'in-list':
      return `in $${comparison.list}`;
  }
}

function formatArgument(argument: Argument): string {
  switch (argument.kind) {
    case 'value':
      return formatValue(argument);
    case 'bytes':
    case 'int':
    case 'int-range':
    case 'address':
    case 'network':
    case 'address-range':
      return formatLiteral(argument);
    default:
      return formatExpression(argument);
  }
}

function formatIndex(index: Index): string {
  return `[${index.kind === 'each' ? '*' : index.kind === 'at' ? index.position : formatBytes(index.key)}]`;
}

/** Text as it is, and `\xHH` for what is not UTF-8 or cannot be seen. */
function formatBytes(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  const isText = Buffer.from(text, 'utf8').toString('latin1') === bytes;
  const escaped = (isText ? text : bytes).replace(/["\\]/g, '\\$&');
  return isText
    ? `"${escaped.replace(/[^\P{C}]|[^\P{Z} ]/gu, (sign) => hexOf(Buffer.from(sign, 'utf8')))}"`
    : `"${escaped.replace(/[^ -~]/g, (sign) => hexOf(Buffer.from(sign, 'latin1')))}"`;
}

const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** In quotes if that reads as the same expression, else raw. */
function formatPattern(pattern: string): string {
  let quoted = '"';
  let isInClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern.charAt(at);
    if (sign === '\\') quoted += sign + pattern.charAt(++at);
    else quoted += sign === '"' && !isInClass ? '\\"' : sign;
    if (sign === '[') isInClass = true;
    if (sign === ']') isInClass = false;
  }
  quoted += '"';
  if (readsAs(quoted, pattern)) return quoted;
  const runs = [...pattern.matchAll(/"(#*)/g)].map(([, run = '']) => run.length + 1);
  const hashes = '#'.repeat(Math.max(0, ...runs));
  return `r${hashes}"${pattern}"${hashes}`;
}

function readsAs(quoted: string, pattern: string): boolean {
  const scanner = new Scanner(quoted);
  try {
    return readPattern(scanner).pattern === pattern && scanner.isAtEnd;
  } catch {
    return false;
  }
}
