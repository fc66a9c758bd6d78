// Random regular expressions in the common syntax of RE2 and Rust, and texts that provoke them.

import type { ByteSet } from '../../../../gateway/rules/regex/byte-set.ts';
import type { RegexNode } from '../../../../gateway/rules/regex/node.ts';
import type { Random } from '../../random.ts';

const ATOMS = [
  ...['a', 'b', 'ab', 'x', '0', '_', ' ', '/', '.', '\\.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\S', '\\n'],
  ...[
    '[ab]',
    '[^a]',
    '[a-c0-9]',
    '[^a-y]',
    '[[:alpha:]]',
    '[[:^digit:]x]',
    '[\\w-]',
    '[]a]',
    '[^\\s]',
    '\\x61',
    '\\x{62}',
  ],
];
const PLACES = ['^', '$', '\\b', '\\B', '\\A', '\\z'];
const REPEATS = ['*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{2,}', '{0,2}?'];
const OPENINGS = ['(', '(?:', '(?i:', '(?s:', '(?m:', '(?i-s:'];

/** @param depth how much may still be nested */
export function randomPattern(random: Random, depth: number): string {
  const sequences = Array.from({ length: 1 + (random.below(4) === 0 ? random.below(3) : 0) }, () =>
    Array.from({ length: 1 + random.below(4) }, () => randomPart(random, depth)).join(''),
  );
  return sequences.join('|');
}

function randomPart(random: Random, depth: number): string {
  if (random.below(8) === 0) return random.pick(PLACES);
  const isGroup = depth > 0 && random.below(3) === 0;
  const opening = random.below(8) === 0 ? `(?P<n${random.next()}>` : random.pick(OPENINGS);
  const atom = isGroup ? `${opening}${randomPattern(random, depth - 1)})` : random.pick(ATOMS);
  // A repetition belongs to the last character of an atom.
  return random.below(3) === 0 ? `${atom}${random.pick(REPEATS)}` : atom;
}

/** Bytes that the expression asks for, repeated, and one that may not fit behind them. */
export function provokingText(random: Random, node: RegexNode, length: number): string {
  const sets = setsOf(node);
  if (sets.length === 0) return 'a'.repeat(length);
  const byte = (): string => String.fromCharCode(memberOf(random, random.pick(sets)));
  const piece = (max: number): string => Array.from({ length: 1 + random.below(max) }, byte).join('');
  const unit = piece(3);
  const pumped = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  return `${random.below(2) === 0 ? piece(2) : ''}${pumped}${random.below(3) === 0 ? '' : random.pick(['!', '\n', '\x80', piece(2)])}`;
}

function setsOf(node: RegexNode): ByteSet[] {
  if (node.kind === 'set') return [node.set];
  if (node.kind === 'repeat') return setsOf(node.item);
  return node.kind === 'assert' ? [] : node.items.flatMap(setsOf);
}

/** An end of one of its ranges, where sets meet. */
const memberOf = (random: Random, set: ByteSet): number =>
  random.pick(random.pick(set.map(([first, last]) => [first, last])));
