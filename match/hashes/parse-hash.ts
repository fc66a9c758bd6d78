// Reads the hash of a row: finds its scheme, and holds its cost to the limits.

import { parseArgon2 } from './argon2.ts';
import { parseBcrypt } from './bcrypt.ts';
import { parseMd5Crypt } from './crypt-md5.ts';
import { parseShaCrypt } from './crypt-sha.ts';
import type { HashDescription } from './description.ts';
import { parseDigest } from './digests.ts';
import { parseKeycloak } from './keycloak.ts';
import { parseAspNet, parsePbkdf2 } from './pbkdf2.ts';
import { parsePhpass } from './phpass.ts';
import { parseScrypt } from './scrypt.ts';
import { DEFAULT_HASH_LIMITS, type HashLimits, isFault, type ParsedHash, type ParseHash } from './stored-hash.ts';
import { unwrapHash } from './wrapped.ts';

export interface HashOptions {
  readonly limits?: HashLimits;
  /** Of hashes that no scheme recognises. */
  readonly description?: HashDescription;
  readonly pepper?: Buffer;
}

/** Each recognises its texts by their start: no two take the same. */
const SCHEMES: readonly ParseHash[] = [
  parseBcrypt,
  parseArgon2,
  parsePbkdf2,
  parseScrypt,
  parsePhpass,
  parseShaCrypt,
  parseMd5Crypt,
  parseDigest,
  parseKeycloak,
];

/** Keycloak's two JSON texts, the longest of all, take a few hundred. */
const MAX_LENGTH = 8192;
/** What exports write for NULL. */
const NULLS = ['', 'NULL', 'null', '\\N'];
/** shadow(5), Django, and what PHP returns in place of a hash. */
const DISABLED = /^(?:[!*]|x$)/;
/** yescrypt, GOST and SM3 crypt, sha1-crypt, Sun MD5, DES crypt with `_`, LM, and FSHP. */
const UNSUPPORTED = /^(?:\$(?:y|gy|sm3|sha1|md5|LM)[$,]|_[./0-9A-Za-z]{19}$|\{(?:FSHP|LANMAN|SASL|CLEARTEXT|noop))/;

/** @param hash undefined if the row has none */
export function parseHash(hash: string | undefined, salt: string | undefined, options: HashOptions = {}): ParsedHash {
  const { limits = DEFAULT_HASH_LIMITS, description, pepper = Buffer.alloc(0) } = options;
  const text = hash?.trim() ?? '';
  if (NULLS.includes(text)) return 'no-hash';
  if (text.length > MAX_LENGTH) return 'malformed-hash';
  const parsed = parseScheme(text) ?? parseUnmarked(text, description?.parse(text, salt, pepper));
  if (parsed === undefined) return 'unknown-format';
  if (isFault(parsed)) return parsed;
  return parsed.seconds > limits.seconds || parsed.memoryBytes > limits.memoryBytes ? 'too-costly' : parsed;
}

/** ASP.NET's hashes have no mark: a digest of the same length is what the description says. */
const parseUnmarked = (text: string, described: ParsedHash | undefined): ParsedHash | undefined =>
  described === undefined || isFault(described) ? (parseAspNet(text) ?? described) : described;

function parseScheme(text: string): ParsedHash | undefined {
  const inner = unwrapHash(text);
  for (const parse of SCHEMES) {
    const parsed = parse(inner);
    if (parsed !== undefined) return parsed;
  }
  if (DISABLED.test(text)) return 'login-disabled';
  return UNSUPPORTED.test(inner) ? 'unsupported-hash' : undefined;
}
