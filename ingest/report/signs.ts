// Signs that a text was misread, counted over its credentials while they are derived.
//
// Every credential at the start of a segment is looked at, then one in sixteen at random distances:
// a text that changes in its middle shows, and a long one costs little.

import { FewValues, type Frequent, FrequentValues } from './frequent-values.ts';
import {
  CROSSED_AT,
  hasControl,
  isDottedNumber,
  isGarbled,
  isNotable,
  isNumber,
  isPairAlone,
  isUrlField,
  MAX_NUMBER,
  MAX_SCHEME_NAME,
  MIN_HASH_LENGTH,
  mayBeCrossedOut,
  mayBePlaceholder,
  NOTABLE_IN_PASSWORD,
  NOTABLE_IN_USERNAME,
  NOTABLE_WORDS,
  PAIR_SIGNS,
  PASSWORD_SIGNS,
  SIGNS,
  type Sign,
  USERNAME_SIGNS,
} from './sign-patterns.ts';

/** Counts of credentials that show a sign. Plain numbers: threads and the manifest carry them. */
export interface SignCounts {
  readonly observed: number;
  readonly signs: { readonly [sign in Sign]?: number };
  /** Frequent values, as pairs of a hash and a lower bound of its count. */
  readonly usernames: Frequent;
  readonly passwords: Frequent;
  readonly lengths: Frequent;
}

/** Observed without gaps at the start of each segment. */
const DENSE = 8192;
/** The mean distance after that. */
const STRIDE = 16;

/** What an ASCII character may be the reason for. */
const NAME_IS_NOTABLE = 1;
const PASSWORD_IS_NOTABLE = 2;
const IS_AT = 4;
const NO_DIGIT = 8;
const NO_LETTER = 16;
const IS_LETTER = 32;
const IS_DOT = 64;
const ASCII_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return (
    (NOTABLE_IN_USERNAME.test(character) ? NAME_IS_NOTABLE : 0) |
    (NOTABLE_IN_PASSWORD.test(character) ? PASSWORD_IS_NOTABLE : 0) |
    (character === '@' ? IS_AT : 0) |
    (/\d/.test(character) ? 0 : NO_DIGIT) |
    (/[a-z]/i.test(character) ? IS_LETTER : NO_LETTER) |
    (character === '.' ? IS_DOT : 0)
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
  readonly #passwords = new FewValues();
  readonly #lengths = new FrequentValues();
  readonly #seed: number;
  readonly #words: Words;

  /** @param seed secret, so that the manifest's hashes of usernames show nothing */
  constructor(seed: number) {
    this.#seed = seed;
    this.#words = notableWords(seed);
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
    const isDotted = (name & (IS_DOT | IS_LETTER)) === IS_DOT;
    const isCrossed = isCrossedAscii(bytes, pFrom, pTo) || (uFrom >= 0 && isCrossedAscii(bytes, uFrom, uTo));
    const isRare = name & NAME_IS_NOTABLE || password & PASSWORD_IS_NOTABLE || isDotted || isCrossed;
    const nameHash = uFrom < 0 ? 0 : hashOfAscii(bytes, uFrom, uTo, this.#seed);
    const passwordHash = hashOfAscii(bytes, pFrom, pTo, this.#seed);
    const isWord = uFrom >= 0 && (hasWord(this.#words, nameHash) || hasWord(this.#words, passwordHash));
    if (isScheme || isLong || isRare || isWord || mayBePlaceholder(length, bytes[pFrom] as number)) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      this.observe(uFrom < 0 ? undefined : text.toString('latin1', uFrom, uTo), text.toString('latin1', pFrom, pTo));
      return;
    }
    this.#observed += this.#weight;
    this.#lengths.add(length, this.#weight);
    this.#passwords.add(passwordHash, this.#weight);
    if (uFrom < 0) return;
    this.#usernames.add(nameHash, this.#weight);
    const isNumber = length >= 1 && length <= MAX_NUMBER && (password & NO_DIGIT) === 0;
    this.#count('numberAfterWord', isNumber && (name & IS_AT) === 0);
    this.#count('addressUsername', (name & IS_AT) !== 0);
  }

  observe(username: string | undefined, password: string): void {
    this.#observed += this.#weight;
    this.#lengths.add(password.length, this.#weight);
    const passwordHash = hashOf(password, this.#seed);
    this.#passwords.add(passwordHash, this.#weight);
    this.#count('urlField', isUrlField(username, password));
    let isWord = false;
    if (username !== undefined) {
      const nameHash = hashOf(username, this.#seed);
      this.#usernames.add(nameHash, this.#weight);
      this.#count('numberAfterWord', isNumber(password) && !username.includes('@'));
      this.#count('addressUsername', username.includes('@'));
      isWord = hasWord(this.#words, nameHash) || hasWord(this.#words, passwordHash);
    }
    const isNotableName =
      username !== undefined &&
      (isNotable(username, NOTABLE_IN_USERNAME) || isDottedNumber(username) || isCrossed(username));
    const isNotablePassword =
      isNotable(password, NOTABLE_IN_PASSWORD) ||
      mayBePlaceholder(password.length, password.charCodeAt(0)) ||
      isCrossed(password);
    if (isNotableName) for (const [sign, shows] of USERNAME_SIGNS) this.#count(sign, shows(username));
    if (isNotablePassword) for (const [sign, shows] of PASSWORD_SIGNS) this.#count(sign, shows(password));
    if (!isNotableName && !isNotablePassword && !isWord) return;
    if (username === undefined) this.#count('pairAlone', isPairAlone(password));
    else for (const [sign, shows] of PAIR_SIGNS) this.#count(sign, shows(username, password));
    this.#count('control', hasControl(password) || (username !== undefined && hasControl(username)));
    this.#count('garbled', isGarbled(password) || (username !== undefined && isGarbled(username)));
  }

  #count(sign: Sign, shows: boolean): void {
    if (shows) this.#signs.set(sign, (this.#signs.get(sign) ?? 0) + this.#weight);
  }

  counts(): SignCounts {
    return {
      observed: this.#observed,
      signs: Object.fromEntries(this.#signs),
      usernames: this.#usernames.entries(),
      passwords: this.#passwords.entries(),
      lengths: this.#lengths.entries(),
    };
  }
}

function kindsOf(bytes: Uint8Array, from: number, to: number): number {
  let kinds = 0;
  for (let i = from; i < to; i++) kinds |= ASCII_KINDS[bytes[i] as number] as number;
  return kinds;
}

/** Adds up the counts of segments. */
export function addSigns(a: SignCounts | undefined, b: SignCounts): SignCounts {
  if (!a) return b;
  const signs: { [sign in Sign]?: number } = { ...a.signs };
  for (const sign of SIGNS) if (b.signs[sign]) signs[sign] = (signs[sign] ?? 0) + b.signs[sign];
  const both = (one: Frequent, other: Frequent, values: FrequentValues | FewValues): Frequent => {
    for (const [value, count] of [...one, ...other]) values.add(value, count);
    return values.entries();
  };
  return {
    observed: a.observed + b.observed,
    signs,
    usernames: both(a.usernames, b.usernames, new FrequentValues()),
    passwords: both(a.passwords, b.passwords, new FewValues()),
    lengths: both(a.lengths, b.lengths, new FrequentValues()),
  };
}

const isCrossed = (text: string): boolean =>
  mayBeCrossedOut(text.charCodeAt(CROSSED_AT), text.charCodeAt(CROSSED_AT - 1), text.charCodeAt(CROSSED_AT + 1));

/** As `isCrossed`, of bytes[from, to). */
function isCrossedAscii(bytes: Uint8Array, from: number, to: number): boolean {
  const at = from + CROSSED_AT;
  if (at >= to) return false;
  return mayBeCrossedOut(
    bytes[at] as number,
    bytes[at - 1] as number,
    at + 1 < to ? (bytes[at + 1] as number) : Number.NaN,
  );
}

/** The hashes of words that are notable, and which ends of hashes they have. */
interface Words {
  readonly seed: number;
  readonly hashes: ReadonlySet<number>;
  readonly ends: Uint8Array;
}

const ENDS = 1 << 14;
/** Under the last seed. */
let words: Words | undefined;

function notableWords(seed: number): Words {
  if (words?.seed === seed) return words;
  const hashes = new Set(NOTABLE_WORDS.map((word) => hashOf(word, seed)));
  const ends = new Uint8Array(ENDS);
  for (const hash of hashes) ends[hash % ENDS] = 1;
  words = { seed, hashes, ends };
  return words;
}

const hasWord = ({ ends, hashes }: Words, hash: number): boolean => ends[hash & (ENDS - 1)] === 1 && hashes.has(hash);

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
