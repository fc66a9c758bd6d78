// The edits by which people change a password, by kind, and pairs of unrelated passwords.

import { dictionary } from '@zxcvbn-ts/language-common';
import type { Random } from '../../test/support/random.ts';

/** A leaked password, and the one that its owner types elsewhere. */
export interface PasswordPair {
  readonly leaked: string;
  readonly typed: string;
}

const COMMON: readonly string[] = (dictionary['passwords-common'] as readonly string[]).filter(
  (password) => password.length >= 6 && password.length <= 14 && /^[\x21-\x7e]+$/.test(password),
);
const WORDS = COMMON.filter((password) => /^[a-z]{5,10}$/.test(password));
/**
 * Common suffixes, the most popular repeated. Their shares are a guess; the kinds below are
 * unweighted.
 */
const SYMBOLS = ['!', '!', '!', '!', '.', '.', '?', '@', '#', '*', '$', '_'] as const;
const DIGITS = ['1', '1', '1', '1', '2', '2', '3', '3', '4', '5', '6', '7', '8', '9', '0'] as const;
const LEET: { readonly [letter: string]: string } = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };

const digits = (random: Random, count: number): string => String(random.below(10 ** count)).padStart(count, '0');
const year = (random: Random): number => 1960 + random.below(66);
const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const toggled = (text: string): string =>
  text.charAt(0) === text.charAt(0).toLowerCase() ? capitalized(text) : text.charAt(0).toLowerCase() + text.slice(1);

/** A word with a suffix, for edits of the suffix. */
function decorated(random: Random, tail: string): string {
  const word = random.pick(WORDS);
  return (random.below(2) === 0 ? word : capitalized(word)) + tail;
}

/** Any password of the list, or a decorated word: leaks contain both. */
function anyPassword(random: Random): string {
  const tail = random.pick(['', digits(random, 1), digits(random, 2), `${year(random)}`, random.pick(SYMBOLS)]);
  return random.below(2) === 0 ? random.pick(COMMON) : decorated(random, tail);
}

/** A password of the list, which is sorted by frequency: rank r has weight 1/r. */
function favourite(random: Random): string {
  const rank = Math.floor(COMMON.length ** (random.next() / 2 ** 32));
  return COMMON[rank - 1] ?? '';
}

function leet(word: string): string {
  return word.replace(/[aeiost]/g, (letter) => LEET[letter] ?? letter);
}

type MakePair = (random: Random) => PasswordPair;
const fromAny =
  (edit: (password: string, random: Random) => string): MakePair =>
  (random) => {
    const leaked = anyPassword(random);
    return { leaked, typed: edit(leaked, random) };
  };
const withTails =
  (tails: (random: Random) => readonly [leaked: string, typed: string]): MakePair =>
  (random) => {
    const word = decorated(random, '');
    const [leaked, typed] = tails(random);
    return { leaked: word + leaked, typed: word + typed };
  };

/** Similar pairs by kind. Each edit leads from the leaked password to the typed one. */
export const SIMILAR_EDITS: { readonly [kind: string]: MakePair } = {
  'case of the first letter': fromAny(toggled),
  'all in the other case': fromAny((password) =>
    password === password.toUpperCase() ? password.toLowerCase() : password.toUpperCase(),
  ),
  'a digit appended': fromAny((password, random) => password + random.pick(DIGITS)),
  'two digits appended': fromAny((password, random) => password + digits(random, 2)),
  'three digits appended': fromAny((password, random) => password + digits(random, 3)),
  'the last character dropped': fromAny((password) => password.slice(0, -1)),
  'the last two dropped': fromAny((password) => password.slice(0, -2)),
  'a digit incremented': withTails((random) => {
    const digit = random.below(9);
    return [`${digit}`, `${digit + 1}`];
  }),
  'two digits replaced': withTails((random) => [digits(random, 2), digits(random, 2)]),
  'a year appended': fromAny((password, random) => `${password}${year(random)}`),
  'a year moved by 1 to 3': withTails((random) => {
    const from = year(random);
    return [`${from}`, `${from + 1 + random.below(3)}`];
  }),
  'a symbol appended': fromAny((password, random) => password + random.pick(SYMBOLS)),
  'a symbol replaced': withTails((random) => [random.pick(SYMBOLS), random.pick(SYMBOLS)]),
  'a digit and a symbol appended': fromAny((password, random) => password + random.pick(DIGITS) + random.pick(SYMBOLS)),
  'capital and digit': (random) => {
    const leaked = random.pick(WORDS);
    return { leaked, typed: capitalized(leaked) + random.pick(DIGITS) };
  },
  leet: (random) => {
    const leaked = decorated(random, '');
    return { leaked, typed: leet(leaked) };
  },
  'doubled word': (random) => {
    const leaked = random.pick(WORDS);
    return { leaked, typed: leaked + leaked };
  },
  'a character prepended': fromAny((password, random) => random.pick(['1', '0', 'x', 'my', ...SYMBOLS]) + password),
  'the first character dropped': fromAny((password) => password.slice(1)),
  'the first character replaced': fromAny((password, random) => random.pick(WORDS).charAt(0) + password.slice(1)),
  'a digit inside': fromAny((password, random) => {
    const at = 1 + random.below(password.length - 2);
    return password.slice(0, at) + digits(random, 1) + password.slice(at);
  }),
};

/** Pairs by kind, drawn independently: one that is similar by chance counts as a false alarm. */
export const DISSIMILAR: { readonly [kind: string]: MakePair } = {
  'two passwords of two people': (random) => ({ leaked: anyPassword(random), typed: anyPassword(random) }),
  'two common passwords': (random) => ({ leaked: favourite(random), typed: favourite(random) }),
  'two words with the same tail': (random) => {
    const tail = `${year(random)}`;
    return { leaked: decorated(random, tail), typed: decorated(random, tail) };
  },
  'two numbers of six digits': (random) => ({ leaked: digits(random, 6), typed: digits(random, 6) }),
};

/** Redraws until the two differ. */
export function drawPair(random: Random, makePair: MakePair): PasswordPair {
  for (;;) {
    const pair = makePair(random);
    if (pair.leaked !== pair.typed) return pair;
  }
}
