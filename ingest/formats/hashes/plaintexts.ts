// Where the plaintext of a hash stands in what follows it, as its hash proves.

import { isHashOf, isHexText, isSaltedHashOf } from './hash-proofs.ts';

/** What a field behind the hash may be, the likeliest first. */
export const PLAIN_FORMS = ['plain', 'hexplain', 'salt-plain'] as const;
export type PlainForm = (typeof PLAIN_FORMS)[number];
/** Of a text in which some lines may have a salt, and others none. */
export const TEXT_FORMS = ['plain', 'salt-plain'] as const satisfies readonly PlainForm[];

/** Places where a salt may end. */
const MAX_TRIED = 8;

/** Half-open, of the text beside a hash. */
export interface PlaintextRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the plaintext in what stands behind a hash, which may have the name of an algorithm before
 * or behind it.
 * @returns undefined if the hash is of none in these forms
 */
export function findPlaintext(
  forms: readonly PlainForm[],
  hash: string,
  rest: string,
  separator: string,
): PlaintextRange | undefined {
  for (const text of endingsOf(rest, separator))
    for (const form of forms) {
      const from = plaintextAt(form, hash, text, separator);
      if (from !== -1) return { from, to: text.length };
    }
  return undefined;
}

/** Finds the end of the plaintext that stands before a hash. @returns -1 if the hash is of none */
export function plaintextEnd(hash: string, text: string): number {
  for (const end of new Set([text.length, text.trimEnd().length])) if (isHashOf(hash, text.slice(0, end))) return end;
  return -1;
}

/** @returns the offset of the plaintext, which ends the text, or -1 */
function plaintextAt(form: PlainForm, hash: string, rest: string, separator: string): number {
  if (form === 'plain') return isHashOf(hash, rest) ? 0 : behindTag(hash, rest, separator);
  return form === 'hexplain' ? hexAt(hash, rest, separator) : saltedAt(hash, rest, separator);
}

/** Names of algorithms, as services that crack hashes write them beside plaintexts. */
const TAG = /^(?:md[45]|sha-?(?:1|224|256|384|512)|ntlm|mysql\d{0,3}|(?:md5|sha1)\((?:md5|sha1)\)|unknown)$/i;

function behindTag(hash: string, rest: string, separator: string): number {
  const at = rest.indexOf(separator);
  if (at === -1 || !TAG.test(rest.slice(0, at).trim())) return -1;
  const from = at + separator.length;
  return isHashOf(hash, rest.slice(from)) ? from : -1;
}

/**
 * What the text behind a hash may be without what is no part of the plaintext: blanks of the line,
 * and the name of an algorithm behind it. The hash proves one of them.
 */
function endingsOf(rest: string, separator: string): ReadonlySet<string> {
  const at = rest.lastIndexOf(separator);
  const isTagged = at !== -1 && TAG.test(rest.slice(at + separator.length).trim());
  return new Set([rest, rest.trimEnd(), ...(isTagged ? [rest.slice(0, at)] : [])]);
}

function hexAt(hash: string, rest: string, separator: string): number {
  const at = rest.lastIndexOf(separator);
  const from = at === -1 ? 0 : at + separator.length;
  const last = rest.slice(from);
  if (!isHexText(last)) return -1;
  const plain = `$HEX[${last}]`;
  return isHashOf(hash, plain) || (at !== -1 && isSaltedHashOf(hash, rest.slice(0, at), plain)) ? from : -1;
}

/**
 * A salt may contain the separator, and so may the plaintext.
 * @returns the offset of the plaintext behind its salt, or -1
 */
export function saltedAt(hash: string, rest: string, separator: string): number {
  let at = rest.lastIndexOf(separator);
  for (let tried = 0; at !== -1 && tried < MAX_TRIED; tried++) {
    const from = at + separator.length;
    if (isSaltedHashOf(hash, rest.slice(0, at), rest.slice(from))) return from;
    at = at === 0 ? -1 : rest.lastIndexOf(separator, at - 1);
  }
  return -1;
}
