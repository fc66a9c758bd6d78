// What kind of hash a text is, by its shape.

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

/** Whether the algorithm stands in front: these contain their salt, or have none. */
export const isMarkedKind = (kind: string): boolean => !/^(?:MD5|SHA|hashes of old|hashes of several)/.test(kind);

/** A hash with its algorithm in front. All of them have a length or a sign that passwords lack. */
const MARKED =
  /^(?:\$(?:2[abxy]?|1|5|6|7|y|P|H|S|NT|LM|apr1|scrypt|argon2[a-z]*|dynamic_\d+|krb5[a-z]+|[a-z0-9][a-z0-9_-]{2,30})\$[^\s;|]{8,}|\*[0-9A-F]{40}|\{[A-Z0-9_-]{2,20}\}[\w+/=$.]{16,}|(?:pbkdf2_|argon2|bcrypt|scrypt:|sha1|sha256|md5)[a-z0-9_:]*\$\S{16,})$/i;

export const isHex = (text: string): boolean => /^[0-9a-f]+$/i.test(text);

/** @returns what kind of hash it is, in the plural, or undefined if it is none */
export function hashKind(text: string): string | undefined {
  const kind = HEX_KINDS[text.length];
  if (kind !== undefined && isHex(text)) return kind;
  if (!MARKED.test(text)) return undefined;
  return NAMED.find(([pattern]) => pattern.test(text))?.[1] ?? 'salted hashes';
}
