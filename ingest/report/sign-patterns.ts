// What single usernames and passwords show when a text was misread.

import { isHash } from '../formats/line-parser.ts';

export const SIGNS = [
  'urlField',
  'markup',
  'hashUsername',
  'hashPassword',
  'addressPassword',
  'addressAndMore',
  'markupPassword',
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
  'ipUsername',
  'leadingField',
  'trailer',
  'escapedUsername',
  'escapedPassword',
  'placeholder',
  'crossedOut',
] as const;
export type Sign = (typeof SIGNS)[number];

const SCHEME = /:\/\//;
const SCHEME_NAME = /^\s*(?:https?|ftp|android|app|file|chrome)$/i;
/** Of JSON, XML, SQL or Markdown. */
const MARKUP = /^\s*(?:[[{<`]|\*\*|[-*+•>]\s+\S|INSERT\s|"\s*[\w.-]+"\s*$)/i;
const ADDRESS = /^[^\s@:;,|]+@[^\s@:;,|]+\.[a-zA-Z]{2,}$/;
const ADDRESS_AND_MORE = /^[^\s@:;,|]{1,64}@[^\s@:;,|]{1,200}\.[a-zA-Z]{2,18}[:;,|\t]./;
/** An address among other fields. */
const ADDRESS_BETWEEN = /[:;,|\t'"][^\s@:;,|'"]{1,64}@[^\s@:;,|'"]{1,200}\.[a-zA-Z]{2,18}['"]?[:;,|\t]/;
/** A whole line of JSON, XML or SQL, or the end of one. */
const MARKUP_PASSWORD =
  /^\s*(?:\{\s*)?"[\w.-]+"\s*:\s*"|^\s*\(\s*\d+\s*,|^(?:INSERT|REPLACE)\s+INTO\s|^\s*<[a-z][\w.-]*>.*<\//i;
/** More of a password shows no more. */
const MAX_FIELDS = 512;
const TRAILING_HASH = /[:;,|\t ]\*?(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})$/;
const ENTITY = /&(?:amp|lt|gt|quot|apos|#\d{1,6});/;
/** An IP address before a port or a username. */
const IP_USERNAME = /^\d{1,3}(?:\.\d{1,3}){3}(?:[:@].*)?$/;
const LEADING_FIELD =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)[:;,|\t]./i;
/** What stands behind a password: a signature, a link, `Key = value`, a label in brackets. */
const TRAILERS: readonly RegExp[] = [
  /\s(?:\||•|»|=>|->|[-–—~]) \S/,
  /(?:t\.me|telegram\.me|discord\.gg)\/\w/i,
  /\s(?:by |from |join )?@\w{4,}$/i,
  /\s(?:\[[^\]]+\]|\([^)]+\)|\{[^}]+\})$/,
  /[\s|;,]\p{Lu}[\p{L}\p{N}_]* ?(?:=|: ) ?\S/u,
  /[:;,|\t ](?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|\d{4}-\d\d-\d\d)$/,
  /[:;,|\t ][^\s@:;,|]{1,64}@[^\s@:;,|]{1,200}\.[a-zA-Z]{2,18}$/,
];
const ESCAPED_AT = /%40/;
/** Punctuation that forms and URLs escape, and letters of two bytes. */
const ESCAPED = /%(?:2[0-9A-F]|3[A-F]|40|5[B-E]|7[B-E]|[CD][0-9A-F]%[89AB][0-9A-F])/i;
/** What programs write for a value that is not there. */
const PLACEHOLDERS = new Set(['NULL', 'null', 'None', 'NONE', 'NaN', 'N/A', 'UNKNOWN', 'undefined']);
/** What programs write for a value that they hide. */
const MASK = /^(?:[*•●]{4,}|[[<(](?:redacted|hidden|masked|removed|censored|encrypted|protected|filtered)[\])>])$/i;
/** Of a few people a password, of many a mask. */
const CROSSED_OUT = /^(?:x{4,}|X{4,})$/;
const SEPARATOR = /[:;,|\t]/;
export const MAX_NUMBER = 12;
const NUMBER = new RegExp(`^\\d{1,${MAX_NUMBER}}$`);
/** What windows-1252 has at 0x80 to 0x9f. */
const AT_80 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
/**
 * Letters that windows-1252 makes of text in another encoding: three that no Western word has side
 * by side, as of Cyrillic; a sign or Icelandic letter behind a letter, as of Polish and Turkish;
 * the first bytes of kana; a quote or another sign between letters, as of umlauts of DOS.
 */
const GARBLED = new RegExp(
  `[\u00a1-\u00ff${AT_80}]{3}|[a-zA-Z\u00b3\u00b9][\u00b3\u00b6\u00b9\u00bc\u00be\u00bf\u00d0\u00d7\u00de\u00f0\u00f7\u00feŸ]|[ƒ‚].{1,2}[ƒ‚]|[a-zA-Z][„”‚…†‡ˆ‰‹Œ‘“•™›¤][a-zA-Z]`,
);
/** Control characters, and spaces without a width. Joiners belong to words and emoji. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is counted.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u2060\ufeff\ufffd]/;

/** Without one of these characters, a field shorter than a hash shows none of most signs. */
export const NOTABLE_IN_USERNAME = /[^!-~]|["$%*,:;<[`{|]/;
export const NOTABLE_IN_PASSWORD = /[^!-~]|["$%&,:;<@|]/;
export const MIN_HASH_LENGTH = 32;
/** Of what SCHEME_NAME finds. */
export const MAX_SCHEME_NAME = 7;

type Shows = readonly (readonly [Sign, (text: string) => boolean])[];

/** Of a username that is notable. */
export const USERNAME_SIGNS: Shows = [
  ['hashUsername', isHash],
  ['markup', (name) => MARKUP.test(name)],
  ['addressInUsername', (name) => ADDRESS_AND_MORE.test(name)],
  ['ipUsername', (name) => IP_USERNAME.test(name)],
  ['escapedUsername', (name) => ESCAPED_AT.test(name)],
  ['spacedUsername', (name) => name.trim().includes(' ')],
];

/** Of a password that is notable. */
export const PASSWORD_SIGNS: Shows = [
  ['hashPassword', isHash],
  ['addressPassword', (password) => ADDRESS.test(password)],
  [
    'addressAndMore',
    (password) => ADDRESS_AND_MORE.test(password) || ADDRESS_BETWEEN.test(password.slice(0, MAX_FIELDS)),
  ],
  ['markupPassword', (password) => MARKUP_PASSWORD.test(password.slice(0, MAX_FIELDS))],
  ['trailingHash', (password) => TRAILING_HASH.test(password)],
  ['leadingField', (password) => LEADING_FIELD.test(password)],
  ['escapedPassword', (password) => ESCAPED.test(password)],
  ['placeholder', (password) => PLACEHOLDERS.has(password) || MASK.test(password)],
  ['crossedOut', (password) => CROSSED_OUT.test(password)],
  ['separatorInside', (password) => SEPARATOR.test(password)],
  ['padded', (password) => password !== password.trim()],
  ['quoted', (password) => password.length > 1 && password.startsWith('"') && password.endsWith('"')],
  ['entity', (password) => ENTITY.test(password)],
];

export const isNotable = (text: string, characters: RegExp): boolean =>
  text.length >= MIN_HASH_LENGTH || characters.test(text);

/** Whether a username without letters has a dot, as an IP address. */
export const isDottedNumber = (name: string): boolean => name.includes('.') && !/[a-z]/i.test(name);

/** Whether a password may be one of what programs write for no value, by its first character. */
export const mayBePlaceholder = (length: number, first: number): boolean =>
  MASK_STARTS.has(first) ||
  (((first | 0x20) === 0x6e || (first | 0x20) === 0x75) &&
    (length === 3 || length === 4 || length === 7 || length === 9));
/** `*`, `[`, `<`, `(`, `x`, `X`; others are notable by themselves. */
const MASK_STARTS = new Set([0x2a, 0x5b, 0x3c, 0x28, 0x78, 0x58]);

export const isUrlField = (username: string | undefined, password: string): boolean =>
  SCHEME.test(password) || (username !== undefined && SCHEME_NAME.test(username));
/** Of a password that has a username: phrases in lists of passwords have marks too. */
export const hasTrailer = (password: string): boolean => TRAILERS.some((trailer) => trailer.test(password));
export const isNumber = (password: string): boolean => NUMBER.test(password);
export const hasControl = (text: string): boolean => CONTROL.test(text);
export const isGarbled = (text: string): boolean => GARBLED.test(text);
