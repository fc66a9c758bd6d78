// phpass: the portable hashes `$P$` (WordPress, Joomla) and `$H$` (phpBB), and Drupal 7's `$S$`.

import { hash } from 'node:crypto';
import { CRYPT_DIGITS, cryptText, equalText } from './encodings.ts';
import type { ParsedHash } from './stored-hash.ts';

const ENCODED = /^(U?)\$([PHS])\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]+)$/;
const MIN_LOG = 7;
const MAX_LOG = 30;
/** Seconds of a round. */
const ROUND_SECONDS = 1.2e-6;
/** Drupal cuts its hashes to 55 characters. */
const DIGITS = { P: 22, H: 22, S: 43 } as const;

export function parsePhpass(text: string): ParsedHash | undefined {
  if (!/^U?\$[PHS]\$/.test(text)) return undefined;
  const found = ENCODED.exec(text);
  if (!found) return 'malformed-hash';
  const [, updated, id, logDigit = '', salt = '', encoded = ''] = found;
  const digits = DIGITS[id as keyof typeof DIGITS];
  const log = CRYPT_DIGITS.indexOf(logDigit);
  if (log < MIN_LOG || log > MAX_LOG || encoded.length !== digits) return 'malformed-hash';
  const digest = id === 'S' ? 'sha512' : 'md5';
  return {
    kind: `${id === 'S' ? 'Drupal' : 'phpass'} 2^${log} rounds${updated ? ' of MD5' : ''}`,
    seconds: 2 ** log * ROUND_SECONDS,
    memoryBytes: 0,
    verify(password) {
      // Drupal rehashed the MD5 digests of version 6 when it was updated.
      const secret = updated ? Buffer.from(hash('md5', password)) : password;
      return equalText(derive(digest, secret, salt, 2 ** log).slice(0, digits), encoded);
    },
  };
}

function derive(digest: 'md5' | 'sha512', password: Uint8Array, salt: string, rounds: number): string {
  let sum: Buffer = hash(digest, Buffer.concat([Buffer.from(salt), password]), 'buffer');
  const scratch = Buffer.concat([sum, password]);
  for (let round = 0; round < rounds; round++) {
    sum.copy(scratch);
    sum = hash(digest, scratch, 'buffer');
  }
  return cryptText(sum);
}
