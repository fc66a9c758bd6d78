// Variants of a leaked password that people make of it when they must choose another: guesses, in
// the order of their likelihood.

/** About as many as a password has. */
export const USUAL_VARIANTS = 20;
const MAX_VARIANTS = 24;
const MIN_LENGTH = 4;
/** What is appended most. */
const SUFFIXES = ['1', '!', '123', '2', '12', '.', '?', '*', '@', '01'];

/** The number at the end, raised by one: `Summer09` becomes `Summer10`. */
function raised(text: string): string | undefined {
  const [, start = '', digits = '', symbols = ''] = /^(.*?)(\d{1,6})([^\p{L}\p{N}]{0,2})$/su.exec(text) ?? [];
  if (digits === '') return undefined;
  return `${start}${String(Number(digits) + 1).padStart(digits.length, '0')}${symbols}`;
}

const points = (text: string): string[] => Array.from(text);

function capitalized(text: string): string {
  const [first = '', ...rest] = points(text);
  return first.toUpperCase() + rest.join('');
}

function uncapitalized(text: string): string {
  const [first = '', ...rest] = points(text);
  return first.toLowerCase() + rest.join('');
}

/**
 * Another case, a number raised, something appended, the end left off, and the word alone.
 * @returns none of a short text, and never the text itself
 */
export function variantsOf(text: string): string[] {
  if (points(text).length < MIN_LENGTH) return [];
  const word = text.replace(/[^\p{L}]+$/u, '');
  const made = [
    capitalized(text),
    uncapitalized(text),
    text.toLowerCase(),
    raised(text),
    ...SUFFIXES.map((suffix) => text + suffix),
    points(text).slice(0, -1).join(''),
    points(text).slice(0, -2).join(''),
    word,
    `${word}1`,
    `${word}!`,
    `${word}123`,
    capitalized(word),
    text.toUpperCase(),
  ];
  const variants = new Set(made.filter((variant) => variant !== undefined && points(variant).length >= MIN_LENGTH));
  variants.delete(text);
  return [...variants].slice(0, MAX_VARIANTS) as string[];
}
