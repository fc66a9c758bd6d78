// Cracked hashes: the plaintext of `hash:plain`, `hash:salt:plain`, `user:hash:plain`,
// `hash:user:plain` and `plain:hash`, as text or in hex.

import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { CorpusFormat, FormatOptions, LineRules } from '../format.ts';
import { cutRules, type FieldCut, lineFormat } from '../line-parser.ts';
import { hashKind } from './hash-kinds.ts';
import { isComputable, isHexText, isSaltedHashOf } from './hash-proofs.ts';
import { findPlaintext, plaintextEnd, TEXT_FORMS } from './plaintexts.ts';

/** Those of `hexplain` end with the plaintext in hex, whatever stands before it. */
export const CRACKED_NAMES = [
  'hash-plain',
  'hash-salt-plain',
  'hash-hexplain',
  'user-hash-plain',
  'user-hash-hexplain',
  'hash-user-plain',
  'plain-hash',
] as const;
export type CrackedName = (typeof CRACKED_NAMES)[number];

/** Where the fields of a line begin and end. */
interface Fields {
  readonly usernameAt: number;
  readonly usernameEnd: number | undefined;
  readonly hash: string;
  readonly hashAt: number;
  /** Of the hash, or of the username behind it. */
  readonly end: number;
}

function fieldsOf(line: string, name: CrackedName, separator: string): Fields | RejectReason {
  if (line.trim() === '') return 'blank';
  const isUserFirst = name.startsWith('user-');
  const isUserBehind = name === 'hash-user-plain';
  const firstEnd = line.indexOf(separator);
  if (firstEnd === -1) return 'no-separator';
  const second = firstEnd + separator.length;
  if (!isUserFirst && !isUserBehind) {
    const hash = line.slice(0, firstEnd);
    return { usernameAt: 0, usernameEnd: undefined, hash, hashAt: 0, end: firstEnd };
  }
  const end = line.indexOf(separator, second);
  if (end === -1) return 'no-separator';
  const [usernameAt, usernameEnd] = isUserFirst ? [0, firstEnd] : [second, end];
  if (line.slice(usernameAt, usernameEnd).trim() === '') return 'empty-username';
  const [hashAt, hashEnd] = isUserFirst ? [second, end] : [0, firstEnd];
  return { usernameAt, usernameEnd, hash: line.slice(hashAt, hashEnd), hashAt, end };
}

const usernameOf = ({ usernameAt, usernameEnd }: Fields): Pick<FieldCut, 'usernameAt' | 'usernameEnd'> =>
  usernameEnd === undefined ? {} : { usernameAt, usernameEnd };

/**
 * hashcat writes plaintexts with separators as `$HEX[…]`, so that the last separator ends a salt;
 * john does not, and no hash but a ticket of Kerberos has separators.
 */
function cutCracked(line: string, name: CrackedName, separator: string): FieldCut | RejectReason {
  const fields = fieldsOf(line, name, separator);
  if (typeof fields === 'string') return fields;
  const { hash, hashAt, end: fieldsEnd } = fields;
  const isTicket = line.startsWith('$krb5', hashAt);
  if (!isTicket && hashKind(hash) === undefined) return 'bad-hash';
  const isLast = isTicket || name === 'hash-salt-plain' || name.endsWith('hexplain');
  const end = isLast ? line.lastIndexOf(separator) : fieldsEnd;
  if (name === 'hash-salt-plain' && end === fieldsEnd) return 'no-separator';
  const passwordAt = end + separator.length;
  return passwordAt === line.length ? 'empty-password' : { passwordAt, ...usernameOf(fields) };
}

/** Each line by what its hash is of; hashes that are slow to compute are taken on trust. */
function cutProven(line: string, name: CrackedName, separator: string): FieldCut | RejectReason {
  const fields = fieldsOf(line, name, separator);
  if (typeof fields === 'string') return fields;
  const { usernameAt, usernameEnd, hash, end } = fields;
  if (!isComputable(hash)) return cutCracked(line, name, separator);
  const from = end + separator.length;
  const rest = line.slice(from);
  if (rest === '') return 'empty-password';
  // A username behind the hash may be its salt.
  const isSalted = usernameAt > 0 && isSaltedHashOf(hash, line.slice(usernameAt, usernameEnd), rest);
  const found = isSalted
    ? { from: 0, to: rest.length }
    : findPlaintext(name.endsWith('hexplain') ? ['hexplain'] : TEXT_FORMS, hash, rest, separator);
  if (!found) return 'bad-hash';
  if (found.from === found.to) return 'empty-password';
  return { passwordAt: from + found.from, passwordEnd: from + found.to, ...usernameOf(fields) };
}

/** `plain:hash`, of which each line is proven unless its hash is slow to compute. */
function cutReversed(line: string, separator: string): FieldCut | RejectReason {
  if (line.trim() === '') return 'blank';
  const end = line.lastIndexOf(separator);
  if (end === -1) return 'no-separator';
  const hash = line.slice(end + separator.length).trim();
  if (hashKind(hash) === undefined) return 'bad-hash';
  if (end === 0) return 'empty-password';
  const passwordEnd = isComputable(hash) ? plaintextEnd(hash, line.slice(0, end)) : end;
  return passwordEnd === -1 ? 'bad-hash' : { passwordAt: 0, passwordEnd };
}

/** The rules of lines whose passwords are in hex without a sign. */
const inHex = ({ parseLine }: LineRules): LineRules => ({
  parseLine(line) {
    const parsed = parseLine(line.trimEnd());
    if (typeof parsed === 'string') return parsed;
    if (!isHexText(parsed.password)) return 'malformed-row';
    return { ...parsed, password: decodeHexNotation(`$HEX[${parsed.password}]`) };
  },
});

/** @param options may state another separator than a colon, and that each line is to be proven */
export function crackedFormat(name: CrackedName, options: FormatOptions): CorpusFormat {
  const feeds = name.includes('user-') ? (['account', 'password'] as const) : (['password'] as const);
  const { separator = ':', isProven } = options;
  if (name === 'plain-hash')
    return lineFormat(
      name,
      feeds,
      cutRules((line) => cutReversed(line, separator)),
      options,
    );
  const rules = cutRules((line) => (isProven ? cutProven : cutCracked)(line, name, separator));
  return lineFormat(name, feeds, name.endsWith('hexplain') ? inHex(rules) : rules, options);
}
