// scrypt (RFC 7914): Django, Werkzeug, passlib and crypt(3).

import { scryptSync } from 'node:crypto';
import { CRYPT_DIGITS, cryptText, decodeBase64, decodeHex, equalBytes, equalText, parseCost } from './encodings.ts';
import { KEY_BYTES, type ParsedHash } from './stored-hash.ts';

/** Seconds for each block of 128 bytes. */
const BLOCK_SECONDS = 4e-7;
/** What PBKDF2 takes for a block, in such blocks. */
const PBKDF2_ROUNDS = 4;

interface Cost {
  readonly n: number | undefined;
  readonly r: number | undefined;
  readonly p: number | undefined;
}

/** @param matches compares a derived key */
function scryptHash(
  { n, r, p }: Cost,
  salt: Buffer | undefined,
  keyBytes: number,
  matches: (key: Buffer) => boolean,
): ParsedHash {
  if (n === undefined || r === undefined || p === undefined || !salt || !KEY_BYTES.includes(keyBytes))
    return 'malformed-hash';
  // RFC 7914 §2.
  if (n < 2 || !Number.isInteger(Math.log2(n)) || r * p >= 2 ** 30) return 'malformed-hash';
  const memoryBytes = 128 * r * (n + p + 2);
  return {
    kind: `scrypt N=${n} r=${r} p=${p}`,
    seconds: (n + PBKDF2_ROUNDS) * r * p * BLOCK_SECONDS,
    memoryBytes,
    verify: (password) => matches(scryptSync(password, salt, keyBytes, { N: n, r, p, maxmem: memoryBytes + 1024 })),
  };
}

function ofKey(cost: Cost, salt: Buffer | undefined, key: Buffer | undefined): ParsedHash {
  return scryptHash(cost, salt, key?.length ?? 0, (derived) => key !== undefined && equalBytes(derived, key));
}

/** Django: `scrypt$16384$salt$8$1$base64`. */
const DJANGO = /^scrypt\$([^$]*)\$([^$]*)\$([^$]*)\$([^$]*)\$([^$]*)$/;
/** Werkzeug: `scrypt:32768:8:1$salt$hex`. */
const WERKZEUG = /^scrypt:([^:$]*):([^:$]*):([^:$]*)\$([^$]*)\$([^$]*)$/;
/** Passlib: `$scrypt$ln=16,r=8,p=1$salt$base64`. */
const PASSLIB = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]*)\$([^$]*)$/;
/** crypt(3): `$7$`, a digit of log2(N), five each of r and p, the salt, and 43 digits. */
const CRYPT = /^\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})([^$]*)\$([./0-9A-Za-z]{43})$/;

const cryptNumber = (digits: string): number =>
  [...digits].reduce((sum, digit, i) => sum + CRYPT_DIGITS.indexOf(digit) * 64 ** i, 0);

export function parseScrypt(text: string): ParsedHash | undefined {
  if (!/^(?:scrypt[:$]|\$scrypt\$|\$7\$)/.test(text)) return undefined;
  const django = DJANGO.exec(text);
  if (django) {
    const [, n, salt = '', r, p, key = ''] = django;
    return ofKey({ n: parseCost(n), r: parseCost(r), p: parseCost(p) }, Buffer.from(salt), decodeBase64(key));
  }
  const werkzeug = WERKZEUG.exec(text);
  if (werkzeug) {
    const [, n, r, p, salt = '', key = ''] = werkzeug;
    return ofKey({ n: parseCost(n), r: parseCost(r), p: parseCost(p) }, Buffer.from(salt), decodeHex(key));
  }
  const passlib = PASSLIB.exec(text);
  if (passlib) {
    const [, log, r, p, salt = '', key = ''] = passlib;
    const n = 2 ** (parseCost(log) ?? 0);
    return ofKey({ n, r: parseCost(r), p: parseCost(p) }, decodeBase64(salt), decodeBase64(key));
  }
  const crypt = CRYPT.exec(text);
  if (!crypt) return 'malformed-hash';
  const [, log = '', r = '', p = '', salt = '', key = ''] = crypt;
  const cost = { n: 2 ** cryptNumber(log), r: cryptNumber(r) || undefined, p: cryptNumber(p) || undefined };
  return scryptHash(cost, Buffer.from(salt), 32, (derived) => equalText(cryptText(derived), key));
}
