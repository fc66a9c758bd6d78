// Cracked hashes: the plaintext of `hash:plain`, `hash:salt:plain` and `user:hash:plain`.

import type { RejectReason } from '../rejects.ts';
import type { CorpusFormat, FormatOptions } from './format.ts';
import { hashKind } from './hash-kinds.ts';
import { cutRules, type FieldCut, lineFormat } from './line-parser.ts';

export type CrackedName = 'hash-plain' | 'hash-salt-plain' | 'user-hash-plain';
export const CRACKED_NAMES: readonly CrackedName[] = ['hash-plain', 'hash-salt-plain', 'user-hash-plain'];

/**
 * hashcat writes plaintexts with separators as `$HEX[…]`, so that the last separator ends a salt;
 * john does not, and no hash but a ticket of Kerberos has separators.
 */
function cutCracked(line: string, name: CrackedName, separator: string): FieldCut | RejectReason {
  if (line.trim() === '') return 'blank';
  let usernameEnd: number | undefined;
  let hashAt = 0;
  if (name === 'user-hash-plain') {
    usernameEnd = line.indexOf(separator);
    if (usernameEnd === -1) return 'no-separator';
    if (line.slice(0, usernameEnd).trim() === '') return 'empty-username';
    hashAt = usernameEnd + separator.length;
  }
  const hashEnd = line.indexOf(separator, hashAt);
  if (hashEnd === -1) return 'no-separator';
  const isTicket = line.startsWith('$krb5', hashAt);
  if (!isTicket && hashKind(line.slice(hashAt, hashEnd)) === undefined) return 'bad-hash';
  const end = isTicket || name === 'hash-salt-plain' ? line.lastIndexOf(separator) : hashEnd;
  if (name === 'hash-salt-plain' && end === hashEnd) return 'no-separator';
  const passwordAt = end + separator.length;
  if (passwordAt === line.length) return 'empty-password';
  return { passwordAt, ...(usernameEnd !== undefined && { usernameEnd }) };
}

/** @param options may state another separator than a colon */
export function crackedFormat(name: CrackedName, options: FormatOptions): CorpusFormat {
  const feeds = name === 'user-hash-plain' ? (['account', 'password'] as const) : (['password'] as const);
  const rules = cutRules((line) => cutCracked(line, name, options.separator ?? ':'));
  return lineFormat(name, feeds, rules, options);
}
