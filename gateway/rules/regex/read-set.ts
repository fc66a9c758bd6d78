// Reads the parts of a regular expression that stand for one byte: escapes and classes.

import { type ByteSet, complement, foldCase, PERL, POSIX, setOf, union } from './byte-set.ts';

const CONTROLS: { readonly [letter: string]: number } = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

export type RegexProblem = 'malformed' | 'not supported' | 'too large';

export class RegexError extends Error {
  readonly problem: RegexProblem;
  /** An offset into the expression. */
  readonly at: number;
  readonly hint: string;

  constructor(problem: RegexProblem, at: number, message: string, hint: string) {
    super(message);
    this.problem = problem;
    this.at = at;
    this.hint = hint;
  }
}

export interface Flags {
  readonly isCaseless: boolean;
  readonly isMultiline: boolean;
  readonly isDotAll: boolean;
}

/** An expression and a position in it. */
export class SetReader {
  readonly pattern: string;
  at = 0;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  takeEscapedSet(flags: Flags): ByteSet {
    const perl = this.match(/\\([dDwWsS])/y)?.[1];
    if (perl === undefined) return folded(this.#takeEscapedByte(), flags);
    this.at += 2;
    const set = PERL[perl.toLowerCase()] as ByteSet;
    return perl === perl.toLowerCase() ? set : complement(set);
  }

  #takeEscapedByte(): number {
    const start = this.at;
    const [text, hex, braced, letter, sign] =
      this.match(/\\(?:x([\da-fA-F]{2})|x\{([\da-fA-F]{1,6})\}|([afnrtv])|([^A-Za-z0-9]))/y) ?? [];
    if (text === undefined) throw this.#unknownEscape(start);
    const code = hex ?? braced;
    const byte =
      code !== undefined ? parseInt(code, 16) : letter !== undefined ? CONTROLS[letter] : byteOf(sign as string);
    if (byte === undefined || byte > 255)
      throw new RegexError(
        'not supported',
        start,
        'A code is above 255.',
        'Expressions match bytes: write those of UTF-8.',
      );
    this.at += text.length;
    return byte;
  }

  #unknownEscape(start: number): RegexError {
    const letter = this.pattern.charAt(start + 1);
    if (/[1-9k]/.test(letter))
      return new RegexError(
        'not supported',
        start,
        'Back-references need backtracking, and are not supported.',
        'Compare both parts with literals.',
      );
    if (/[pP]/.test(letter))
      return new RegexError(
        'not supported',
        start,
        'Classes of Unicode are not supported.',
        'Expressions match bytes: write ranges of them, as in [\\x80-\\xff].',
      );
    return this.malformed(start, letter === '' ? 'A backslash escapes nothing.' : 'An escape is unknown.');
  }

  /** Takes `[…]`. */
  takeClass(flags: Flags): ByteSet {
    const start = this.at;
    this.at++;
    const isNegated = this.next() === '^';
    if (isNegated) this.at++;
    const parts: ByteSet[] = [];
    for (let isFirst = true; isFirst || this.next() !== ']'; isFirst = false) {
      if (this.next() === '') throw this.malformed(start, 'A class does not end.');
      parts.push(this.#takeMember(isFirst, flags));
    }
    this.at++;
    const set = isNegated ? complement(union(...parts)) : union(...parts);
    if (set.length === 0) throw this.malformed(start, 'A class contains no byte.');
    return set;
  }

  #takeMember(isFirst: boolean, flags: Flags): ByteSet {
    const start = this.at;
    const [posix, not, name = ''] = this.match(/\[:(\^?)(\w+):\]/y) ?? [];
    if (posix !== undefined) {
      const set = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
      if (!set) throw this.malformed(start, 'A named class is unknown.');
      this.at += posix.length;
      const named = flags.isCaseless ? foldCase(set) : set;
      return not === '^' ? complement(named) : named;
    }
    const two = this.pattern.slice(start, start + 2);
    if (two.startsWith('[') || two === '&&' || two === '~~' || two === '--') throw this.#nested(start);
    if (/^\\[dDwWsS]/.test(two)) return this.takeEscapedSet(flags);
    const first = this.#takeClassByte();
    if (this.pattern.startsWith('--', this.at)) throw this.#nested(this.at);
    const isRange = this.next() === '-' && !/^(?:\]|$)/.test(this.pattern.slice(this.at + 1, this.at + 2));
    if (!isRange) {
      if (two.startsWith('-') && !isFirst && this.next() !== ']')
        throw this.malformed(start, 'A minus stands between members of a class.');
      return folded(first, flags);
    }
    this.at++;
    if (/^(?:\[|\\[dDwWsS])/.test(this.pattern.slice(this.at, this.at + 2)))
      throw this.malformed(start, 'A range ends with a class.');
    const last = this.#takeClassByte();
    if (first > last) throw this.malformed(start, 'A range ends before it starts.');
    return flags.isCaseless ? foldCase(setOf([first, last])) : setOf([first, last]);
  }

  #nested(at: number): RegexError {
    return new RegexError(
      'not supported',
      at,
      'Classes inside of classes are not supported.',
      'Escape the sign with a backslash if it is meant as itself.',
    );
  }

  #takeClassByte(): number {
    const sign = this.next();
    if (sign === '\\') return this.#takeEscapedByte();
    this.at++;
    return byteOf(sign);
  }

  /** The next character, or an empty text at the end. */
  next(): string {
    return this.pattern.charAt(this.at);
  }

  match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    return expression.exec(this.pattern);
  }

  malformed(at: number, message: string): RegexError {
    return new RegexError('malformed', at, message, 'A sign that is meant as itself has a backslash before it.');
  }
}

export const byteOf = (sign: string): number => sign.charCodeAt(0);
export const folded = (byte: number, { isCaseless }: Flags): ByteSet =>
  isCaseless ? foldCase(setOf([byte, byte])) : setOf([byte, byte]);
