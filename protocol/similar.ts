// Similarity forms of a password: PROTOCOL.md §3.
//
// Symmetric deletion, as spelling correctors do it: both sides delete, and two passwords are similar where they have a
// form in common. So a few entries find what would take hundreds of guesses at how people change a password.

import type { NormalizedPassword } from './brands.ts';

/** No password has more forms. */
export const MAX_SIMILAR_FORMS = 4;
/** A form of fewer code points says too little: half of all people would be similar. */
const MIN_CODE_POINTS = 4;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The lower-case text, that without its last code point, without its last two, and without its first: each that has
 * four code points or more, and each once. UTF-8.
 */
export function similarForms(password: NormalizedPassword): NormalizedPassword[] {
  const points = Array.from(lowerCase(text.decode(password)));
  const count = points.length;
  const forms: NormalizedPassword[] = [];
  for (const [from, to] of similarRanges(count, isOneRepeated(points)))
    forms.push(utf8.encode(points.slice(from, to).join('')) as NormalizedPassword);
  return forms;
}

/** Where the forms of a lower-case text lie in it: [from, to) in code points. */
export function similarRanges(count: number, oneRepeated: boolean): readonly (readonly [from: number, to: number])[] {
  const ranges = [
    [0, count],
    [0, count - 1],
    [0, count - 2],
    [1, count],
  ] as const;
  // Lengths differ but for the two that lack one code point: these are equal where all code points are.
  return ranges.filter(([from, to]) => to - from >= MIN_CODE_POINTS && !(from === 1 && oneRepeated));
}

/** Each code point on its own, so that what follows it changes nothing: the rule for a final sigma does not apply. */
function lowerCase(nfc: string): string {
  return Array.from(nfc, (point) => point.toLowerCase())
    .join('')
    .normalize('NFC');
}

/** Whether all items are the same. */
export function isOneRepeated(items: ArrayLike<unknown>): boolean {
  for (let i = 1; i < items.length; i++) if (items[i] !== items[0]) return false;
  return true;
}
