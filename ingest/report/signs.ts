// Signs that a text was misread, counted over its credentials while they are derived.
//
// Every credential at the start of a segment is looked at, then one in sixteen at random distances:
// a text that changes in its middle shows, and a long one costs little.

import { isHash } from '../formats/line-parser.ts';

/** Counts of credentials that show a sign. Plain numbers: threads and the manifest carry them. */
export interface SignCounts {
  readonly observed: number;
  readonly signs: { readonly [sign in Sign]?: number };
  /** Frequent values, as pairs of a hash and a lower bound of its count. */
  readonly usernames: Frequent;
  readonly lengths: Frequent;
}

export type Frequent = readonly (readonly [value: number, count: number])[];

export const SIGNS = [
  'urlField',
  'markup',
  'hashUsername',
  'hashPassword',
  'addressPassword',
  'addressAndMore',
  'trailingHash',
  'separatorInside',
  'numberAfterWord',
  'control',
  'padded',
  'quoted',
  'entity',
  'spacedUsername',
  'garbled',
  'addressInUsername',
] as const;
export type Sign = (typeof SIGNS)[number];

/** Observed without gaps at the start of each segment. */
const DENSE = 8192;
/** The mean distance after that. */
const STRIDE = 16;
/** Kept values of a Misra-Gries summary: one with more than a fifth of all is among them. */
const KEPT = 4;

const SCHEME = /:\/\//;
const SCHEME_NAME = /^\s*(?:https?|ftp|android|app|file|chrome)$/i;
const MARKUP = /^\s*(?:[[{<]|INSERT\s|"\s*[\w.-]+"\s*$)/i;
const ADDRESS = /^[^\s@:;,|]+@[^\s@:;,|]+\.[a-zA-Z]{2,}$/;
const ADDRESS_AND_MORE = /^[^\s@:;,|]{1,64}@[^\s@:;,|]{1,200}\.[a-zA-Z]{2,18}[:;,|\t]./;
const TRAILING_HASH = /[:;,|\t ]\*?(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})$/;
const ENTITY = /&(?:amp|lt|gt|quot|apos|#\d{1,6});/;
const SEPARATOR = /[:;,|\t]/;
const MAX_NUMBER = 12;
const NUMBER = new RegExp(`^\\d{1,${MAX_NUMBER}}$`);
/** What windows-1252 has at 0x80 to 0x9f. */
const AT_80 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
/**
 * Letters that windows-1252 makes of text in another encoding: three that no Western word has side
 * by side, as of Cyrillic; a sign or Icelandic letter behind a letter, as of Polish and Turkish;
 * the first bytes of kana.
 */
const GARBLED = new RegExp(
  `[\u00a1-\u00ff${AT_80}]{3}|[a-zA-Z\u00b3\u00b9][\u00b3\u00b6\u00b9\u00bc\u00be\u00bf\u00d0\u00d7\u00de\u00f0\u00f7\u00feŸ]|[ƒ‚].{1,2}[ƒ‚]`,
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is counted.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\ufffd]/;

/** Without one of these characters, a field shorter than a hash shows none of most signs. */
const NOTABLE_IN_USERNAME = /[^!-~]|["$,:;<[{|]/;
const NOTABLE_IN_PASSWORD = /[^!-~]|["$&,:;@|]/;
const MIN_HASH_LENGTH = 32;
/** Of what SCHEME_NAME finds. */
const MAX_SCHEME_NAME = 7;

/** What an ASCII character may be the reason for. */
const NAME_IS_NOTABLE = 1;
const PASSWORD_IS_NOTABLE = 2;
const IS_AT = 4;
const NO_DIGIT = 8;
const NO_LETTER = 16;
const ASCII_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return (
    (NOTABLE_IN_USERNAME.test(character) ? NAME_IS_NOTABLE : 0) |
    (NOTABLE_IN_PASSWORD.test(character) ? PASSWORD_IS_NOTABLE : 0) |
    (character === '@' ? IS_AT : 0) |
    (/\d/.test(character) ? 0 : NO_DIGIT) |
    (/[a-z]/i.test(character) ? 0 : NO_LETTER)
  );
});

/** Counts signs of one segment. */
export class SignCounter {
  #observed = 0;
  /** Credentials that the one being observed stands for. */
  #weight = 1;
  #distance = 0;
  #random = 1;
  readonly #signs = new Map<Sign, number>();
  readonly #usernames = new FrequentValues();
  readonly #lengths = new FrequentValues();
  readonly #seed: number;

  /** @param seed secret, so that the manifest's hashes of usernames show nothing */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Whether the next credential is to be observed. */
  get isDue(): boolean {
    if (this.#observed < DENSE) return true;
    this.#weight = STRIDE;
    if (--this.#distance > 0) return false;
    // xorshift32
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    this.#distance = 1 + ((x >>> 8) % (2 * STRIDE - 1));
    return true;
  }

  /**
   * Observes a credential of plain ASCII in `bytes`, as `observe` would, and mostly without making
   * it text.
   * @param uFrom negative if there is no username
   */
  observeAscii(bytes: Uint8Array, uFrom: number, uTo: number, pFrom: number, pTo: number): void {
    const length = pTo - pFrom;
    const name = uFrom < 0 ? 0 : kindsOf(bytes, uFrom, uTo);
    const password = kindsOf(bytes, pFrom, pTo);
    const isScheme = uFrom >= 0 && uTo - uFrom <= MAX_SCHEME_NAME && (name & NO_LETTER) === 0;
    const isLong = length >= MIN_HASH_LENGTH || (uFrom >= 0 && uTo - uFrom >= MIN_HASH_LENGTH);
    if (isScheme || isLong || name & NAME_IS_NOTABLE || password & PASSWORD_IS_NOTABLE) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      this.observe(uFrom < 0 ? undefined : text.toString('latin1', uFrom, uTo), text.toString('latin1', pFrom, pTo));
      return;
    }
    this.#observed += this.#weight;
    this.#lengths.add(length, this.#weight);
    if (uFrom < 0) return;
    this.#usernames.add(hashOfAscii(bytes, uFrom, uTo, this.#seed), this.#weight);
    const isNumber = length >= 1 && length <= MAX_NUMBER && (password & NO_DIGIT) === 0;
    this.#count('numberAfterWord', isNumber && (name & IS_AT) === 0);
  }

  observe(username: string | undefined, password: string): void {
    this.#observed += this.#weight;
    this.#lengths.add(password.length, this.#weight);
    this.#count('urlField', SCHEME.test(password) || (username !== undefined && SCHEME_NAME.test(username)));
    if (username !== undefined) {
      this.#usernames.add(hashOf(username, this.#seed), this.#weight);
      this.#count('numberAfterWord', NUMBER.test(password) && !username.includes('@'));
    }
    const isNotableName = username !== undefined && isNotable(username, NOTABLE_IN_USERNAME);
    const isNotablePassword = isNotable(password, NOTABLE_IN_PASSWORD);
    if (isNotableName) this.#observeUsername(username);
    if (isNotablePassword) this.#observePassword(password);
    if (!isNotableName && !isNotablePassword) return;
    this.#count('control', CONTROL.test(password) || (username !== undefined && CONTROL.test(username)));
    this.#count('garbled', GARBLED.test(password) || (username !== undefined && GARBLED.test(username)));
  }

  #observeUsername(username: string): void {
    this.#count('hashUsername', isHash(username));
    this.#count('markup', MARKUP.test(username));
    this.#count('addressInUsername', ADDRESS_AND_MORE.test(username));
    this.#count('spacedUsername', username.trim().includes(' '));
  }

  #observePassword(password: string): void {
    this.#count('hashPassword', isHash(password));
    this.#count('addressPassword', ADDRESS.test(password));
    this.#count('addressAndMore', ADDRESS_AND_MORE.test(password));
    this.#count('trailingHash', TRAILING_HASH.test(password));
    this.#count('separatorInside', SEPARATOR.test(password));
    this.#count('padded', password !== password.trim());
    this.#count('quoted', password.length > 1 && password.startsWith('"') && password.endsWith('"'));
    this.#count('entity', ENTITY.test(password));
  }

  #count(sign: Sign, shows: boolean): void {
    if (shows) this.#signs.set(sign, (this.#signs.get(sign) ?? 0) + this.#weight);
  }

  counts(): SignCounts {
    return {
      observed: this.#observed,
      signs: Object.fromEntries(this.#signs),
      usernames: this.#usernames.entries(),
      lengths: this.#lengths.entries(),
    };
  }
}

function kindsOf(bytes: Uint8Array, from: number, to: number): number {
  let kinds = 0;
  for (let i = from; i < to; i++) kinds |= ASCII_KINDS[bytes[i] as number] as number;
  return kinds;
}

const isNotable = (text: string, characters: RegExp): boolean =>
  text.length >= MIN_HASH_LENGTH || characters.test(text);

/** Adds up the counts of segments. */
export function addSigns(a: SignCounts | undefined, b: SignCounts): SignCounts {
  if (!a) return b;
  const signs: { [sign in Sign]?: number } = { ...a.signs };
  for (const sign of SIGNS) if (b.signs[sign]) signs[sign] = (signs[sign] ?? 0) + b.signs[sign];
  const both = (one: Frequent, other: Frequent): Frequent => {
    const values = new FrequentValues();
    for (const [value, count] of [...one, ...other]) values.add(value, count);
    return values.entries();
  };
  return {
    observed: a.observed + b.observed,
    signs,
    usernames: both(a.usernames, b.usernames),
    lengths: both(a.lengths, b.lengths),
  };
}

/** The summary of Misra and Gries (1982). */
class FrequentValues {
  readonly #values = new Uint32Array(KEPT);
  readonly #counts = new Float64Array(KEPT);
  #kept = 0;

  add(value: number, count: number): void {
    const counts = this.#counts;
    for (let i = 0; i < this.#kept; i++) {
      if (this.#values[i] !== value) continue;
      counts[i] = (counts[i] as number) + count;
      return;
    }
    const rest = this.#kept < KEPT ? count : count - this.#reduce(count);
    if (rest === 0) return;
    this.#values[this.#kept] = value;
    counts[this.#kept++] = rest;
  }

  /**
   * Takes the least of `count` and all counts from each of them, and drops the values that have
   * none left.
   * @returns what it took
   */
  #reduce(count: number): number {
    const counts = this.#counts;
    let least = count;
    for (let i = 0; i < KEPT; i++) least = Math.min(least, counts[i] as number);
    this.#kept = 0;
    for (let i = 0; i < KEPT; i++) {
      const left = (counts[i] as number) - least;
      if (left === 0) continue;
      this.#values[this.#kept] = this.#values[i] as number;
      counts[this.#kept++] = left;
    }
    return least;
  }

  entries(): Frequent {
    return Array.from({ length: this.#kept }, (_, i) => [this.#values[i] as number, this.#counts[i] as number]);
  }
}

const HASHED_LENGTH = 64;

/** FNV-1a. */
function hashOf(text: string, seed: number): number {
  let hash = seed >>> 0;
  for (let i = 0; i < text.length && i < HASHED_LENGTH; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** As `hashOf`, of bytes[from, to). */
function hashOfAscii(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = seed >>> 0;
  const end = Math.min(to, from + HASHED_LENGTH);
  for (let i = from; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}
