// What a column of lines holds, from its cells.

import { countUp, isAddress, isHash } from '../line-parser.ts';

export type ColumnKind =
  | 'address'
  /** One more in each line, perhaps within marks: `1.`, `[1]`, `#1`. */
  | 'counter'
  /** Numbers that only grow. */
  | 'ascending'
  | 'number'
  | 'url'
  | 'hash'
  | 'date'
  | 'ip'
  /** Of a program: `1.4.2`. */
  | 'version'
  /** `Key = value`, with a few keys. */
  | 'keyed'
  | 'constant'
  /** A few values again and again, or codes of countries. */
  | 'few'
  /** Words that come again, as names do: no passwords. */
  | 'words'
  | 'empty'
  /** Anything else: a login, a password, a name. */
  | 'free';

export interface Column {
  readonly kind: ColumnKind;
  /** Share of e-mail addresses. */
  readonly addresses: number;
  /** Share of different values. */
  readonly distinct: number;
  readonly hasOneLength: boolean;
}

const NEARLY_ALL = 0.9;
const MOST = 0.8;
const FEW = 0.1;
/** Cells from which few different ones mean something. */
const MIN_CELLS = 20;
const MIN_CONSTANT = 5;
/** Cells from which words that come again are names, as of countries: passwords differ. */
const MIN_WORDS = 40;
const HALF = 0.5;
const WORD = /^\p{L}[\p{L}\p{M} .'’()-]*$/u;
const MIN_ASCENDING = 8;

const COUNTER = /^[#([<]{0,2}(\d{1,9})[.):\]>]{0,2}$/;
const NUMBER = /^\+?\d{1,18}$/;
const URL = /^(?:[a-z][a-z0-9+.-]{1,20}:)?\/\/\S|^(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?::\d{1,5})?\/\S*$/i;
const DATE =
  /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{1,2} [a-z]{3,9}\.? \d{4}|[a-z]{3,9} \d{1,2},? \d{4})(?:[T ,].{0,30})?$/i;
const YEAR = /^(?:19|20)\d\d$/;
const TIME = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[ap]m)?$/i;
/** Marks around a date. */
const ENCLOSED = /^[[(]|[\])]$/g;
const VERSION = /^v?\d{1,5}(?:\.\d{1,5}){1,4}(?:[-.]?[a-z]{1,6}\.?\d{0,4})?$/i;
const IP = /^(?=.*[0-9a-f])(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})$/i;
const KEYED = /^[[(]?([\p{L}][\p{L}\p{N} _./-]{0,30}?) ?[=:]/u;
const CODE = /^[A-Z]{2,3}$/;

export function columnOf(cells: readonly string[]): Column {
  const texts = cells.map((cell) => cell.trim());
  const share = (is: (text: string) => boolean): number => texts.filter(is).length / Math.max(1, texts.length);
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return {
    kind: kindOf(texts, share, counts),
    addresses: share(isAddress),
    distinct: counts.size / Math.max(1, texts.length),
    hasOneLength: texts.length >= MIN_ASCENDING && new Set(texts.map(({ length }) => length)).size === 1,
  };
}

function kindOf(
  texts: readonly string[],
  share: (is: (text: string) => boolean) => number,
  counts: ReadonlyMap<string, number>,
): ColumnKind {
  if (share((text) => text === '') > NEARLY_ALL) return 'empty';
  if (share(isAddress) > NEARLY_ALL) return 'address';
  if (countUp(texts, COUNTER)) return 'counter';
  if (share((text) => URL.test(text)) > MOST) return 'url';
  if (share(isHash) > MOST) return 'hash';
  if (share(isTime) > NEARLY_ALL) return 'date';
  if (share((text) => IP.test(text)) > NEARLY_ALL) return 'ip';
  if (share((text) => VERSION.test(text)) > NEARLY_ALL) return 'version';
  const isRepeated = texts.length >= MIN_CELLS && counts.size <= FEW * texts.length;
  if (share((text) => NUMBER.test(text)) > NEARLY_ALL) {
    if (isAscending(texts)) return 'ascending';
    if (texts.length >= MIN_CELLS && share((text) => YEAR.test(text)) > NEARLY_ALL && counts.size > 1) return 'date';
    return isRepeated && counts.size > 1 ? 'few' : 'number';
  }
  if (share((text) => CODE.test(text)) > NEARLY_ALL) return 'few';
  if (Math.max(...counts.values()) > NEARLY_ALL * texts.length && texts.length >= MIN_CONSTANT) return 'constant';
  if (isKeyed(texts)) return 'keyed';
  const areWords = texts.length >= MIN_WORDS && counts.size <= HALF * texts.length && share(isWord) > NEARLY_ALL;
  return isRepeated ? 'few' : areWords ? 'words' : 'free';
}

const isWord = (text: string): boolean => WORD.test(text);

function isTime(text: string): boolean {
  const bare = text.replaceAll(ENCLOSED, '');
  return DATE.test(bare) || TIME.test(bare);
}

function isAscending(texts: readonly string[]): boolean {
  const numbers = texts.map(Number);
  const greater = numbers.filter((number, i) => i > 0 && number > (numbers[i - 1] as number)).length;
  return texts.length >= MIN_ASCENDING && greater >= NEARLY_ALL * (texts.length - 1);
}

/** Keys are fewer than values: labels of what a checker found. */
function isKeyed(texts: readonly string[]): boolean {
  const keys = texts.map((text) => KEYED.exec(text)?.[1]).filter((key) => key !== undefined);
  return keys.length > NEARLY_ALL * texts.length && new Set(keys).size <= Math.max(1, FEW * texts.length);
}
