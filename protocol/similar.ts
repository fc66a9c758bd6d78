// Similarity forms of a password: PROTOCOL.md §3.
//
// Symmetric deletion, as in spelling correctors: both sides delete characters, and two passwords
// are similar if they share a form. A few entries cover what would take hundreds of guesses at how
// people change a password.

import type { NormalizedPassword } from './brands.ts';

/** Maximum number of forms of a password. */
export const MAX_SIMILAR_FORMS = 4;
/** Shorter forms are meaningless: half of all people would share one. */
const MIN_CODE_POINTS = 4;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The lower-case text, and that text without its last code point, its last two, and its first.
 * Forms of fewer than four code points are left out, and no form appears twice.
 * @returns up to MAX_SIMILAR_FORMS forms in UTF-8
 */
export function similarForms(password: NormalizedPassword): NormalizedPassword[] {
  const points = Array.from(lowerCase(text.decode(password)));
  const count = points.length;
  const forms: NormalizedPassword[] = [];
  for (const [from, to] of similarRanges(count, isOneRepeated(points)))
    forms.push(utf8.encode(points.slice(from, to).join('')) as NormalizedPassword);
  return forms;
}

/** The forms of a lower-case text of `count` code points, as half-open ranges of code points. */
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
 * Lower-cases each code point alone, so its neighbours do not matter: the rule for a final sigma
 * never applies.
 */
function lowerCase(nfc: string): string {
  return Array.from(nfc, (point) => point.toLowerCase())
    .join('')
    .normalize('NFC');
}

/** True if all items are equal. */
export function isOneRepeated(items: ArrayLike<unknown>): boolean {
  for (let i = 1; i < items.length; i++) if (items[i] !== items[0]) return false;
  return true;
}
