// Cracked hashes: the plaintext of `hash:plain`, `hash:salt:plain` and `user:hash:plain`.

import type { Credential } from '../../store/run/credential-records.ts';
import { decodeHexNotation } from '../input/text.ts';
import type { RejectReason } from '../rejects.ts';
import type { AsciiFields, CorpusFormat, FormatOptions, LineRules } from './format.ts';
import { hashKind } from './hash-kinds.ts';
import { lineFormat } from './line-parser.ts';

export type CrackedName = 'hash-plain' | 'hash-salt-plain' | 'user-hash-plain';
export const CRACKED_NAMES: readonly CrackedName[] = ['hash-plain', 'hash-salt-plain', 'user-hash-plain'];

/** Offsets of a line's parts. */
interface Cut {
  /** Of the username's end, if there is one. It begins the line. */
  readonly usernameEnd?: number;
  readonly passwordAt: number;
}

/**
 * hashcat writes plaintexts with separators as `$HEX[…]`, so that the last separator ends a salt;
 * john does not, and no hash but a ticket of Kerberos has separators.
 */
function cutCracked(line: string, name: CrackedName, separator: string): Cut | RejectReason {
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

function crackedRules(name: CrackedName, separator: string): LineRules {
  return {
    parseLine(line): Credential | RejectReason {
      const cut = cutCracked(line, name, separator);
      if (typeof cut === 'string') return cut;
      const password = decodeHexNotation(line.slice(cut.passwordAt));
      if (password === '') return 'empty-password';
      const { usernameEnd } = cut;
      return { ...(usernameEnd !== undefined && { username: line.slice(0, usernameEnd) }), password, times: 1 };
    },
    parseAscii(bytes, from, to, fields: AsciiFields): RejectReason | undefined {
      const line = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
      const cut = cutCracked(line, name, separator);
      if (typeof cut === 'string') return cut;
      const username = cut.usernameEnd === undefined ? undefined : line.slice(0, cut.usernameEnd);
      const start = username === undefined ? -1 : username.length - username.trimStart().length;
      fields.usernameFrom = username === undefined ? -1 : from + start;
      fields.usernameTo = username === undefined ? -1 : from + start + username.trim().length;
      fields.passwordFrom = from + cut.passwordAt;
      fields.passwordTo = to;
      fields.times = 1;
      return undefined;
    },
  };
}

/** @param options may state another separator than a colon */
export function crackedFormat(name: CrackedName, options: FormatOptions): CorpusFormat {
  const feeds = name === 'user-hash-plain' ? (['account', 'password'] as const) : (['password'] as const);
  return lineFormat(name, feeds, crackedRules(name, options.separator ?? ':'), options);
}
