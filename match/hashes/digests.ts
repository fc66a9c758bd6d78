// Single digests with their scheme in front: LDAP, NT, old Django and Werkzeug, MediaWiki.

import { createHmac, hash } from 'node:crypto';
import { md4 } from '../../ingest/md4.ts';
import { decodeBase64, decodeHex, equalBytes } from './encodings.ts';
import type { ParsedHash, StoredHash } from './stored-hash.ts';

/** Seconds of one digest. */
export const DIGEST_SECONDS = 3e-6;

export const DIGEST_BYTES = { md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;
export type DigestName = keyof typeof DIGEST_BYTES;

export const digestOf = (name: DigestName, ...parts: readonly Uint8Array[]): Buffer =>
  hash(name, Buffer.concat(parts), 'buffer');

/** MD4 of the password in UTF-16: the hash of Windows. */
export const ntOf = (password: Uint8Array): Buffer =>
  md4(Buffer.from(Buffer.from(password).toString('utf8'), 'utf16le'));

const digestHash = (kind: string, verify: StoredHash['verify']): StoredHash => ({
  kind,
  seconds: DIGEST_SECONDS,
  memoryBytes: 0,
  verify,
});

/** The names of directories, and those of Dovecot, which may name the encoding. */
const LDAP = /^\{(?:LDAP-|PLAIN-)?(S?)(MD5|SHA|SHA1|SHA224|SHA256|SHA384|SHA512)(\.HEX|\.B64|\.BASE64)?\}(.*)$/i;

/** Of the salts that directories write. Another length is that of a hash that was cut off. */
const LDAP_SALT_BYTES = [4, 8, 12, 16, 20, 24, 32, 64];

/** The base64 of a digest, and of the salt behind it. Roundup writes unsalted ones in hex. */
function parseLdap(text: string): ParsedHash | undefined {
  const found = LDAP.exec(text);
  if (!found) return undefined;
  const [, salted, scheme = '', encoding, encoded = ''] = found;
  const lower = scheme.toLowerCase();
  const name = (lower === 'sha' ? 'sha1' : lower) as DigestName;
  const bytes = DIGEST_BYTES[name];
  const isHex = encoding === undefined ? !salted && encoded.length === 2 * bytes : /hex/i.test(encoding);
  const decoded = isHex ? decodeHex(encoded) : decodeBase64(encoded);
  // Without its padding a text may be the beginning of another.
  if (!decoded || (!isHex && encoded.length % 4 !== 0)) return 'malformed-hash';
  const digest = decoded.subarray(0, bytes);
  const salt = decoded.subarray(bytes);
  if (!(salted ? LDAP_SALT_BYTES : [0]).includes(decoded.length - bytes)) return 'malformed-hash';
  return digestHash(`LDAP ${salted}${scheme}`.toUpperCase(), (password) =>
    equalBytes(digestOf(name, password, salt), digest),
  );
}

const NT = /^(?:\$NT\$|\$3\$\$|\{NT\}|\{NTHASH\})(.*)$/i;

function parseNt(text: string): ParsedHash | undefined {
  const [, hex] = NT.exec(text) ?? [];
  if (hex === undefined) return undefined;
  const digest = decodeHex(hex);
  if (digest?.length !== 16) return 'malformed-hash';
  return digestHash('NT', (password) => equalBytes(ntOf(password), digest));
}

const PREFIXED = /^(md5|sha1|sha224|sha256|sha384|sha512)\$([^$]*)\$(.*)$/;

/**
 * `sha1$salt$hex`. Django digests the salt and the password; Werkzeug 1 takes the salt for the key
 * of an HMAC. Both forms look the same.
 */
function parsePrefixed(text: string): ParsedHash | undefined {
  const found = PREFIXED.exec(text);
  if (!found) return undefined;
  const name = found[1] as DigestName;
  const salt = Buffer.from(found[2] as string);
  const digest = decodeHex(found[3] as string);
  if (digest?.length !== DIGEST_BYTES[name]) return 'malformed-hash';
  return digestHash(
    `salted ${name}`,
    (password) =>
      equalBytes(digestOf(name, salt, password), digest) ||
      equalBytes(createHmac(name, salt).update(password).digest(), digest),
  );
}

const MEDIAWIKI = /^:([AB]):(?:([^:]*):)?([^:]*)$/;

/** `:A:hex` of the password, `:B:salt:hex` of the salt, a hyphen and the hex of the password's. */
function parseMediaWiki(text: string): ParsedHash | undefined {
  if (!/^:[AB]:/.test(text)) return undefined;
  const [, type, salt, hex] = MEDIAWIKI.exec(text) ?? [];
  const digest = hex === undefined ? undefined : decodeHex(hex);
  if (digest?.length !== 16 || (type === 'B' && salt === undefined)) return 'malformed-hash';
  return digestHash(`MediaWiki ${type}`, (password) => {
    const inner = digestOf('md5', password);
    if (salt === undefined) return equalBytes(inner, digest);
    return equalBytes(digestOf('md5', Buffer.from(`${salt}-${inner.toString('hex')}`)), digest);
  });
}

/** Marks of locked accounts have fewer digits: a whole hash, or what is left of one. */
const MYSQL = /^\*([0-9A-F]{8,})$/i;

/** MySQL 4.1: SHA-1 twice. */
function parseMySql(text: string): ParsedHash | undefined {
  const [, hex] = MYSQL.exec(text) ?? [];
  if (hex === undefined) return undefined;
  const digest = decodeHex(hex);
  if (digest?.length !== DIGEST_BYTES.sha1) return 'malformed-hash';
  return digestHash('MySQL', (password) => equalBytes(digestOf('sha1', digestOf('sha1', password)), digest));
}

export const parseDigest = (text: string): ParsedHash | undefined =>
  parseLdap(text) ?? parseNt(text) ?? parsePrefixed(text) ?? parseMediaWiki(text) ?? parseMySql(text);
