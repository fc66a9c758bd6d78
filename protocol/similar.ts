// Similarity forms of a password: PROTOCOL.md §3.
//
// Both sides fold away what people vary (case, symbols, letters written as digits, a word doubled)
// and then delete what they append. Two passwords are similar if they share a form. A few entries
// cover what would take hundreds of guesses at how people change a password.

import type { NormalizedPassword } from './brands.ts';
import { MAX_SIMILAR_FORMS } from './private-input.ts';

/** Shorter forms are meaningless: half of all people would share one. */
const MIN_CODE_POINTS = 4;
/** The form without digits is longer, because it forgets more. */
const MIN_LETTERS = 5;
/** Longer runs, and those of more digits, are not letters in disguise. */
const MAX_LEET_RUN = 3;
const MAX_LEET_DIGITS = 2;
/** At the start, more digits are a number that somebody put in front. */
const MAX_FIRST_DIGITS = 1;

/** Code points, which are bytes if the text is ASCII. */
interface Points {
  readonly length: number;
  [place: number]: number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The folded text; that text without its last code point, its last two, and its first; and that
 * text without its digits. Forms that are too short are left out, and no form appears twice.
 * @returns up to MAX_SIMILAR_FORMS forms (private-input.ts) in UTF-8
 */
export function similarForms(password: NormalizedPassword): NormalizedPassword[] {
  return formsOf(fold(password)).map(encodeForm);
}

/**
 * The forms that a client asks for. Where a form is missing it asks for one more, of which no entry
 * is made: it finds passwords to which something longer was added.
 * @returns up to MAX_SIMILAR_FORMS forms in UTF-8
 */
export function askedForms(password: NormalizedPassword): NormalizedPassword[] {
  const points = fold(password);
  const forms = formsOf(points);
  const longer = withoutMore(points);
  if (forms.length < MAX_SIMILAR_FORMS && longer.length >= MIN_CODE_POINTS) forms.push(longer);
  return forms.map(encodeForm);
}

function fold(password: NormalizedPassword): number[] {
  const points = Array.from(lowerCase(text.decode(password)), (point) => point.codePointAt(0) as number);
  points.length = foldSimilar(points, points.length);
  return points;
}

function formsOf(points: readonly number[]): number[][] {
  const count = points.length;
  const forms = similarRanges(count, isOneRepeated(points)).map(([from, to]) => points.slice(from, to));
  const letters: number[] = [];
  if (copyLetters(points, count, letters) > 0) forms.push(letters);
  return forms;
}

const encodeForm = (form: readonly number[]): NormalizedPassword =>
  utf8.encode(String.fromCodePoint(...form)) as NormalizedPassword;

/** Folded text without a number of three or four digits at its end, or without its first two. */
function withoutMore(points: readonly number[]): number[] {
  const digits = points.length - 1 - points.findLastIndex((point) => !isDigit(point));
  return digits < 3 ? points.slice(2) : points.slice(0, -Math.min(digits, 4));
}

/**
 * Folds lower-case text in place: letters written as digits or symbols become letters, ASCII
 * symbols disappear, and a word written twice is written once.
 * @returns the number of code points that are left
 */
export function foldSimilar(points: Points, length: number): number {
  undoLeet(points, length);
  return undouble(points, dropSymbols(points, length));
}

/**
 * The forms of folded text of `count` code points that are parts of it, as half-open ranges.
 */
export function similarRanges(count: number, oneRepeated: boolean): readonly (readonly [from: number, to: number])[] {
  const ranges = [
    [0, count],
    [0, count - 1],
    [0, count - 2],
    [1, count],
  ] as const;
  // Only the two forms that lack one code point have the same length. They are equal if all code
  // points are.
  return ranges.filter(([from, to]) => to - from >= MIN_CODE_POINTS && !(from === 1 && oneRepeated));
}

/**
 * Copies folded text without its digits to `out`.
 * @returns the number of code points, or 0 if they are too few or equal another form
 */
export function copyLetters(points: Readonly<Points>, count: number, out: Points): number {
  let letters = 0;
  for (let at = 0; at < count; at++) {
    const point = points[at] as number;
    if (!isDigit(point)) out[letters++] = point;
  }
  const digits = count - letters;
  const endsInDigit = isDigit(points[count - 1] as number);
  const isRange =
    digits === 0 ||
    (digits === 1 && (endsInDigit || isDigit(points[0] as number))) ||
    (digits === 2 && endsInDigit && isDigit(points[count - 2] as number));
  return letters < MIN_LETTERS || isRange ? 0 : letters;
}

/** True if all of the first `count` items are equal. */
export function isOneRepeated(items: Readonly<Points>, count = items.length): boolean {
  for (let i = 1; i < count; i++) if (items[i] !== items[0]) return false;
  return true;
}

/**
 * Lower-cases each code point alone, so its neighbours do not matter: the rule for a final sigma
 * never applies.
 */
function lowerCase(nfc: string): string {
  return Array.from(nfc, (point) => point.toLowerCase())
    .join('')
    .normalize('NFC');
}

const isDigit = (point: number): boolean => point >= 0x30 && point <= 0x39;
const isLetter = (point: number): boolean => (point >= 0x61 && point <= 0x7a) || point >= 0x80;

/** Each character of the first string stands for the letter at its place in the second. */
const LEET_SYMBOLS = '@43105$7';
const LEET_LETTERS = 'aaeiosst';
/** The letter that an ASCII code point stands for; 0 for none. */
const LEET = new Uint8Array(0x80);
for (let i = 0; i < LEET_SYMBOLS.length; i++) LEET[LEET_SYMBOLS.charCodeAt(i)] = LEET_LETTERS.charCodeAt(i);

const isLeet = (point: number): boolean => point < 0x80 && LEET[point] !== 0;

/** Undoes runs before a letter, and after one or at the start: elsewhere a digit is a digit. */
function undoLeet(points: Points, length: number): void {
  for (let from = 0; from < length; from++) {
    if (!isLeet(points[from] as number)) continue;
    let to = from + 1;
    while (to < length && isLeet(points[to] as number)) to++;
    const isWithin =
      to < length && isLetter(points[to] as number) && (from === 0 || isLetter(points[from - 1] as number));
    const maxDigits = from === 0 ? MAX_FIRST_DIGITS : MAX_LEET_DIGITS;
    if (isWithin && to - from <= MAX_LEET_RUN && countDigits(points, from, to) <= maxDigits)
      for (let at = from; at < to; at++) points[at] = LEET[points[at] as number] as number;
    from = to;
  }
}

function countDigits(points: Points, from: number, to: number): number {
  let digits = 0;
  for (let at = from; at < to; at++) if (isDigit(points[at] as number)) digits++;
  return digits;
}

/** ASCII only, so that the result does not depend on a version of Unicode. */
const isSymbol = (point: number): boolean => point < 0x7f && point >= 0x20 && !isDigit(point) && !isLetter(point);

/** Keeps the symbols if little else would be left. */
function dropSymbols(points: Points, length: number): number {
  let symbols = 0;
  for (let at = 0; at < length; at++) if (isSymbol(points[at] as number)) symbols++;
  if (length - symbols < MIN_CODE_POINTS) return length;
  let kept = 0;
  for (let at = 0; at < length; at++) if (!isSymbol(points[at] as number)) points[kept++] = points[at] as number;
  return kept;
}

function undouble(points: Points, count: number): number {
  const half = count / 2;
  if (half < MIN_CODE_POINTS || !Number.isInteger(half)) return count;
  for (let at = 0; at < half; at++) if (points[at] !== points[half + at]) return count;
  return half;
}
