// Cracked hashes: the plaintext of `hash:plain`, `hash:salt:plain` and `user:hash:plain`, as text
// or in hex.

import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { CorpusFormat, FormatOptions, LineRules } from '../format.ts';
import { cutRules, type FieldCut, lineFormat } from '../line-parser.ts';
import { hashKind } from './hash-kinds.ts';
import { isHexText } from './hash-proofs.ts';

/** Those of `hexplain` end with the plaintext in hex, whatever stands before it. */
export const CRACKED_NAMES = [
  'hash-plain',
  'hash-salt-plain',
  'hash-hexplain',
  'user-hash-plain',
  'user-hash-hexplain',
] as const;
export type CrackedName = (typeof CRACKED_NAMES)[number];

/**
 * hashcat writes plaintexts with separators as `$HEX[…]`, so that the last separator ends a salt;
 * john does not, and no hash but a ticket of Kerberos has separators.
 */
function cutCracked(line: string, name: CrackedName, separator: string): FieldCut | RejectReason {
  if (line.trim() === '') return 'blank';
  let usernameEnd: number | undefined;
  let hashAt = 0;
  if (name.startsWith('user-')) {
    usernameEnd = line.indexOf(separator);
    if (usernameEnd === -1) return 'no-separator';
    if (line.slice(0, usernameEnd).trim() === '') return 'empty-username';
    hashAt = usernameEnd + separator.length;
  }
  const hashEnd = line.indexOf(separator, hashAt);
  if (hashEnd === -1) return 'no-separator';
  const isTicket = line.startsWith('$krb5', hashAt);
  if (!isTicket && hashKind(line.slice(hashAt, hashEnd)) === undefined) return 'bad-hash';
  const isLast = isTicket || name === 'hash-salt-plain' || name.endsWith('hexplain');
  const end = isLast ? line.lastIndexOf(separator) : hashEnd;
  if (name === 'hash-salt-plain' && end === hashEnd) return 'no-separator';
  const passwordAt = end + separator.length;
  if (passwordAt === line.length) return 'empty-password';
  return { passwordAt, ...(usernameEnd !== undefined && { usernameEnd }) };
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

/** @param options may state another separator than a colon */
export function crackedFormat(name: CrackedName, options: FormatOptions): CorpusFormat {
  const feeds = name.startsWith('user-') ? (['account', 'password'] as const) : (['password'] as const);
  const rules = cutRules((line) => cutCracked(line, name, options.separator ?? ':'));
  return lineFormat(name, feeds, name.endsWith('hexplain') ? inHex(rules) : rules, options);
}
