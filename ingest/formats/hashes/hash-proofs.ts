// Computes hashes of plaintexts, for a few lines of a text: what stands beside a hash is its
// plaintext only if the hash is of it, and a salt, a count or the name of a file otherwise.

import { createHmac, hash } from 'node:crypto';
import { md4 } from '../../md4.ts';
import { isHex } from './hash-kinds.ts';

/** Lines whose hashes are computed. */
const COMPUTED_LINES = 150;

/** A hash that takes microseconds to compute. */
interface Digest {
  /** In lower case. */
  readonly hex: string;
  /** Of those that state one; otherwise every algorithm of this length is tried. */
  readonly algorithm?: (plain: Buffer) => string;
}

type Hash = (...parts: readonly (Buffer | string)[]) => string;

const digestBy =
  (name: string): Hash =>
  (...parts) =>
    hash(name, Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));

const [md5, sha1, sha224, sha256, sha384, sha512] = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map(
  digestBy,
) as [Hash, Hash, Hash, Hash, Hash, Hash];
const NAMES: { readonly [digits: number]: string } = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

const ntlm = (plain: Buffer): string => md4(Buffer.from(plain.toString('utf8'), 'utf16le')).toString('hex');
const mysql = (plain: Buffer): string => sha1(Buffer.from(sha1(plain), 'hex'));

/** `PASSWORD()` of MySQL before 4.1. */
function oldMysql(plain: Buffer): string {
  let [first, second, add] = [1_345_345_333n, 0x12345671n, 7n];
  for (const byte of plain) {
    if (byte === 0x20 || byte === 0x09) continue;
    first ^= ((first & 63n) + add) * BigInt(byte) + (first << 8n);
    second += (second << 8n) ^ first;
    [first, second] = [first & 0xffffffffffffn, second & 0xffffffffffffn];
    add += BigInt(byte);
  }
  return [first, second].map((half) => (half & 0x7fffffffn).toString(16).padStart(8, '0')).join('');
}

/** What is computed of a plaintext, by the hex digits of the hash. */
const UNSALTED: { readonly [digits: number]: readonly ((plain: Buffer) => string)[] } = {
  16: [oldMysql, (plain) => md5(plain).slice(8, 24), (plain) => md5(plain).slice(0, 16)],
  32: [md5, ntlm, (plain) => md5(md5(plain)), (plain) => md5(sha1(plain))],
  40: [sha1, mysql, (plain) => sha1(sha1(plain)), (plain) => sha1(md5(plain))],
  56: [sha224],
  64: [sha256],
  96: [sha384],
  128: [sha512],
};

const LDAP = /^\{S?(SHA|MD5|SHA256|SHA384|SHA512)\}([A-Za-z0-9+/]+={0,2})$/i;

/** @returns undefined for hashes that are slow or unknown */
function digestOf(text: string): Digest | undefined {
  if (isHex(text)) return UNSALTED[text.length] && { hex: text.toLowerCase() };
  const marked = /^(\$NT\$|\$dynamic_0\$|\*)([0-9a-f]{32}|[0-9a-f]{40})$/i.exec(text);
  if (marked) {
    const [, sign = '', hex = ''] = marked;
    return { hex: hex.toLowerCase(), algorithm: sign === '*' ? mysql : sign.length === 4 ? ntlm : md5 };
  }
  const [, name = '', base64 = ''] = LDAP.exec(text) ?? [];
  if (name === '') return undefined;
  const hashed = digestBy(name.toLowerCase().replace(/^sha$/, 'sha1'));
  const bytes = Buffer.from(base64, 'base64');
  const length = hashed('').length / 2;
  const hex = bytes.toString('hex', 0, length);
  return { hex, algorithm: (plain) => hashed(plain, bytes.subarray(length)) };
}

/** Whether it takes microseconds to see if the hash is of a plaintext. */
export const isComputable = (text: string): boolean => digestOf(text) !== undefined;

/** The bytes that a field may stand for: `$HEX[…]`, or its text in UTF-8 or Latin-1. */
function bytesOf(plain: string): Buffer[] {
  const hex = /^\$HEX\[((?:[0-9a-f]{2})*)\]$/i.exec(plain)?.[1];
  const bytes = Buffer.from(hex ?? plain, hex === undefined ? 'utf8' : 'hex');
  return bytes.length === plain.length ? [bytes] : [bytes, Buffer.from(plain, 'latin1')];
}

/** Whether an unsalted hash, or one that contains its salt, is of the plaintext. */
export function isHashOf(text: string, plain: string): boolean {
  const digest = digestOf(text);
  if (!digest) return false;
  const { hex, algorithm } = digest;
  const algorithms = algorithm ? [algorithm] : (UNSALTED[hex.length] ?? []);
  return bytesOf(plain).some((bytes) => algorithms.some((compute) => compute(bytes) === hex));
}

/** The usual ways to hash a plaintext with a salt. */
function saltedHashes(name: string, plain: Buffer, salt: Buffer): string[] {
  const of = digestBy(name);
  const hmac = (key: Buffer, text: Buffer): string => createHmac(name, key).update(text).digest('hex');
  const wide = Buffer.from(plain.toString('utf8'), 'utf16le');
  return [
    of(plain, salt),
    of(salt, plain),
    of(plain, ':', salt),
    of(salt, ':', plain),
    of(salt, plain, salt),
    of(of(plain), salt),
    of(salt, of(plain)),
    of(of(salt), of(plain)),
    of(of(plain), of(salt)),
    of(wide, salt),
    of(salt, wide),
    hmac(plain, salt),
    hmac(salt, plain),
  ];
}

/** Whether a hash in hex is of the plaintext and the salt, which may be in hex too. */
export function isSaltedHashOf(text: string, salt: string, plain: string): boolean {
  const name = NAMES[text.length];
  if (name === undefined || !isComputable(text)) return false;
  const salts = [Buffer.from(salt), ...(isHexText(salt) ? [Buffer.from(salt, 'hex')] : [])];
  const hex = text.toLowerCase();
  return bytesOf(plain).some((bytes) => salts.some((salted) => saltedHashes(name, bytes, salted).includes(hex)));
}

/** Whether it may be bytes in hex. */
export const isHexText = (text: string): boolean => text.length % 2 === 0 && isHex(text);

/** The share of the pairs for which `isProof` holds, of some from all over the text. */
export function provenShare<T>(pairs: readonly T[], isProof: (pair: T) => boolean): number {
  const step = Math.max(1, pairs.length / COMPUTED_LINES);
  const some = pairs.slice(0, COMPUTED_LINES).map((_, i) => pairs[Math.floor(i * step)] as T);
  return some.filter(isProof).length / Math.max(1, some.length);
}
