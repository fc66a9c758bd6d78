// md5-crypt: `$1$` of crypt(3), and `$apr1$` of Apache.

import { hash } from 'node:crypto';
import { cryptDigits, equalText, MAX_CRYPT_BYTES } from './encodings.ts';
import type { ParsedHash } from './stored-hash.ts';

const ENCODED = /^(\$1\$|\$apr1\$)([^$]{0,8})\$([./0-9A-Za-z]{22})$/;
const ROUNDS = 1000;
/** Seconds of a round. */
const ROUND_SECONDS = 1.2e-6;

const md5 = (parts: readonly Uint8Array[]): Buffer => hash('md5', Buffer.concat(parts), 'buffer');

export function parseMd5Crypt(text: string): ParsedHash | undefined {
  if (!/^\$(?:1|apr1)\$/.test(text)) return undefined;
  const found = ENCODED.exec(text);
  if (!found) return 'malformed-hash';
  const [, magic = '', salt = '', digest = ''] = found;
  return {
    kind: magic === '$1$' ? 'md5-crypt' : 'apr1-crypt',
    seconds: ROUNDS * ROUND_SECONDS,
    memoryBytes: 0,
    maxPasswordBytes: MAX_CRYPT_BYTES,
    verify: (password) =>
      password.length <= MAX_CRYPT_BYTES && equalText(encode(derive(password, magic, Buffer.from(salt))), digest),
  };
}

function derive(password: Uint8Array, magic: string, salt: Buffer): Buffer {
  const inner = md5([password, salt, password]);
  const start: Uint8Array[] = [password, Buffer.from(magic), salt];
  for (let left = password.length; left > 0; left -= 16) start.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = password.length; bits > 0; bits >>>= 1)
    start.push(bits & 1 ? Uint8Array.of(0) : password.subarray(0, 1));
  let digest = md5(start);
  for (let round = 0; round < ROUNDS; round++) {
    const parts = [round & 1 ? password : digest];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(password);
    parts.push(round & 1 ? digest : password);
    digest = md5(parts);
  }
  return digest;
}

const ORDER = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

function encode(digest: Buffer): string {
  const at = (place: number): number => digest[place] as number;
  const groups = ORDER.map(([a, b, c]) => cryptDigits((at(a) << 16) | (at(b) << 8) | at(c), 4));
  return groups.join('') + cryptDigits(at(11), 2);
}
