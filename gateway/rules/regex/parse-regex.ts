// Reads a regular expression in the syntax that RE2 and Rust share, over bytes.
//
// What needs backtracking (look-around, back-references) is refused, and so is what the two read
// differently.

import { ALL, complement, setOf } from './byte-set.ts';
import { EMPTY, MAX_SIZE, type Place, type RegexNode, sizeOf } from './node.ts';
import { byteOf, type Flags, folded, RegexError, SetReader } from './read-set.ts';

const MAX_LENGTH = 4_096;
const MAX_REPEAT = 1_000;
const MAX_DEPTH = 100;
const PLACES: { readonly [letter: string]: Place } = {
  A: 'start',
  z: 'end',
  b: 'word boundary',
  B: 'no word boundary',
};
/** @throws {RegexError} */
export function parseRegex(pattern: string): RegexNode {
  if (pattern.length > MAX_LENGTH)
    throw new RegexError(
      'too large',
      MAX_LENGTH,
      `A regular expression has over ${MAX_LENGTH} characters.`,
      'Split it.',
    );
  const at = pattern.search(/[^ -~\t\n\r]/);
  if (at !== -1)
    throw new RegexError(
      'not supported',
      at,
      'A regular expression has a character beyond ASCII.',
      'Expressions match bytes. Write those of UTF-8: é is (?:\\xc3\\xa9).',
    );
  const node = new RegexParser(pattern).parseWhole();
  if (sizeOf(node) > MAX_SIZE)
    throw new RegexError('too large', 0, 'A regular expression is too large with its repetitions.', 'Repeat less.');
  return node;
}

class RegexParser extends SetReader {
  #depth = 0;

  parseWhole(): RegexNode {
    const node = this.#parseChoice({ isCaseless: false, isMultiline: false, isDotAll: false });
    if (this.at < this.pattern.length) throw this.malformed(this.at, 'A parenthesis is closed and was not opened.');
    return node;
  }

  /** To the end, or a parenthesis that closes. Flags set inside end with it. */
  #parseChoice(outer: Flags): RegexNode {
    let flags = outer;
    const items: RegexNode[] = [];
    let sequence: RegexNode[] = [];
    for (;;) {
      const sign = this.next();
      if (sign === '' || sign === ')') break;
      if (sign === '|') {
        this.at++;
        items.push(sequenceOf(sequence));
        sequence = [];
        continue;
      }
      const set = this.#takeFlags(flags);
      if (set) {
        flags = set;
        continue;
      }
      sequence.push(this.#parseRepeats(this.#parseAtom(flags)));
    }
    items.push(sequenceOf(sequence));
    const [only] = items;
    return items.length === 1 && only ? only : { kind: 'choice', items };
  }

  /** `(?i)` and the like: flags for the rest of the group. */
  #takeFlags(flags: Flags): Flags | undefined {
    const [text, on, off] = this.match(/\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?\)/y) ?? [];
    if (text === undefined || (on === '' && off === undefined)) return undefined;
    const set = this.#withFlags(flags, on ?? '', off ?? '');
    this.at += text.length;
    return set;
  }

  #withFlags(flags: Flags, on: string, off: string): Flags {
    const unknown = /[^imsU]/.exec(on) ?? /[^imsUu]/.exec(off);
    if (unknown)
      throw new RegexError(
        'not supported',
        this.at,
        `The flag ${unknown[0]} of a regular expression is not supported.`,
        'Flags are i (case), m (lines), s (dot matches line feeds) and U.',
      );
    const flag = (letter: string, before: boolean) =>
      on.includes(letter) ? true : off.includes(letter) ? false : before;
    return {
      isCaseless: flag('i', flags.isCaseless),
      isMultiline: flag('m', flags.isMultiline),
      isDotAll: flag('s', flags.isDotAll),
    };
  }

  #parseAtom(flags: Flags): RegexNode {
    const start = this.at;
    const sign = this.next();
    if (sign === '(') return this.#parseGroup(flags);
    if (sign === '[') return { kind: 'set', set: this.takeClass(flags) };
    if (sign === '\\') return this.#parseEscape(flags);
    this.at++;
    if (sign === '.') return { kind: 'set', set: flags.isDotAll ? ALL : complement(setOf([10, 10])) };
    if (sign === '^') return { kind: 'assert', place: flags.isMultiline ? 'line start' : 'start' };
    if (sign === '$') return { kind: 'assert', place: flags.isMultiline ? 'line end' : 'end' };
    if (/[*+?{]/.test(sign))
      throw this.malformed(start, sign === '{' ? 'A brace repeats nothing.' : 'A repetition repeats nothing.');
    return { kind: 'set', set: folded(byteOf(sign), flags) };
  }

  #parseGroup(flags: Flags): RegexNode {
    const start = this.at;
    const opening = this.match(/\((?:\?(?:P?<[A-Za-z_]\w*>|([a-zA-Z]*)(?:-([a-zA-Z]+))?:))?/y);
    const [text = '(', on, off] = opening ?? [];
    if (text === '(' && this.pattern.charAt(start + 1) === '?')
      throw new RegexError(
        'not supported',
        start,
        'This kind of group is not supported. Look-around and conditions would need backtracking.',
        'Write two comparisons, joined by `and` or `and not`.',
      );
    const inner = on === undefined && off === undefined ? flags : this.#withFlags(flags, on ?? '', off ?? '');
    this.at += text.length;
    if (++this.#depth > MAX_DEPTH)
      throw new RegexError('too large', start, `Groups are nested more than ${MAX_DEPTH} deep.`, 'Nest less.');
    const node = this.#parseChoice(inner);
    this.#depth--;
    if (this.next() !== ')') throw this.malformed(start, 'A group does not end.');
    this.at++;
    return node;
  }

  #parseRepeats(item: RegexNode): RegexNode {
    const start = this.at;
    const [text, sign, from, comma, to] = this.match(/([*+?])\??|\{(\d+)(,?)(\d*)\}\??/y) ?? [];
    if (text === undefined) {
      if (this.next() === '{') throw this.malformed(start, 'A brace does not repeat anything.');
      return item;
    }
    this.at += text.length;
    if (/[*+?{]/.test(this.next()))
      throw new RegexError('not supported', this.at, 'A repetition is repeated.', 'Put the inner one into a group.');
    if (sign !== undefined)
      return { kind: 'repeat', item, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    const min = Number(from);
    const max = comma === '' ? min : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (min > MAX_REPEAT || (Number.isFinite(max) && max > MAX_REPEAT))
      throw new RegexError('too large', start, `A repetition is over ${MAX_REPEAT}.`, 'Repeat less.');
    if (min > max) throw this.malformed(start, 'A repetition ends before it starts.');
    return { kind: 'repeat', item, min, max };
  }

  /** Outside of a class. */
  #parseEscape(flags: Flags): RegexNode {
    const start = this.at;
    const letter = this.pattern.charAt(start + 1);
    const place = Object.hasOwn(PLACES, letter) ? PLACES[letter] : undefined;
    if (place === undefined) return { kind: 'set', set: this.takeEscapedSet(flags) };
    if (this.pattern.charAt(start + 2) === '{') throw this.malformed(start, 'An escape is unknown.');
    this.at += 2;
    return { kind: 'assert', place };
  }
}

function sequenceOf(items: readonly RegexNode[]): RegexNode {
  const [only] = items;
  return items.length === 0 ? EMPTY : items.length === 1 && only ? only : { kind: 'sequence', items };
}
