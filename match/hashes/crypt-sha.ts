// SHA-crypt, `$5$` and `$6$`: "Unix crypt using SHA-256 and SHA-512" by Ulrich Drepper, whose steps
// the comments name.

import { hash } from 'node:crypto';
import { cryptDigits, equalText, MAX_CRYPT_BYTES, parseCost } from './encodings.ts';
import type { ParsedHash } from './stored-hash.ts';

const ENCODED = /^\$([56])\$(?:rounds=(\d+)\$)?([^$]{0,16})\$([./0-9A-Za-z]+)$/;
const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
const MAX_ROUNDS = 999_999_999;
/** Seconds of a round. */
const ROUND_SECONDS = 2e-6;

interface Scheme {
  readonly digest: 'sha256' | 'sha512';
  readonly bytes: number;
  /** Characters of the encoded digest. */
  readonly digits: number;
}

const SHA256: Scheme = { digest: 'sha256', bytes: 32, digits: 43 };
const SHA512: Scheme = { digest: 'sha512', bytes: 64, digits: 86 };

export function parseShaCrypt(text: string): ParsedHash | undefined {
  if (!/^\$[56]\$/.test(text)) return undefined;
  const found = ENCODED.exec(text);
  if (!found) return 'malformed-hash';
  const [, id, stated, salt = '', encoded = ''] = found;
  const scheme = id === '5' ? SHA256 : SHA512;
  const rounds = stated === undefined ? DEFAULT_ROUNDS : parseCost(stated);
  if (rounds === undefined || rounds < MIN_ROUNDS || rounds > MAX_ROUNDS) return 'malformed-hash';
  if (encoded.length !== scheme.digits) return 'malformed-hash';
  return {
    kind: `${scheme.digest}-crypt ${rounds} rounds`,
    seconds: rounds * ROUND_SECONDS,
    memoryBytes: 0,
    maxPasswordBytes: MAX_CRYPT_BYTES,
    verify: (password) =>
      password.length <= MAX_CRYPT_BYTES &&
      equalText(encode(derive(scheme, password, Buffer.from(salt), rounds)), encoded),
  };
}

/** As many bytes as asked for, of copies of `block`. */
function repeat(block: Uint8Array, bytes: number): Buffer {
  return bytes === 0 ? Buffer.alloc(0) : Buffer.alloc(bytes, block);
}

function derive({ digest, bytes }: Scheme, password: Uint8Array, salt: Buffer, rounds: number): Buffer {
  const sum = (parts: readonly Uint8Array[]): Buffer => hash(digest, Buffer.concat(parts), 'buffer');
  const { length } = password;
  // Steps 4 to 8.
  const b = sum([password, salt, password]);
  // Steps 1 to 3 and 9 to 12.
  const start: Uint8Array[] = [password, salt, repeat(b, length)];
  for (let bits = length; bits > 0; bits >>>= 1) start.push(bits & 1 ? b : password);
  const a = sum(start);
  // Steps 13 to 16.
  const p = repeat(sum([repeat(password, length * length)]), length);
  // Steps 17 to 20.
  const s = repeat(sum([repeat(salt, salt.length * (16 + (a[0] as number)))]), salt.length);
  // Step 21, in a buffer that all rounds share.
  const scratch = Buffer.alloc(2 * (length + bytes) + salt.length + length);
  let last = a;
  for (let round = 0; round < rounds; round++) {
    let end = (round & 1 ? p : last).copy(scratch, 0);
    if (round % 3 !== 0) end += s.copy(scratch, end);
    if (round % 7 !== 0) end += p.copy(scratch, end);
    end += (round & 1 ? last : p).copy(scratch, end);
    last = hash(digest, scratch.subarray(0, end), 'buffer');
  }
  return last;
}

/** Step 22: triples of bytes, a third of the digest apart, that turn by one place each time. */
function encode(digest: Buffer): string {
  const is512 = digest.length === 64;
  const third = is512 ? 21 : 10;
  let text = '';
  for (let i = 0; i < third; i++) {
    const places = [i, i + third, i + 2 * third];
    const turn = is512 ? i % 3 : (3 - (i % 3)) % 3;
    const [x = 0, y = 0, z = 0] = [0, 1, 2].map((k) => digest[places[(k + turn) % 3] as number] as number);
    text += cryptDigits((x << 16) | (y << 8) | z, 4);
  }
  if (is512) return text + cryptDigits(digest[63] as number, 2);
  return text + cryptDigits(((digest[31] as number) << 8) | (digest[30] as number), 3);
}
