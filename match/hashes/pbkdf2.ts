// PBKDF2 (RFC 8018): Django, Werkzeug, passlib, LDAP, Dovecot, MediaWiki, Atlassian and ASP.NET
// Core Identity.

import { pbkdf2Sync } from 'node:crypto';
import { decodeBase64, decodeHex, equalBytes, parseCost } from './encodings.ts';
import { MIN_DIGEST_BYTES, type ParsedHash } from './stored-hash.ts';

const DIGEST_BYTES = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;
export type Pbkdf2Digest = keyof typeof DIGEST_BYTES;

/** Seconds of an iteration. */
const ITERATION_SECONDS = 6e-7;

const isDigest = (name: string): name is Pbkdf2Digest => Object.hasOwn(DIGEST_BYTES, name);

/**
 * The blocks of a long key are independent of each other: the first one decides, as it takes a
 * fraction of the time.
 */
export function pbkdf2Hash(
  digest: string,
  iterations: number | undefined,
  salt: Buffer | undefined,
  key: Buffer | undefined,
): ParsedHash {
  if (!isDigest(digest)) return 'unsupported-hash';
  if (iterations === undefined || !salt || !key || key.length < MIN_DIGEST_BYTES) return 'malformed-hash';
  const first = key.subarray(0, DIGEST_BYTES[digest]);
  return {
    kind: `pbkdf2-${digest} ${iterations} iterations`,
    seconds: iterations * ITERATION_SECONDS,
    memoryBytes: 0,
    verify: (password) => equalBytes(pbkdf2Sync(password, salt, iterations, first.length, digest), first),
  };
}

/** Django: `pbkdf2_sha256$390000$salt$base64`. */
const DJANGO = /^pbkdf2_(\w+)\$([^$]*)\$([^$]*)\$([^$]*)$/;
/** Werkzeug: `pbkdf2:sha256:600000$salt$hex`. */
const WERKZEUG = /^pbkdf2:(\w+):([^$:]*)\$([^$]*)\$([^$]*)$/;
/** Passlib: `$pbkdf2-sha256$29000$salt$base64`, and `$pbkdf2$` for SHA-1. */
const PASSLIB = /^\$pbkdf2(?:-(\w+))?\$([^$]*)\$([^$]*)\$([^$]*)$/;
/** LDAP: `{PBKDF2-SHA256}10000$salt$base64`, and `{PBKDF2}` for SHA-1. */
const LDAP = /^\{PBKDF2(?:-(\w+))?\}([^$]*)\$([^$]*)\$([^$]*)$/i;
/** Dovecot: `{PBKDF2}$1$salt$5000$hex`, of SHA-1. */
const DOVECOT = /^\{PBKDF2\}\$1\$([^$]*)\$([^$]*)\$([^$]*)$/i;
/** MediaWiki: `:pbkdf2:sha512:30000:64:salt:base64`. */
const MEDIAWIKI = /^:pbkdf2:(\w+):([^:]*):([^:]*):([^:]*):([^:]*)$/;
/** Atlassian: 16 bytes of salt and 32 of the key. */
const ATLASSIAN = /^\{PKCS5S2\}(.*)$/;

export function parsePbkdf2(text: string): ParsedHash | undefined {
  const django = DJANGO.exec(text);
  if (django) {
    const [, digest = '', iterations, salt = '', key = ''] = django;
    return pbkdf2Hash(digest, parseCost(iterations), Buffer.from(salt), decodeBase64(key));
  }
  const werkzeug = WERKZEUG.exec(text);
  if (werkzeug) {
    const [, digest = '', iterations, salt = '', key = ''] = werkzeug;
    return pbkdf2Hash(digest, parseCost(iterations), Buffer.from(salt), decodeHex(key));
  }
  const passlib = PASSLIB.exec(text) ?? LDAP.exec(text);
  if (passlib) {
    const [, digest = 'sha1', iterations, salt = '', key = ''] = passlib;
    return pbkdf2Hash(digest.toLowerCase(), parseCost(iterations), decodeBase64(salt), decodeBase64(key));
  }
  const dovecot = DOVECOT.exec(text);
  if (dovecot) {
    const [, salt = '', iterations, key = ''] = dovecot;
    return pbkdf2Hash('sha1', parseCost(iterations), Buffer.from(salt), decodeHex(key));
  }
  const mediaWiki = MEDIAWIKI.exec(text);
  if (mediaWiki) {
    const [, digest = '', iterations, length, salt = '', key = ''] = mediaWiki;
    const bytes = decodeBase64(key);
    if (bytes?.length !== parseCost(length)) return 'malformed-hash';
    return pbkdf2Hash(digest, parseCost(iterations), decodeBase64(salt), bytes);
  }
  const atlassian = ATLASSIAN.exec(text);
  if (!atlassian) return undefined;
  const bytes = decodeBase64(atlassian[1] as string);
  if (bytes?.length !== 48) return 'malformed-hash';
  return pbkdf2Hash('sha1', 10_000, bytes.subarray(0, 16), bytes.subarray(16));
}

const ASPNET_V2_BYTES = 49;
const ASPNET_V3_HEADER = 13;
const MIN_ASPNET_PART = 16;
const ASPNET_DIGESTS = ['sha1', 'sha256', 'sha512'] as const;

/** ASP.NET Core Identity: a version byte, and in version 3 PRF, iterations and salt length. */
export function parseAspNet(text: string): ParsedHash | undefined {
  // The second digit has the version's lowest bits, and the first ones of what follows: of version
  // 2 the salt.
  if (!/^A[A-Q][A-Za-z0-9+/]{30,}={0,2}$/.test(text)) return undefined;
  const bytes = decodeBase64(text);
  if (!bytes || bytes.toString('base64') !== text) return undefined;
  if (bytes[0] === 0 && bytes.length === ASPNET_V2_BYTES)
    return pbkdf2Hash('sha1', 1000, bytes.subarray(1, 17), bytes.subarray(17));
  if (bytes[0] !== 1 || bytes.length < ASPNET_V3_HEADER) return undefined;
  const digest = ASPNET_DIGESTS[bytes.readUInt32BE(1)];
  const saltBytes = bytes.readUInt32BE(9);
  const key = bytes.subarray(ASPNET_V3_HEADER + saltBytes);
  if (digest === undefined || saltBytes < MIN_ASPNET_PART || key.length < MIN_ASPNET_PART) return 'malformed-hash';
  const salt = bytes.subarray(ASPNET_V3_HEADER, ASPNET_V3_HEADER + saltBytes);
  return pbkdf2Hash(digest, bytes.readUInt32BE(5) || undefined, salt, key);
}
