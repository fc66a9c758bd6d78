// What single usernames and passwords show when a text was misread.

import { isHash } from '../formats/line-parser.ts';
import { isNotice, NOTICE_WORDS } from '../formats/remarks.ts';

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
  'maskedUsername',
  'crossedOutUsername',
  'fieldWord',
  'remark',
  'addressUsername',
  'loneBlank',
  'reversed',
  'pairAlone',
] as const;
export type Sign = (typeof SIGNS)[number];

const SCHEME = /:\/\//;
const SCHEME_NAME = /^\s*(?:https?|ftp|android|app|file|chrome)$/i;
/** Of JSON, XML, SQL or Markdown. */
const MARKUP = /^\s*(?:[[{<`]|\((?:\d+,|['"])|\*\*|[-*+•>]\s+\S|INSERT\s|"\s*[\w.-]+"\s*$)/i;
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
const MASK =
  /^(?:.{0,3}[*•●]{3,}.{0,2}|[[<(](?:redacted|hidden|masked|removed|censored|encrypted|protected|filtered)[\])>])$/i;
/** Of a few people a password, of many a mask. */
const CROSSED_OUT = /^.{0,3}(?:x{4,}|X{4,}|#{4,}|\.{4,}).{0,2}$/;
/** Stars in place of most of a username or of its domain. */
const MASKED_USERNAME =
  /^[^*•●@]{0,6}(?:\*{2,}|[•●]{2,})[^*•●@]{0,6}(?:@|$)|^[^*•●@]{1,2}\*[^*•●@]{0,2}@|@[^*•●@]{0,4}(?:\*{2,}|[•●]{2,})/;
/** Of a few people a username, of many a mask. */
const CROSSED_OUT_USERNAME = /^[^@]{1,3}(?:\.{3,}|…|x{3,}|X{3,}|#{3,}|_{3,}|-{3,})[^@]{0,2}(?:@|$)/;
/** Characters of such masks, beside stars. */
const CROSSES = new Set([...'.xX#_-'].map((character) => character.charCodeAt(0)));
/** Beside fewer characters than this, a mask has its place. */
const SHOWN = 3;
/** A path behind a domain, which is no domain before a login. */
const PATH = /^[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?\//;
/** A pair where a password stands alone. */
const PAIR = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{2,63}[:;|][\p{L}\p{N}]\S{3,}$/u;
/** What a column of roles, states or answers holds. */
const FIELD_WORDS: ReadonlySet<string> = new Set(
  `yes no true false enabled disabled active inactive valid invalid verified unverified banned blocked suspended
  pending passed failed success admin administrator editor moderator viewer owner member subscriber author
  contributor customer staff manager user guest superuser operator male female`.split(/\s+/),
);
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
export const NOTABLE_IN_USERNAME = /[^!-~]|["$%*,/:;<[`{|]/;
export const NOTABLE_IN_PASSWORD = /[^!-~]|["$%&*,:;<@|]/;
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
  ['maskedUsername', (name) => MASKED_USERNAME.test(name)],
  ['crossedOutUsername', (name) => CROSSED_OUT_USERNAME.test(name)],
];

/** Of a pair that is notable. */
export const PAIR_SIGNS: readonly (readonly [Sign, (name: string, password: string) => boolean])[] = [
  ['trailer', (_name, password) => TRAILERS.some((trailer) => trailer.test(password))],
  ['remark', isNotice],
  ['loneBlank', (name, password) => !name.includes('@') && /^\s/.test(password)],
  ['reversed', (name, password) => !name.includes('@') && ADDRESS.test(password)],
  ['fieldWord', (name, password) => isFieldWord(password) && name.toLowerCase() !== password.toLowerCase()],
];

const isFieldWord = (password: string): boolean => FIELD_WORDS.has(password.toLowerCase());

/** Words that are notable as a username or a password, in the cases that they are written in. */
export const NOTABLE_WORDS: readonly string[] = [...FIELD_WORDS, ...NOTICE_WORDS]
  .filter((word) => /^[\x21-\x7e]+$/.test(word))
  .flatMap((word) => [word, word.charAt(0).toUpperCase() + word.slice(1), word.toUpperCase()]);

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

/** Whether the characters beside the place that each mask covers are equal and may be one. */
export const mayBeCrossedOut = (code: number, before: number, after: number): boolean =>
  (code === before || code === after) && CROSSES.has(code);
/** Where `mayBeCrossedOut` looks. */
export const CROSSED_AT = SHOWN;

export const isUrlField = (username: string | undefined, password: string): boolean =>
  SCHEME.test(password) ||
  (username !== undefined && (SCHEME_NAME.test(username) || (password.includes(':') && PATH.test(username))));
/** Of a password without a username. */
export const isPairAlone = (password: string): boolean => PAIR.test(password);
export const isNumber = (password: string): boolean => NUMBER.test(password);
export const hasControl = (text: string): boolean => CONTROL.test(text);
export const isGarbled = (text: string): boolean => GARBLED.test(text);
