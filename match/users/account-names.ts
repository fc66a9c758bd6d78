// The names of accounts in the form in which they are looked up: normalized, and with every rule
// that makes spellings of one address alike. A rule that goes too far costs a verification, and
// can make nothing found that is not.

import type { NormalizedUsername } from '../../protocol/brands.ts';
import { isTooLong, normalizeUsername, USERNAME_RULES } from '../../protocol/normalize.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';

const rewrite = createUsernameRewrite(USERNAME_RULES);
const GMAIL = /@g(?:oogle)?mail\.com$/;

/** Whether the rules leave normalized ASCII as it is. */
const isPlain = (text: string): boolean => !text.includes('+') && !GMAIL.test(text);

/** Of a normalized name in ASCII. */
export function asciiNameKey(text: string): string {
  return isPlain(text) ? text : Buffer.from(rewrite(Buffer.from(text) as Uint8Array as NormalizedUsername)).toString();
}

/** Of a normalized name. */
export const normalizedNameKey = (name: Uint8Array): string =>
  Buffer.from(rewrite(name as NormalizedUsername)).toString();

/** @returns '' for a name of white space, and for one that no entry has */
export const nameKey = (name: string): string => (isTooLong(name) ? '' : normalizedNameKey(normalizeUsername(name)));

/** What stands between the addresses of a list, or around one, and in no usual address. */
const BETWEEN = /[\s\p{Cc}"<>()[\]\\,;:]+/u;
/** What encloses or ends one, and may be within another. */
const ENDS = /^['`{]{1,3}|['`}.]{1,3}$/g;
/** Of a cell: characters that are looked at, and addresses that are taken. */
const MAX_CELL = 4096;
const MAX_ADDRESSES = 64;

/**
 * A cell and the addresses in it, such as `Ann <ann@example.com>`, `mailto:ann@example.com` or a
 * list: corpora have them bare.
 */
export function namesIn(cell: string): string[] {
  if (!cell.includes('@')) return [cell];
  const parts = cell.slice(0, MAX_CELL).split(BETWEEN);
  const addresses = parts.map((part) => part.replace(ENDS, '')).filter((part) => /.@./.test(part));
  return [...new Set([cell, ...addresses.slice(0, MAX_ADDRESSES)])];
}
