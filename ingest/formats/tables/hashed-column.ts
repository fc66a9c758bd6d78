// Tables and objects whose passwords are hashes: no password of theirs can be checked.

import { IngestError } from '../../errors.ts';
import type { CorpusFormat, Recognised } from '../format.ts';
import { hashKind } from '../hashes/hash-kinds.ts';
import { isBase64Sha1 } from '../hashes/hash-list.ts';
import { refuseWith } from '../refusal.ts';
import type { ParsedSample } from './parsed-sample.ts';

const MOST = 0.8;
const MIN_ROWS = 3;
const BASE64_SHA1 = 'SHA-1 hashes of LDAP, in base64';

/** @returns the refusal if nearly all passwords are hashes */
export function refuseHashes(format: CorpusFormat, { passwords, error }: ParsedSample): Recognised | undefined {
  if (error !== undefined) return undefined;
  const kinds = new Map<string, number>();
  for (const password of passwords) {
    const kind = isBase64Sha1(password) ? BASE64_SHA1 : hashKind(password);
    if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const rows = passwords.length;
  const [kind, count] = [...kinds].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  if (rows < MIN_ROWS || count <= MOST * rows) return undefined;
  const what = `the passwords are ${kind}`;
  const hint =
    kind === 'SHA-1 hashes' || kind === BASE64_SHA1 || kind === 'MD5 or NTLM hashes'
      ? 'If they are unsalted, name their column in place of the password: --columns sha1=NAME or ntlm=NAME.'
      : 'No index takes them. Ingest the plaintexts that a cracker finds.';
  return refuseWith(new IngestError('FORMAT_USELESS', what, hint), format, 1);
}
