// Makes accounts to plant in one's own user table: made-up persons with random passwords, from the
// platform's randomness.

import { randomInt } from 'node:crypto';

export interface PlantedAccount {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

const CONSONANTS = 'bdfghklmnprstvz';
const VOWELS = 'aeiou';
const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const pick = (characters: string): string => characters[randomInt(characters.length)] as string;
const repeat = (count: number, make: () => string): string => Array.from({ length: count }, make).join('');
const word = (syllables: number): string => repeat(syllables, () => pick(CONSONANTS) + pick(VOWELS));
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** 95 bits: nobody finds it from its hash. */
const strongPassword = (): string => repeat(16, () => pick(LETTERS + DIGITS));
/** 25 bits, in the shape of people's passwords: whoever cracks stolen hashes finds it. */
const weakPassword = (): string => capital(word(3)) + repeat(2, () => pick(DIGITS));

const ID_DIGITS = 8;

/**
 * @param domain of the e-mail address
 * @param isCrackable makes a password that comes to light from a stolen hash
 */
export function createPlantedAccount(domain: string, isCrackable: boolean): PlantedAccount {
  const [first, last] = [word(2 + randomInt(2)), word(3)];
  const number = repeat(3, () => pick(DIGITS));
  return {
    id: repeat(ID_DIGITS, () => pick('0123456789abcdef')),
    username: `${first}${last}${number}`,
    email: `${first}.${last}${number}@${domain}`,
    password: isCrackable ? weakPassword() : strongPassword(),
  };
}
