// bcrypt, and the schemes that digest the password before it: WordPress, Django and passlib.

import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { CRYPT_DIGITS, equalText, parseCost } from './encodings.ts';
import type { ParsedHash } from './stored-hash.ts';

/** Seconds of 2^0 rounds. */
const ROUND_SECONDS = 6e-5;
const MIN_COST = 4;
const MAX_COST = 31;
const NUL = 0;

type Bcrypt = typeof import('bcrypt');

const require = createRequire(import.meta.url);
let addon: Bcrypt | undefined;

/**
 * Loaded at the first hash: a thread that is ended while it loads native code ends the whole
 * process, and a small table is done before the last thread has its modules.
 */
function bcrypt(): Bcrypt {
  addon ??= require('bcrypt') as Bcrypt;
  return addon;
}

type Prepare = (password: Uint8Array) => Uint8Array;

const asIs: Prepare = (password) => password;

/** bcrypt's digits, in the order of their values; crypt(3) has others. */
const DIGITS = `./${CRYPT_DIGITS.slice(12)}0123456789`;

/** Clears the bits of the last digit that no byte fills: some writers leave them set. */
function clearPadding(digits: string, bits: number): string {
  const value = DIGITS.indexOf(digits.at(-1) as string);
  return digits.slice(0, -1) + DIGITS[(value >> bits) << bits];
}

/**
 * @param salt 22 digits
 * @param digest 31 digits
 * @param prepare what the scheme makes of the password first
 */
function bcryptHash(
  name: string,
  cost: number | undefined,
  salt: string,
  digest: string,
  prepare: Prepare = asIs,
): ParsedHash {
  if (cost === undefined || cost < MIN_COST || cost > MAX_COST) return 'malformed-hash';
  // 2a, 2b and 2y name the same function; they were told apart to mark mended implementations.
  // This name has no wrap of lengths at 256 bytes: bytes after the 72nd do not count.
  const setting = `$2b$${String(cost).padStart(2, '0')}$${clearPadding(salt, 4)}`;
  const wanted = clearPadding(digest, 2);
  const matches = (password: Uint8Array): boolean =>
    equalText(bcrypt().hashSync(Buffer.from(password), setting).slice(setting.length), wanted);
  return {
    kind: `${name} cost ${cost}`,
    seconds: 2 ** cost * ROUND_SECONDS,
    memoryBytes: 0,
    verify(password) {
      const prepared = prepare(password);
      if (matches(prepared)) return true;
      // Where passwords are strings of C, a NUL ends them.
      const end = prepared.indexOf(NUL);
      return end > 0 && matches(prepared.subarray(0, end));
    },
  };
}

const BCRYPT = /^\$2([abxy]?)\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;

function parseEncoded(name: string, text: string, prepare?: Prepare): ParsedHash {
  const found = BCRYPT.exec(text);
  if (!found) return 'malformed-hash';
  const [, variant, cost = '', salt = '', digest = ''] = found;
  // 2 lacks the final NUL, and 2x reads bytes above 127 wrongly.
  if (variant === 'x' || variant === '') return 'unsupported-hash';
  return bcryptHash(name, parseCost(cost.replace(/^0/, '')), salt, digest, prepare);
}

/** WordPress 6.8. The key separates domains; it is no secret. */
const wordPress: Prepare = (password) =>
  Buffer.from(createHmac('sha384', 'wp-sha384').update(password).digest('base64'));
const djangoSha256: Prepare = (password) => Buffer.from(createHash('sha256').update(password).digest('hex'));

/** Passlib, version 1 and version 2, whose digest is keyed with the salt. */
const PASSLIB_1 = /^\$bcrypt-sha256\$2[ab],(\d+)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/;
const PASSLIB_2 = /^\$bcrypt-sha256\$v=2,t=2b,r=(\d+)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/;

function parsePasslib(text: string): ParsedHash {
  const keyed = PASSLIB_2.exec(text);
  const found = keyed ?? PASSLIB_1.exec(text);
  if (!found) return 'malformed-hash';
  const [, cost, salt = '', digest = ''] = found;
  const prepare: Prepare = (password) => {
    const hash = keyed ? createHmac('sha256', salt) : createHash('sha256');
    return Buffer.from(hash.update(password).digest('base64'));
  };
  return bcryptHash('bcrypt-sha256', parseCost(cost), salt, digest, prepare);
}

/** MediaWiki: `:bcrypt:9$salt$digest`. */
const MEDIAWIKI = /^:bcrypt:(\d{1,2})\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/;

export function parseBcrypt(text: string): ParsedHash | undefined {
  if (/^\$2[a-z]?\$/.test(text)) return parseEncoded('bcrypt', text);
  if (text.startsWith('$wp$2')) return parseEncoded('WordPress bcrypt', text.slice(3), wordPress);
  if (text.startsWith('bcrypt_sha256$$'))
    return parseEncoded('bcrypt-sha256', text.slice('bcrypt_sha256$'.length), djangoSha256);
  if (text.startsWith('$bcrypt-sha256$')) return parsePasslib(text);
  if (!text.startsWith(':bcrypt:')) return undefined;
  const [, cost, salt = '', digest = ''] = MEDIAWIKI.exec(text) ?? [];
  return bcryptHash('bcrypt', parseCost(cost), salt, digest);
}
