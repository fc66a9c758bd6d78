// What is wrong with a rule and where: line, column, and the line itself with carets below.

import { CredveilError, shareInstances } from '../../../protocol/errors.ts';
import { shownSource } from './shown-source.ts';

/** Offsets into the source of a rule: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type RuleErrorCode =
  | 'RULE_EMPTY'
  | 'RULE_TOO_LONG'
  | 'RULE_TOO_DEEP'
  | 'EXPRESSION_EXPECTED'
  | 'OPERATOR_EXPECTED'
  | 'LITERAL_EXPECTED'
  | 'INDEX_EXPECTED'
  | 'TOKEN_EXPECTED'
  | 'TEXT_LEFT'
  | 'STRING_UNTERMINATED'
  | 'STRING_ESCAPE'
  | 'STRING_HASHES'
  | 'LITERAL_MALFORMED'
  | 'INTEGER_RANGE'
  | 'RANGE_ORDER'
  | 'NETWORK_HOST_BITS'
  | 'SET_EMPTY'
  | 'LIST_NAME'
  | 'NOT_SUPPORTED'
  | 'FIELD_UNKNOWN'
  | 'FUNCTION_UNKNOWN'
  | 'TYPE_MISMATCH'
  | 'OPERATOR_TYPE'
  | 'INDEX_TYPE'
  | 'KEY_CASE'
  | 'EACH_OUTSIDE'
  | 'EACH_NOT_FIRST'
  | 'EACH_OF_TWO'
  | 'ARGUMENT_COUNT'
  | 'ARGUMENT_TYPE'
  | 'ARGUMENT_LITERAL'
  | 'ARGUMENT_VALUE'
  | 'VALUE_IMPOSSIBLE'
  | 'PATTERN_MALFORMED'
  | 'PATTERN_NOT_SUPPORTED'
  | 'PATTERN_TOO_LARGE'
  | 'WILDCARD_MALFORMED'
  | 'FIELD_NOT_COMPUTED'
  | 'FIELD_PHASE'
  | 'FIELD_SECRET'
  | 'PLACE_UNKNOWN'
  | 'LIST_UNKNOWN'
  | 'LIST_TYPE';

/** A longer line is shown around the carets only. */
const MAX_COLUMNS = 100;

/** A rule that cannot be loaded. */
export class RuleError extends CredveilError<RuleErrorCode> {
  override name = 'RuleError';
  readonly span: Span;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The line and the carets, as two lines of text. Keys of HMAC functions are masked. */
  readonly excerpt: string;

  static {
    shareInstances(RuleError, 'RuleError');
  }

  constructor(code: RuleErrorCode, source: string, span: Span, message: string, hint: string) {
    super(code, message, hint);
    this.span = span;
    const before = source.slice(0, span.start);
    const lineStart = before.lastIndexOf('\n') + 1;
    this.line = before.split('\n').length;
    this.column = span.start - lineStart + 1;
    this.excerpt = excerptOf(shownSource(source), span, lineStart);
  }
}

function excerptOf(source: string, span: Span, lineStart: number): string {
  const lineEnd = source.indexOf('\n', lineStart);
  const line = source.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).trimEnd();
  const start = span.start - lineStart;
  const width = Math.max(1, Math.min(span.end - lineStart, line.length) - start);
  // The part of the line that is shown begins a few words before the carets.
  const from = line.length <= MAX_COLUMNS ? 0 : Math.max(0, Math.min(start - 30, line.length - MAX_COLUMNS));
  const shown = line.slice(from, from + MAX_COLUMNS);
  const carets = '^'.repeat(Math.min(width, Math.max(1, MAX_COLUMNS - (start - from))));
  return `${shown}\n${' '.repeat(start - from)}${carets}`;
}
