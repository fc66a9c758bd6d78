// Pairs of passwords as people make them: kinds of edits with weights, drawn from a real list. The
// weights are ours. They are harder than the pairs of the MIGP paper, of which ten ranked tweaks
// find half.

import { dictionary } from '@zxcvbn-ts/language-common';
import type { Random } from '../../test/support/random.ts';
import type { PasswordPair } from './similar-edits.ts';

const LIST: readonly string[] = (dictionary['passwords-common'] as readonly string[]).filter(
  (password) => password.length >= 6 && password.length <= 16 && /^[\x21-\x7e]+$/.test(password),
);
const LEET: { readonly [letter: string]: string } = { a: '@', e: '3', i: '1', o: '0', s: '$', t: '7' };

type Edit = (random: Random) => readonly [string, string];

const any = (random: Random): string => random.pick(LIST);
const word = (random: Random): string => any(random).replace(/[^a-zA-Z]+$/, '') || any(random);
const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const digits = (random: Random, count: number): string => String(random.below(10 ** count)).padStart(count, '0');
/** Turns half of the pairs around. */
const eitherWay = (random: Random, a: string, b: string): readonly [string, string] =>
  random.below(2) === 0 ? [a, b] : [b, a];

const upper = (text: string): string => text.toUpperCase();
const popular = (random: Random): string => LIST[random.below(1 + random.below(200))] as string;
const edited = (base: string, edit: (base: string) => readonly [string, string]): readonly [string, string] =>
  edit(base);
const withSymbol = (base: string, symbol: string, number: string): readonly [string, string] => [
  base + number,
  base + symbol + number,
];
const movedDigits = (base: string, number: string): readonly [string, string] => [base + number, number + base];

const HEADS = ['1', '0', 'a', 'm', 'x', '!', 'my', '12', 'mr'] as const;
const SYMBOLS = ['_', '.', '-', '@', '#'] as const;

/** What people append. */
function tail(random: Random): string {
  const share = random.below(100);
  if (share < 30) return random.pick(['1', '1', '1', '2', '3', '7', '9', '0', '5']);
  if (share < 50) return digits(random, 2);
  if (share < 62) return random.pick(['123', '123', digits(random, 3), '321', '007']);
  if (share < 74) return String(1950 + random.below(75));
  if (share < 82) return random.pick(['!', '.', '@', '!!', '*']);
  if (share < 90) return random.pick(['a', 's', 'x', 'z', 'e', 'y']);
  return random.pick(['1!', '1234', 'abc', '2k', '@1', 'me']);
}

function leet(random: Random, text: string): string {
  const letters = Object.keys(LEET).filter((letter) => text.includes(letter));
  if (letters.length === 0) return `${text}1`;
  const letter = random.pick(letters);
  return text.replaceAll(letter, LEET[letter] as string);
}

function insert(random: Random, text: string): string {
  const at = 1 + random.below(text.length - 2);
  return text.slice(0, at) + random.pick(['1', '0', '_', '.', 'a', 'e', '2']) + text.slice(at + random.below(2));
}

/** Edits with their weights. */
const EDITS: readonly (readonly [weight: number, edit: Edit])[] = [
  [24, (random) => edited(any(random), (base) => [base, base + tail(random)])],
  [24, (random) => edited(any(random), (base) => [base + tail(random), base])],
  [16, (random) => edited(word(random), (base) => [base + tail(random), base + tail(random)])],
  [9, (random) => edited(any(random).toLowerCase(), (base) => [base, random.pick([capitalized, upper])(base)])],
  [
    6,
    (random) => edited(word(random).toLowerCase(), (base) => [base + tail(random), capitalized(base) + tail(random)]),
  ],
  [6, (random) => edited(any(random), (base) => eitherWay(random, base, random.pick(HEADS) + base))],
  [4, (random) => edited(any(random).toLowerCase(), (base) => eitherWay(random, base, leet(random, base)))],
  [5, (random) => edited(any(random), (base) => eitherWay(random, base, insert(random, base)))],
  [2, (random) => edited(word(random), (base) => withSymbol(base, random.pick(SYMBOLS), digits(random, 2)))],
  [1, (random) => edited(any(random).slice(0, 7), (base) => [base, base + base])],
  [3, (random) => edited(word(random), (base) => movedDigits(base, digits(random, 2)))],
];
const WEIGHTED: readonly Edit[] = EDITS.flatMap(([weight, edit]) => Array.from({ length: weight }, () => edit));

/** Draws the leaked password of a person, and the one that they use elsewhere. */
export function drawPersonsPair(random: Random): PasswordPair {
  const [leaked, typed] = random.pick(WEIGHTED)(random);
  return { leaked, typed };
}

/** Draws two passwords of one person that are no edits of each other. */
export function drawOthersPair(random: Random): PasswordPair {
  const share = random.below(100);
  const number = digits(random, 2 + random.below(3));
  if (share < 10) return { leaked: word(random) + number, typed: word(random) + number };
  if (share < 16) {
    const start = any(random).slice(0, 4);
    return { leaked: start + any(random).slice(0, 5), typed: start + any(random).slice(0, 4) };
  }
  if (share < 20) return { leaked: popular(random), typed: popular(random) };
  return { leaked: any(random), typed: any(random) };
}
