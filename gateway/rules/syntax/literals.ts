// Reads literals: strings in three notations, integers, addresses, networks and ranges.

import { parseAddress } from '../../addresses/address.ts';
import { parseNetwork, parseRange } from '../../addresses/network.ts';
import type { BytesLiteral, Literal, PatternLiteral } from './ast.ts';
import type { Span } from './rule-error.ts';
import type { Scanner } from './scanner.ts';

/**
 * Integers of a request are cut to ±(2^53-1). Literals stay below that, so that every comparison
 * with a literal has the result that it has for the whole integer.
 */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER - 1;
const MAX_HASHES = 255;
const WORD = /[-\w.:/]+/y;
const HEX_BYTES = /^[\da-f]{2}(?:[-:.][\da-f]{2})+$/i;
const QUOTED_PART = /[^"\\]+/y;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|([0-3][0-7]{2})|(["\\]))/y;

export const startsString = (scanner: Scanner): boolean =>
  /^(?:"|r#*")/.test(scanner.source.slice(scanner.at, scanner.at + 300));

/** Reads `"…"`, `r"…"` or `r#"…"#`. */
export function readBytes(scanner: Scanner): BytesLiteral {
  const start = scanner.at;
  if (scanner.next === 'r') {
    const text = readRaw(scanner);
    return { kind: 'bytes', bytes: bytesOf(text), span: scanner.spanFrom(start) };
  }
  scanner.at++;
  let bytes = '';
  while (!scanner.takeSign('"')) {
    if (scanner.isAtEnd) throw unterminated(scanner, start);
    bytes += scanner.next === '\\' ? readEscape(scanner) : bytesOf(scanner.take(QUOTED_PART));
  }
  return { kind: 'bytes', bytes, span: scanner.spanFrom(start) };
}

/**
 * Reads a regular expression. In a quoted one, `\"` is a quote and every other backslash belongs to
 * the expression; a quote inside a class `[…]` does not end it.
 */
export function readPattern(scanner: Scanner): PatternLiteral {
  const start = scanner.at;
  if (scanner.next === 'r') return { kind: 'pattern', pattern: readRaw(scanner), span: scanner.spanFrom(start) };
  scanner.at++;
  let pattern = '';
  let isInClass = false;
  for (;;) {
    const sign = scanner.next;
    if (sign === '') throw unterminated(scanner, start);
    scanner.at++;
    if (sign === '"' && !isInClass) break;
    if (sign === '\\') {
      const escaped = scanner.next;
      scanner.at += escaped.length;
      pattern += escaped === '"' && !isInClass ? escaped : sign + escaped;
      continue;
    }
    if (sign === '[') isInClass = true;
    if (sign === ']') isInClass = false;
    pattern += sign;
  }
  return { kind: 'pattern', pattern, span: scanner.spanFrom(start) };
}

/** Reads an integer, an address, a network, or a range of integers or addresses. */
export function readWord(scanner: Scanner): Literal {
  const start = scanner.at;
  const text = scanner.take(WORD);
  const span = scanner.spanFrom(start);
  if (/^-?\d\w*$/.test(text)) return { kind: 'int', value: integerOf(scanner, text, span), span };
  const address = parseAddress(text);
  if (address) return { kind: 'address', address, span };
  if (text.includes('..')) return rangeOf(scanner, text, span);
  if (text.includes('/')) return networkOf(scanner, text, span);
  if (HEX_BYTES.test(text))
    throw scanner.error(
      'NOT_SUPPORTED',
      span,
      'Strings of hexadecimal bytes are not supported.',
      `Write "${text.replace(/[-:.]?([\da-f]{2})/gi, '\\x$1')}".`,
    );
  throw scanner.error(
    'LITERAL_MALFORMED',
    span,
    `\`${text.slice(0, 60)}\` is neither an integer nor an address.`,
    'Write a string in quotes, an integer as 403, or an address as 192.0.2.1 or 2001:db8::1.',
  );
}

/** UTF-8, one character a byte. */
export const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function readRaw(scanner: Scanner): string {
  const start = scanner.at;
  scanner.at++;
  const hashes = scanner.take(/#*/y);
  if (hashes.length > MAX_HASHES)
    throw scanner.error(
      'STRING_HASHES',
      scanner.spanFrom(start),
      `A raw string has ${hashes.length} number signs; the maximum is ${MAX_HASHES}.`,
      'Use fewer.',
    );
  scanner.at++;
  const end = scanner.source.indexOf(`"${hashes}`, scanner.at);
  if (end === -1) throw unterminated(scanner, start, `\`"${hashes}\``);
  const text = scanner.source.slice(scanner.at, end);
  scanner.at = end + 1 + hashes.length;
  return text;
}

function readEscape(scanner: Scanner): string {
  const start = scanner.at;
  const [text, hex, octal, sign] = matchHere(scanner, ESCAPE) ?? [];
  if (text !== undefined) {
    scanner.at += text.length;
    return sign ?? String.fromCharCode(hex === undefined ? parseInt(octal ?? '', 8) : parseInt(hex, 16));
  }
  if (start + 1 === scanner.source.length) throw unterminated(scanner, start);
  throw scanner.error(
    'STRING_ESCAPE',
    { start, end: start + 2 },
    `\`${scanner.source.slice(start, start + 2)}\` is no escape in a string.`,
    'Escapes are \\" \\\\ \\x41 and \\101. A raw string, r"…", has none.',
  );
}

function matchHere(scanner: Scanner, expression: RegExp): RegExpExecArray | null {
  expression.lastIndex = scanner.at;
  return expression.exec(scanner.source);
}

const unterminated = (scanner: Scanner, start: number, end = 'a quote') =>
  scanner.error(
    'STRING_UNTERMINATED',
    { start, end: scanner.source.length },
    'A string does not end.',
    `Close it with ${end}.`,
  );

function integerOf(scanner: Scanner, text: string, span: Span): number {
  const value = /^(?:0|-?[1-9]\d*|-0)$/.test(text)
    ? Number(text) + 0
    : /^0x[\da-f]+$/i.test(text)
      ? Number(text)
      : /^0[0-7]+$/.test(text)
        ? parseInt(text, 8)
        : Number.NaN;
  if (Number.isNaN(value))
    throw scanner.error(
      'LITERAL_MALFORMED',
      span,
      `\`${text.slice(0, 60)}\` is no integer.`,
      'Integers are decimal (403, -1), hexadecimal (0x1f) or, with a leading zero, octal (017).',
    );
  if (Math.abs(value) > MAX_INTEGER)
    throw scanner.error(
      'INTEGER_RANGE',
      span,
      'An integer is too large.',
      `The largest is ${MAX_INTEGER}, the smallest -${MAX_INTEGER}.`,
    );
  return value;
}

function rangeOf(scanner: Scanner, text: string, span: Span): Literal {
  const [before = '', after = '', ...more] = text.split('..');
  if (more.length === 0 && /^-?\d\w*$/.test(before) && /^-?\d\w*$/.test(after)) {
    const first = integerOf(scanner, before, { start: span.start, end: span.start + before.length });
    const last = integerOf(scanner, after, { start: span.end - after.length, end: span.end });
    if (first > last) throw wrongOrder(scanner, span);
    return { kind: 'int-range', first, last, span };
  }
  const range = parseRange(text);
  if (range) return { kind: 'address-range', ...range, span };
  if (parseRange(`${after}..${before}`)) throw wrongOrder(scanner, span);
  throw scanner.error(
    'LITERAL_MALFORMED',
    span,
    `\`${text.slice(0, 90)}\` is no range.`,
    'A range has two integers, or two addresses of one family: 8000..8009 or 192.0.2.1..192.0.2.9.',
  );
}

const wrongOrder = (scanner: Scanner, span: Span) =>
  scanner.error('RANGE_ORDER', span, 'A range ends before it starts.', 'Write the smaller end first.');

function networkOf(scanner: Scanner, text: string, span: Span): Literal {
  const network = parseNetwork(text);
  if (!network)
    throw scanner.error(
      'LITERAL_MALFORMED',
      span,
      `\`${text.slice(0, 60)}\` is no network.`,
      'Networks are written as 192.0.2.0/24 or 2001:db8::/32.',
    );
  if (network.hasHostBits)
    throw scanner.error(
      'NETWORK_HOST_BITS',
      span,
      'The address of a network has bits behind its prefix.',
      'Write the first address of the network, as in 192.0.2.0/24.',
    );
  return { kind: 'network', first: network.first, last: network.last, bits: network.bits, span };
}
