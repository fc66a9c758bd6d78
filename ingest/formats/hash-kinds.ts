// What a text is the hash of, by its shape; and whether it is the hash of a plaintext.

import { hash } from 'node:crypto';
import { md4 } from '../md4.ts';

/** Hex digits of hashes, and what has as many. */
const HEX_KINDS: { readonly [digits: number]: string } = {
  16: 'hashes of old MySQL, or halves of MD5',
  32: 'MD5 or NTLM hashes',
  40: 'SHA-1 hashes',
  56: 'SHA-224 hashes',
  64: 'SHA-256 hashes',
  96: 'SHA-384 hashes',
  128: 'SHA-512 hashes',
};

const NAMED: readonly (readonly [RegExp, string])[] = [
  [/^\$2[abxy]?\$/, 'bcrypt hashes'],
  [/^\$1\$|^\$apr1\$/, 'md5crypt hashes'],
  [/^\$5\$/, 'sha256crypt hashes'],
  [/^\$6\$/, 'sha512crypt hashes'],
  [/^\$y\$|^\$7\$/, 'yescrypt or scrypt hashes'],
  [/^\$argon2|^argon2/, 'Argon2 hashes'],
  [/^\$[PH]\$/, 'phpass hashes'],
  [/^\$NT\$/, 'NTLM hashes'],
  [/^\$LM\$/, 'LM hashes'],
  [/^\$krb5/, 'Kerberos hashes'],
  [/^\*/, 'hashes of MySQL'],
  [/^\{/, 'hashes of LDAP'],
  [/^pbkdf2/i, 'PBKDF2 hashes'],
];

/** A hash with its algorithm in front. All of them have a length or a sign that passwords lack. */
const MARKED =
  /^(?:\$(?:2[abxy]?|1|5|6|7|y|P|H|S|NT|LM|apr1|scrypt|argon2[a-z]*|dynamic_\d+|krb5[a-z]+|[a-z0-9][a-z0-9_-]{2,30})\$\S{8,}|\*[0-9A-F]{40}|\{[A-Z0-9_-]{2,20}\}[\w+/=$.]{16,}|(?:pbkdf2_|argon2|bcrypt|scrypt:|sha1|sha256|md5)[a-z0-9_:]*\$\S{16,})$/i;

const isHex = (text: string): boolean => /^[0-9a-f]+$/i.test(text);

/** @returns what kind of hash it is, in the plural, or undefined if it is none */
export function hashKind(text: string): string | undefined {
  const kind = HEX_KINDS[text.length];
  if (kind !== undefined && isHex(text)) return kind;
  if (!MARKED.test(text)) return undefined;
  return NAMED.find(([pattern]) => pattern.test(text))?.[1] ?? 'salted hashes';
}

const DIGESTS: { readonly [digits: number]: readonly string[] } = {
  32: ['md5'],
  40: ['sha1'],
  64: ['sha256'],
  128: ['sha512'],
};

/** Whether a hash in hex is an unsalted one of the plaintext. */
export function isHashOf(hex: string, plain: string): boolean {
  const wanted = hex.toLowerCase();
  if (wanted.startsWith('$nt$')) return ntlmOf(plain) === wanted.slice(4);
  if ((DIGESTS[hex.length] ?? []).some((name) => hash(name, plain) === wanted)) return true;
  return hex.length === 32 && ntlmOf(plain) === wanted;
}

/** Whether a hash in hex is of the plaintext and the salt in either order. */
export const isSaltedHashOf = (hex: string, salt: string, plain: string): boolean =>
  (DIGESTS[hex.length] ?? []).some((name) =>
    [plain + salt, salt + plain, `${salt}:${plain}`, `${plain}:${salt}`].some(
      (text) => hash(name, text) === hex.toLowerCase(),
    ),
  );

const ntlmOf = (plain: string): string => md4(Buffer.from(plain, 'utf16le')).toString('hex');
