// Sets of bytes, as sorted ranges that do not touch.

export type Range = readonly [first: number, last: number];
export type ByteSet = readonly Range[];

export const ALL: ByteSet = [[0, 255]];

export function setOf(...ranges: readonly Range[]): ByteSet {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export const union = (...sets: readonly ByteSet[]): ByteSet => setOf(...sets.flat());

export function complement(set: ByteSet): ByteSet {
  const rest: Range[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  return next > 255 ? rest : [...rest, [next, 255]];
}

export const intersects = (a: ByteSet, b: ByteSet): boolean =>
  a.some(([first, last]) => b.some(([from, to]) => first <= to && from <= last));

/** The only byte of a set, or undefined. */
export function singleOf(set: ByteSet): number | undefined {
  const [range, ...others] = set;
  return range && others.length === 0 && range[0] === range[1] ? range[0] : undefined;
}

/** The set with both cases of each ASCII letter in it. */
export function foldCase(set: ByteSet): ByteSet {
  const folded: Range[] = [...set];
  for (const [first, last] of set) {
    for (const [from, to, shift] of [
      [0x41, 0x5a, 0x20],
      [0x61, 0x7a, -0x20],
    ] as const) {
      const start = Math.max(first, from);
      const end = Math.min(last, to);
      if (start <= end) folded.push([start + shift, end + shift]);
    }
  }
  return setOf(...folded);
}

const range = (from: string, to: string): Range => [from.charCodeAt(0), to.charCodeAt(0)];
const of = (text: string): ByteSet => setOf(...[...text].map((sign) => range(sign, sign)));

const DIGIT = setOf(range('0', '9'));
const LOWER = setOf(range('a', 'z'));
const UPPER = setOf(range('A', 'Z'));
const ALPHA = union(LOWER, UPPER);
const WORD = union(ALPHA, DIGIT, of('_'));
const SPACE = of('\t\n\v\f\r ');
const GRAPH = setOf(range('!', '~'));
const ALNUM = union(ALPHA, DIGIT);

/** `\d` and the like. An upper-case letter means the complement. */
export const PERL: { readonly [letter: string]: ByteSet } = { d: DIGIT, w: WORD, s: SPACE };

/** `[:alpha:]` and the like, of ASCII. */
export const POSIX: { readonly [name: string]: ByteSet } = {
  alnum: ALNUM,
  alpha: ALPHA,
  ascii: setOf([0, 0x7f]),
  blank: of('\t '),
  cntrl: setOf([0, 0x1f], [0x7f, 0x7f]),
  digit: DIGIT,
  graph: GRAPH,
  lower: LOWER,
  print: union(GRAPH, of(' ')),
  punct: setOf(range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')),
  space: SPACE,
  upper: UPPER,
  word: WORD,
  xdigit: setOf(range('0', '9'), range('a', 'f'), range('A', 'F')),
};
