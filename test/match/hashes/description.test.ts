// Digests that operators describe.

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MatchError } from '../../../match/errors.ts';
import { parseDescription } from '../../../match/hashes/description.ts';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { storedHash } from '../../support/hashes/verified.ts';

const hex = (algorithm: string, text: string | Buffer): string => createHash(algorithm).update(text).digest('hex');
const pepper = Buffer.from('pepper');

describe('a described digest', () => {
  test.each([
    ['md5(password)', hex('md5', 'secret'), undefined],
    ['md5(password)', hex('md5', 'secret').toUpperCase(), undefined],
    ['sha256(salt + password)', hex('sha256', 'abcsecret'), 'abc'],
    ['sha256(salt+password)', createHash('sha256').update('abcsecret').digest('base64'), 'abc'],
    ['sha256(salt + password)', createHash('sha256').update('abcsecret').digest('base64url'), 'abc'],
    ['sha512(password + ":" + salt)', hex('sha512', 'secret:abc'), 'abc'],
    // vBulletin: an inner digest stands for its hex digits.
    ['md5(md5(password) + salt)', hex('md5', `${hex('md5', 'secret')}abc`), 'abc'],
    ['sha1(raw(sha1(password)))', hex('sha1', createHash('sha1').update('secret').digest()), undefined],
    ['md5(upper(md5(password)))', hex('md5', hex('md5', 'secret').toUpperCase()), undefined],
    ['upper(md5(password))', hex('md5', 'secret').toUpperCase(), undefined],
    ['sha1(base64(sha256(password)))', hex('sha1', createHash('sha256').update('secret').digest('base64')), undefined],
    // ASP.NET membership: base64 of the salt's bytes and the password in UTF-16.
    [
      'sha1(unbase64(salt) + utf16le(password))',
      createHash('sha1')
        .update(Buffer.from('c2FsdA==', 'base64'))
        .update(Buffer.from('secret', 'utf16le'))
        .digest('base64'),
      'c2FsdA==',
    ],
    ['hmac-sha256(pepper, salt + password)', createHmac('sha256', 'pepper').update('abcsecret').digest('hex'), 'abc'],
    ['sha256(password + pepper)', hex('sha256', 'secretpepper'), undefined],
    ['sha256(unhex(salt) + password)', hex('sha256', '\x01\x02secret'), '0102'],
    ['nt(password)', '878d8014606cda29677a44efa1353fc7', undefined],
  ])('%s verifies its hash', (description, hash, salt) => {
    const stored = storedHash(hash, { description: parseDescription(description), pepper }, salt);
    expect(stored.kind).toBe('digest of --hash-format');
    expect(stored.verify(Buffer.from('secret'))).toBe(true);
    expect(stored.verify(Buffer.from('secret '))).toBe(false);
  });

  test('names what it needs', () => {
    expect(parseDescription('md5(password)')).toMatchObject({ needsSalt: false, needsPepper: false });
    expect(parseDescription('md5(salt + password + pepper)')).toMatchObject({ needsSalt: true, needsPepper: true });
  });

  test('is asked only for hashes that no scheme recognises', () => {
    const options = { description: parseDescription('md5(password)') };
    expect(storedHash('$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1', options).kind).toBe('md5-crypt');
    expect(parseHash('!', undefined, options)).toBe('login-disabled');
    expect(parseHash('', undefined, options)).toBe('no-hash');
  });

  test('leaves hashes of ASP.NET, which have no mark, to their scheme where they are no such digest', () => {
    const identity = Buffer.concat([Buffer.of(0), Buffer.alloc(48, 1)]).toString('base64');
    for (const description of ['md5(password)', 'sha1(unbase64(salt) + utf16le(password))'])
      expect(storedHash(identity, { description: parseDescription(description) }).kind).toMatch(/^pbkdf2-sha1/);
    // A digest that begins as such a hash does.
    const digest = Buffer.concat([Buffer.of(1, 0, 0, 0, 1), Buffer.alloc(59, 1)]).toString('base64');
    const options = { description: parseDescription('sha512(password)') };
    expect(storedHash(digest, options).kind).toBe('digest of --hash-format');
  });

  test.each([
    ['md5(password)', '5f4dcc3b5aa765d61d8327deb882cf', undefined, 'malformed-hash'],
    ['md5(password)', 'zz4dcc3b5aa765d61d8327deb882cf99', undefined, 'malformed-hash'],
    ['md5(salt + password)', '5f4dcc3b5aa765d61d8327deb882cf99', undefined, 'no-salt'],
    ['md5(salt + password)', '5f4dcc3b5aa765d61d8327deb882cf99', '', 'no-salt'],
    ['md5(unhex(salt) + password)', '5f4dcc3b5aa765d61d8327deb882cf99', 'xyz', 'malformed-hash'],
  ])('%s finds %s with salt %j %s', (description, hash, salt, fault) => {
    expect(parseHash(hash, salt, { description: parseDescription(description) })).toBe(fault);
  });
});

describe('a malformed description', () => {
  test.each([
    ['', 'ends too early'],
    ['password', 'has no digest'],
    ['md5(salt)', 'has no password'],
    ['md5(password', 'ends too early'],
    ['md5(password))', 'something follows'],
    ['md5(password +)', 'where a term should be'],
    ['crc32(password)', 'no function crc32'],
    ['constructor(password)', 'no function constructor'],
    ['md5(password, salt)', 'no function md5 takes 2 arguments'],
    ['hmac-sha256(password)', 'no function hmac-sha256'],
    ['md5[password]', 'character 4 is unexpected'],
    ['md5("password)', 'character 5 is unexpected'],
    [`${'md5('.repeat(20)}password${')'.repeat(20)}`, 'nested too deeply'],
    [`md5(password + "${'x'.repeat(600)}")`, 'too long'],
  ])('%s is refused', (text, why) => {
    expect(() => parseDescription(text)).toThrow(MatchError);
    expect(() => parseDescription(text)).toThrow(why);
  });
});
