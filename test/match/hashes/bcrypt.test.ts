// bcrypt and the schemes on top of it.

import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { storedHash, testVectors, UPASS_TABLE } from '../../support/hashes/verified.ts';

const OPENWALL_SALT = '$2a$05$/OK.fbVrR/bpIqNJ5ianF.';
const repeated = (hex: string, times: number): Buffer => Buffer.from(hex.repeat(times), 'hex');

describe('bcrypt', () => {
  // Openwall crypt_blowfish 1.2, as in passlib's tests and MediaWiki's BcryptPasswordTest.php.
  testVectors(
    'crypt_blowfish',
    [
      ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
      ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
      ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
      [
        '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
        '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
      ],
      [repeated('a3', 1), `${OPENWALL_SALT}Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq`],
      [repeated('ffa3333435', 1), `${OPENWALL_SALT}nRht2l/HRhr6zmCp9vYUvvsqynflf9e`],
      [Buffer.from('a36162', 'hex'), `${OPENWALL_SALT}6IflQkJytoRVc1yuaNtHfiuq.FRlSIS`],
      [repeated('aa', 72), `${OPENWALL_SALT}swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6`],
      [repeated('aa55', 36), `${OPENWALL_SALT}R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy`],
      [repeated('55aaff', 24), `${OPENWALL_SALT}9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe`],
    ],
    /^bcrypt cost 5$/,
  );

  // py-bcrypt, as in passlib's tests.
  testVectors(
    'py-bcrypt',
    [
      ['a', '$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u'],
      ['~!@#$%^&*()      ~!@#$%^&*()PNBFRD', '$2a$10$LgfYWkbzEvQ4JakH7rOvHe0y8pHKF9OaFgwUZ2q7W2FFZmZzJYlfS'],
    ],
    /^bcrypt cost 10$/,
  );

  // test_90_bcrypt_padding of passlib: the last digit of salt or digest has bits of no byte.
  testVectors(
    'passlib (padding)',
    [
      ['test', '$2a$04$yjDgE74RJkeqC0/1NheSScrvKeu9IbKDpcQf/Ox3qsrRS/Kw42qIS'],
      ['test', '$2a$04$yjDgE74RJkeqC0/1NheSSOrvKeu9IbKDpcQf/Ox3qsrRS/Kw42qIV'],
    ],
    /^bcrypt cost 4$/,
  );

  // roots/wp-password-bcrypt, tests/unit/UserPasswordTest.php.
  testVectors(
    'wp-password-bcrypt',
    [['password', '$2y$10$KIMXDMJq9camkaNHkdrmcOaYJ0AT9lvovEf92yWA34sKdfnn97F9i']],
    /^bcrypt cost 10$/,
  );

  test('takes 2a, 2b and 2y for the same function, also beyond 255 bytes', () => {
    const digest = '$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
    const long = `0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789${'x'.repeat(300)}`;
    for (const variant of ['2a', '2b', '2y'])
      expect(storedHash(`$${variant}${digest}`).verify(Buffer.from(long))).toBe(true);
  });

  test('ends a password at a NUL if the whole one does not fit, and never at its first byte', () => {
    const hash = storedHash('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
    expect(hash.verify(Buffer.from('U*U\0rest'))).toBe(true);
    const empty = storedHash('$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy');
    expect(empty.verify(Buffer.from('\0rest'))).toBe(false);
  });

  test.each([
    ['$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e', 'unsupported-hash'],
    ['$2$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e', 'unsupported-hash'],
    // passlib's known_malformed_hashes.
    ['$2a$12$EXRkfkdmXn!gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9q', 'malformed-hash'],
    ['$2a$6$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.', 'malformed-hash'],
    ['$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'malformed-hash'],
    ['$2a$32$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'malformed-hash'],
    ['$2y$10$short', 'malformed-hash'],
    ['$wp$2y$10$short', 'malformed-hash'],
    ['$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'too-costly'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});

describe('schemes on top of bcrypt', () => {
  // passlib/tests/test_handlers_bcrypt.py.
  testVectors(
    'passlib',
    [
      ['', '$bcrypt-sha256$2a,5$E/e/2AOhqM5W/KJTFQzLce$F6dYSxOdAEoJZO2eoHUZWZljW/e0TXO'],
      ['password', '$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu'],
      [UPASS_TABLE, '$bcrypt-sha256$2b,5$.US1fQ4TQS.ZTz/uJ5Kyn.$QNdPDOTKKT5/sovNz1iWg26quOU4Pje'],
      ['password', '$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS'],
      [UPASS_TABLE, '$bcrypt-sha256$v=2,t=2b,r=5$.US1fQ4TQS.ZTz/uJ5Kyn.$pzzgp40k8reM1CuQb03PvE0IDPQSdV6'],
      [`${'abc123'.repeat(12)}qwr`, '$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$021KLEif6epjot5yoxk0m8I0929ohEa'],
    ],
    /^bcrypt-sha256 cost 5$/,
  );

  // tests/phpunit/includes/password/BcryptPasswordTest.php of MediaWiki.
  testVectors(
    'MediaWiki',
    [
      ['U*U', ':bcrypt:5$CCCCCCCCCCCCCCCCCCCCC.$E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      [repeated('ffa3333435', 1), ':bcrypt:5$/OK.fbVrR/bpIqNJ5ianF.$nRht2l/HRhr6zmCp9vYUvvsqynflf9e'],
    ],
    /^bcrypt cost 5$/,
  );

  // Built with PHP 8.2's password_hash, as wp_hash_password of WordPress 6.8 does.
  testVectors(
    'WordPress',
    [
      ['correct horse battery staple', '$wp$2y$05$hOURw4Z49t9HLpMyYUYcQO9CgCDis1cOLizDYtw9slU2F/C1YaUNe'],
      ['pässwörd', '$wp$2y$05$v/FNqTeEMyC6ayFCVfR6geSN0LfSYCBP04Fad9YuMWH5d8FLYR4M2'],
    ],
    /^WordPress bcrypt cost 5$/,
  );

  testVectors(
    'Django, Spring and OpenLDAP, which write a name in front',
    [
      ['U*U', 'bcrypt$$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['U*U', '{bcrypt}$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['U*U', '{CRYPT}$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ],
    /^bcrypt cost 5$/,
  );

  test("digests the password first under Django's bcrypt_sha256, so that it is not cut", async () => {
    const { default: bcrypt } = await import('bcrypt');
    const { createHash } = await import('node:crypto');
    // The password of test_bcrypt_sha256 of Django.
    const password =
      'VSK0UYV6FFQVZ0KG88DYN9WADAADZO1CTSIVDJUNZSUML6IBX7LN7ZS3R5JGB3RGZ7VI7G7DJQ9NI8BQFSRPTG6UWTTVESA5ZPUN';
    const hex = createHash('sha256').update(password).digest('hex');
    const hash = storedHash(`bcrypt_sha256$${bcrypt.hashSync(hex, 4)}`);
    expect(hash.verify(Buffer.from(password))).toBe(true);
    expect(hash.verify(Buffer.from(password.slice(0, 72)))).toBe(false);
  });
});
