// Hashes of a column that is too short: none is taken for one that can be verified and never fits.

import { argon2Sync, createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import bcrypt from 'bcrypt';
import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { isFault } from '../../../match/hashes/stored-hash.ts';

const PASSWORD = 'Sunrise42';
const SALT = Buffer.from('f1e2d3c4b5a697887766554433221100', 'hex');
const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
const base64 = (bytes: Buffer): string => bytes.toString('base64');

function argon2(type: 'argon2i' | 'argon2d' | 'argon2id', tagLength: number): string {
  const cost = { parallelism: 1, memory: 8, passes: 1 };
  const tag = argon2Sync(type, { message: PASSWORD, nonce: SALT, tagLength, ...cost });
  return `$${type}$v=19$m=8,t=1,p=1$${bare(SALT)}$${bare(tag)}`;
}

function ldap(scheme: string, name: string, saltBytes: number): string {
  const salt = SALT.subarray(0, saltBytes);
  return `{${scheme}}${base64(Buffer.concat([createHash(name).update(PASSWORD).update(salt).digest(), salt]))}`;
}

const pbkdf2 = (bytes: number, digest: string): Buffer => pbkdf2Sync(PASSWORD, SALT, 10, bytes, digest);
const HASHES: readonly string[] = [
  ...([16, 20, 24, 32, 48, 64] as const).map((bytes) => argon2('argon2id', bytes)),
  argon2('argon2i', 32),
  argon2('argon2d', 32),
  `argon2${argon2('argon2id', 32)}`,
  ...[4, 8, 16].flatMap((bytes) => [
    ldap('SSHA', 'sha1', bytes),
    ldap('SMD5', 'md5', bytes),
    ldap('SSHA256', 'sha256', bytes),
    ldap('SSHA512', 'sha512', bytes),
  ]),
  ldap('SHA', 'sha1', 0),
  bcrypt.hashSync(PASSWORD, 4),
  `pbkdf2_sha256$10$${SALT.toString('hex')}$${base64(pbkdf2Sync(PASSWORD, SALT.toString('hex'), 10, 32, 'sha256'))}`,
  `$pbkdf2-sha512$10$${bare(SALT)}$${bare(pbkdf2(64, 'sha512'))}`,
  `$scrypt$ln=4,r=8,p=1$${bare(SALT)}$${bare(scryptSync(PASSWORD, SALT, 32, { N: 16, r: 8, p: 1 }))}`,
];

/** What an attacker's password file can do with a hash: nothing, fit, or never fit. */
function outcomeOf(text: string): string {
  const parsed = parseHash(text, undefined);
  if (isFault(parsed)) return parsed;
  return parsed.verify(Buffer.from(PASSWORD)) ? 'fits' : 'never fits';
}

/** A whole one of another length: these cannot be told apart. */
function looksWhole(text: string): boolean {
  const [, tag] = /\$argon2.*\$([^$]*)$/.exec(text) ?? [];
  if (tag !== undefined) return [16, 20, 24, 32, 48].includes(Buffer.from(tag, 'base64').length);
  const [, scheme = '', encoded = ''] = /^\{(SSHA512|SSHA256|SSHA|SMD5)\}(.*)$/.exec(text) ?? [];
  const digestBytes = { SSHA512: 64, SSHA256: 32, SSHA: 20, SMD5: 16 }[scheme] ?? 0;
  return [4, 8, 12].includes(Buffer.from(encoded, 'base64').length - digestBytes);
}

describe('a hash that was cut off', () => {
  test.each(HASHES.map((text) => [text] as const))('%s', (text) => {
    expect(outcomeOf(text)).toBe('fits');
    for (let end = text.length - 1; end > 0; end--) {
      const cut = text.slice(0, end);
      if (outcomeOf(cut) === 'never fits') expect(looksWhole(cut), cut).toBe(true);
    }
    expect(outcomeOf(`${text}.`)).toMatch(/malformed-hash|unknown-format/);
  });

  test('is malformed at most lengths that a column may have', () => {
    const text = argon2('argon2id', 32);
    const silent = Array.from({ length: 42 }, (_, i) => outcomeOf(text.slice(0, -1 - i))).filter(
      (outcome) => outcome === 'never fits',
    );
    // 24 bytes are a usual tag, and so are 16 and 20 if their last digit happens to be whole.
    expect(silent.length).toBeLessThanOrEqual(3);
  });
});

test('the kind of an Argon2 hash shows an unusual length, as a dry run prints it', () => {
  const kindOf = (text: string): unknown => (parseHash(text, undefined) as { kind?: string }).kind;
  const text = argon2('argon2id', 32);
  expect(kindOf(text)).toBe('argon2id m=8 t=1 p=1');
  expect(kindOf(text.slice(0, text.lastIndexOf('$') + 33))).toBe('argon2id m=8 t=1 p=1, 24 bytes');
});

test('ASP.NET Core Identity 2 is known by every salt', () => {
  for (let first = 0; first < 256; first += 5) {
    const salt = Buffer.from(SALT);
    salt[0] = first;
    const key = pbkdf2Sync(PASSWORD, salt, 1000, 32, 'sha1');
    expect(outcomeOf(base64(Buffer.concat([Buffer.of(0), salt, key])))).toBe('fits');
  }
});
