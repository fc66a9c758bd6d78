// The source of a rule and a position in it. The parser asks for what it expects next.

import { RuleError, type RuleErrorCode, type Span } from './rule-error.ts';
import { shownSource } from './shown-source.ts';

const SPACE = /[ \t\r\n]*/y;
const NAME = /[A-Za-z_][\w.]*/y;

export class Scanner {
  readonly source: string;
  /** The offset of the next character. */
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  get isAtEnd(): boolean {
    return this.at === this.source.length;
  }

  /** The next character, or an empty text at the end. */
  get next(): string {
    return this.source.charAt(this.at);
  }

  skipSpace(): void {
    this.take(SPACE);
  }

  /** Takes what a sticky expression matches here: an empty text if it does not. */
  take(expression: RegExp): string {
    expression.lastIndex = this.at;
    const [text = ''] = expression.exec(this.source) ?? [];
    this.at += text.length;
    return text;
  }

  /** Takes a sign such as `(` if it is next. */
  takeSign(sign: string): boolean {
    if (!this.source.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  takeName(): string {
    return this.take(NAME);
  }

  /** Takes a keyword if it is next. `notssl` does not begin with `not`. */
  takeWord(word: string): boolean {
    if (this.peekName() !== word) return false;
    this.at += word.length;
    return true;
  }

  peekName(): string {
    const before = this.at;
    const name = this.takeName();
    this.at = before;
    return name;
  }

  spanFrom(start: number): Span {
    return { start, end: this.at };
  }

  /** The next word or sign, for an error that points to it. */
  nextSpan(): Span {
    const before = this.at;
    const text = this.take(/[\w.$]+|[=!<>]+|\S/y);
    this.at = before;
    return { start: before, end: before + Math.max(1, text.length) };
  }

  error(code: RuleErrorCode, span: Span, message: string, hint: string): RuleError {
    return new RuleError(code, this.source, span, message, hint);
  }

  /** What is expected at the position, where something else stands. */
  expected(code: RuleErrorCode, what: string, hint: string): RuleError {
    this.skipSpace();
    return this.error(code, this.nextSpan(), `Where ${this.describeNext()}, ${what} is expected.`, hint);
  }

  /** The rule ends, and what was opened at an offset is not closed. */
  unclosed(sign: string, what: string, open: number): RuleError {
    const span = { start: open, end: open + 1 };
    return this.error(
      'TOKEN_EXPECTED',
      span,
      `The rule ends, and ${what} is missing.`,
      `Write \`${sign}\` where it belongs.`,
    );
  }

  /** Takes a sign that closes or separates what was opened at an offset. */
  expectSign(sign: string, what: string, open: number): void {
    this.skipSpace();
    if (this.takeSign(sign)) return;
    if (this.isAtEnd) throw this.unclosed(sign, what, open);
    throw this.expected('TOKEN_EXPECTED', what, `Write \`${sign}\`, or remove what stands here.`);
  }

  /** Names what stands at the position, for a message. */
  describeNext(): string {
    const { start, end } = this.nextSpan();
    if (this.isAtEnd) return 'the rule ends';
    return `\`${shownSource(this.source).slice(start, Math.min(end, start + 40))}\` stands`;
  }
}
