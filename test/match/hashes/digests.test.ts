// Single digests, Keycloak's JSON, and what is no hash.

import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { storedHash, testVectors, UPASS_TABLE, UPASS_USD } from '../../support/hashes/verified.ts';

const STAPLE = 'correct horse battery staple';

describe('digests', () => {
  // passlib/tests/test_handlers.py, test_handlers_ldap and RoundupTest.
  testVectors(
    'passlib (LDAP)',
    [
      ['helloworld', '{MD5}/F4DjTilcDIIVEHn/nAQsA=='],
      ['helloworld', '{SHA}at+xg6SiyUovktq1redipHiJpaE='],
      ['testing1234', '{SMD5}UjFY34os/pnZQ3oQOzjqGu4yeXE='],
      [UPASS_TABLE, '{SMD5}Z0ioJ58LlzUeRxm3K6JPGAvBGIM='],
      ['testing123', '{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr'],
      ['secret', '{SSHA}0H+zTv8o4MR4H43n03eCsvw1luG8LdB7'],
      [UPASS_TABLE, '{SSHA}3yCSD1nLZXznra4N8XzZgAL+s1sQYsx5'],
      ['sekrit', '{SHA}8d42e738c7adee551324955458b5e2c0b49ee655'],
      ['sekrit', '{MD5}ccbc53f4464604e714f69dd11138d8b5'],
    ],
    /^LDAP S?(MD5|SHA)$/,
  );

  // The same construction, with the digests of Python's hashlib.
  test.each([
    ['{SHA256}XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=', 'password'],
    ['{sha256}5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8', 'password'],
  ])('verifies %s', (hash, password) => {
    expect(storedHash(hash).verify(Buffer.from(password))).toBe(true);
    expect(storedHash(hash).verify(Buffer.from(`${password}x`))).toBe(false);
  });

  // passlib/tests/test_handlers.py, and openldap_2_389/password_migrate_test.py of 389-ds.
  testVectors(
    'passlib and 389-ds (SHA-2)',
    [
      ['password', '{SSHA256}x1tymSTVjozxQ2PtT46ysrzhZxbcskK0o2f8hEFx7fAQQmhtDSEkJA=='],
      ['letmèïn', '{SSHA256}km7UjUTBZN8a+gf1ND2/qn15N7LsO/jmGYJXvyTfJKAbI0RoLWWslQ=='],
      ['password', '{SSHA384}kNjTWdmyy2G1IgJF8WrOpq0N//Yc2Ec5TIQYceuiuHQXRXpC1bfnMqyOx0NxrSREjBWDwUpqXjo='],
      [
        'password',
        '{SSHA512}f/lFQskkl7PdMsTGJxHZq8LDt/l+UqRMm6/pj4pV7/xZkcOaKCgvQqp+KCeXc/Vd4RY6vEHWn4y0DnFcQ6wgyv9fyxk=',
      ],
    ],
    /^LDAP SSHA(256|384|512)$/,
  );

  // passlib/tests/test_handlers.py: MS-SAMR, John the Ripper 1.7.9, and its own.
  testVectors(
    'passlib (NT)',
    [
      ['OLDPASSWORD', '$NT$6677b2c394311355b54f25eec5bfacf5'],
      ['', '{NT}31d6cfe0d16ae931b73c59d7e0c089c0'],
      ['tigger', '$NT$B7E0EA9FBFFCF6DD83086E905089EFFD'],
      ['ü', '$3$$8bd6e4fb88e01009818749c5443ea712'],
      ['€€', '$NT$682467b963bb4e61943e170a04f7db46'],
    ],
    /^NT$/,
  );

  // tests/auth_tests/test_hashers.py of Django, and passlib's.
  testVectors(
    'Django',
    [
      ['lètmein', 'sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8'],
      ['lètmein', 'md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3'],
      ['lètmein', 'md5$$88a434c88cca4e900f7874cd98123f43'],
      ['lètmein', 'sha1$$6d138ca3ae545631b3abd71a4f076ce759c5700b'],
      [UPASS_USD, 'md5$c2e86$92105508419a81a6babfaecf876a2fa0'],
    ],
    /^salted (md5|sha1)$/,
  );

  // tests/test_security.py of Werkzeug, and an HMAC made with Python.
  testVectors(
    'Werkzeug 1',
    [
      ['default', 'md5$$c21f969b5f03d33d43e04f8f136e7682'],
      [STAPLE, 'sha256$salt$7b2a8c3ab9047449b159aafb7893f5747a0f76cb0d006c121781e53c945bde90'],
    ],
    /^salted (md5|sha256)$/,
  );

  // MWSaltedPasswordTest.php and MWOldPasswordTest.php of MediaWiki.
  testVectors(
    'MediaWiki',
    [
      ['password', ':B:salt:9842afc7cb949c440c51347ed809362f'],
      ['password', ':A:5f4dcc3b5aa765d61d8327deb882cf99'],
      ['password', ':A:salt:9842afc7cb949c440c51347ed809362f'],
    ],
    /^MediaWiki [AB]$/,
  );

  // passlib/tests/test_handlers.py.
  testVectors(
    'passlib (MySQL 4.1)',
    [
      ['verysecretpassword', '*2C905879F74F28F8570989947D06A8429FB943E6'],
      [UPASS_TABLE, '*E7AFE21A9CFA2FC9D15D942AE8FB5C240FE5837B'],
    ],
    /^MySQL$/,
  );

  test.each([
    ['{SSHA}at+xg6SiyUovktq1redipHiJpaE=', 'malformed-hash'],
    ['{SHA}at+xg6SiyUovktq1redipHiJ', 'malformed-hash'],
    ['{SHA}at+xg6SiyUovktq1redipHiJpa!=', 'malformed-hash'],
    ['$NT$6677b2c394311355b54f25eec5bfacf', 'malformed-hash'],
    ['md5$aa$bb', 'malformed-hash'],
    [':B:9842afc7cb949c440c51347ed809362f', 'malformed-hash'],
    [':A:98', 'malformed-hash'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});

const SALT = 'AAECAwQFBgcICQoLDA0ODw==';
const keycloak = (value: string, iterations: number, algorithm: string): string =>
  `{"value":"${value}","salt":"${SALT}","additionalParameters":{}}{"hashIterations":${iterations},"algorithm":"${algorithm}","additionalParameters":{}}`;

describe("Keycloak's credentials", () => {
  // Made by Keycloak: HashingTest.java of novareto/user_access_managment, which verifies them with
  // Keycloak's Pbkdf2Sha256PasswordHashProvider, and the realm in Solo.io's Gloo examples.
  testVectors(
    'Keycloak itself',
    [
      [
        'test',
        '{"value":"/bVkHA4G/VOskjaCgNYyTz1BhgD+9X8bxCNEPGGpnDCJbWHDXIW0G8IlSBhDdJsXTjrXt/7yQguBwJ3sxSmSKA==","salt":"lZtleWv1DeEcNIr8MTzdeg=="}{"hashIterations":27500,"algorithm":"pbkdf2-sha256"}',
      ],
      [
        'password',
        '{"value":"JsfNbCOIdZUbyBJ+BT+VoGI91Ec2rWLOvkLPDaX8e9k=","salt":"P5rtFkGtPfoaryJ6PizUJw==","additionalParameters":{}}{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}',
      ],
    ],
    /^pbkdf2-sha256 27500 iterations$/,
  );

  // Made by Keycloak, in public realms and databases of examples with their passwords: user1 of an
  // application of microservices, peter of an Iceberg lakehouse, admin1 of Solo.io's Gloo, and the
  // administrators of two dumps. Its Pbkdf2PasswordHashProvider.java adds NULs to short passwords,
  // which HMAC does not tell from none.
  const made = (value: string, salt: string, settings: string): string =>
    `{"value":"${value}","salt":"${salt}","additionalParameters":{}}${settings}`;
  const sha = (bits: number, iterations: number): string =>
    `{"hashIterations":${iterations},"algorithm":"pbkdf2-sha${bits}","additionalParameters":{}}`;
  const ARGON2 =
    '{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}';
  testVectors(
    'Keycloak itself, up to 26',
    [
      ['user1', made('9qur72LAICdhFeb2SpkJt2jbOYaxJ44g9T+E7bmJXxI=', 'AGHjXoWftkFxnk/dcZRNnA==', sha(256, 27500))],
      [
        'password',
        made(
          '5IL4kCCyOerhaEHfdK1BbjYxO6HitYLRtJOxwD8MUZH5wCgc1edmf35rWiP9sRxEwnQDstxch8twKh08Usi1fQ==',
          'JaBKqx57IIB/dLDTpWBu+Q==',
          sha(512, 210000),
        ),
      ],
      ['iceberg', made('BuViHNDGmCq80fvpty/QoggTI8NSt0CuNDGgeoa5f5A=', 'RJ0aLMQ2qKbZuROs7qQhcA==', ARGON2)],
      ['password', made('BruFLfFkjH/8erZ26NnrbkOrWiZuQyDRCHD9o0R6Scg=', 'Cf9AYCE5pAbb4CKEF0GUTA==', ARGON2)],
      ['password', made('xPVi4Y728BTkjonAEd395cEbNI1UY8w+4Gp9YftkbJ0=', '28ok9Hqf/nAYEXJ3toyfuA==', ARGON2)],
    ],
    /^(pbkdf2-sha(256 27500|512 210000) iterations|argon2id m=7168 t=5 p=1)$/,
  );

  test('Argon2 of another length than it states is malformed', () => {
    const cut = made('BuViHNDGmCq80fvpty/QoggTI8NSt0Cu', 'RJ0aLMQ2qKbZuROs7qQhcA==', ARGON2);
    expect(parseHash(cut, undefined)).toBe('malformed-hash');
  });

  // Built with Python's hashlib.pbkdf2_hmac: 64 bytes, as Keycloak derives.
  testVectors(
    'Keycloak',
    [
      [
        STAPLE,
        keycloak(
          'tfP6dFnMFLm84erFFC/hWDzb6fAjAPCAs0RvJLiu5xYHfelPBTAEADgLVRgJzZ8bKvvUpW2nUExEbADbiezuPg==',
          210000,
          'pbkdf2-sha512',
        ),
      ],
      [
        STAPLE,
        keycloak(
          'Ca/W1uHPdOF53bPWSQyrHQQPdk6KOe20VTbaw0U+WWswH2gciKNBqwk+H7RPgAmCshFAhVRLSSar72bo1/g8dA==',
          27500,
          'pbkdf2-sha256',
        ),
      ],
      [
        STAPLE,
        keycloak(
          'AOm/kOb/+YAZ3ZwSogYgNu9fO1g98616UUT2x3Jzcezc674WB6rf1PmFu7KUTJ/kBMpXzOJ47gHQ2i8osqaCHQ==',
          1000,
          'pbkdf2',
        ),
      ],
      // The vector of phc-winner-argon2 in Keycloak's notation.
      [
        'password',
        '{"value":"T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E=","salt":"c29tZXNhbHQ=","additionalParameters":{}} {"hashIterations":2,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["256"],"type":["i"],"version":["1.3"],"parallelism":["2"]}}',
      ],
    ],
    /^(pbkdf2-sha|argon2i m=256 t=2 p=2)/,
  );

  test.each([
    [keycloak('AOm/kOb/', 1000, 'pbkdf2'), 'malformed-hash'],
    [keycloak('AOm/kOb/+YAZ3ZwSogYgNg==', 1000, 'bcrypt'), 'unsupported-hash'],
    [keycloak('AOm/kOb/+YAZ3ZwSogYgNg==', 0, 'pbkdf2'), 'malformed-hash'],
    [keycloak('AOm/kOb/+YAZ3ZwSogYgNg==', 1e9, 'pbkdf2'), 'too-costly'],
    [keycloak('AOm/kOb/+YAZ3ZwSogYgNg==', 1000, 'argon2'), 'malformed-hash'],
    ['{"value":"AOm/kOb/+YAZ3ZwSogYgNg=="}', 'malformed-hash'],
    ['{"value"', 'malformed-hash'],
    ['{"a":{}}{"a":[}', 'malformed-hash'],
    ['{"a":1}{"algorithm":"x"}', 'malformed-hash'],
    [`{"value":1,"salt":"${SALT}"}{"hashIterations":1,"algorithm":"pbkdf2"}`, 'malformed-hash'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});

describe('cells without a hash to verify', () => {
  test.each([
    [undefined, 'no-hash'],
    ['', 'no-hash'],
    ['   ', 'no-hash'],
    ['NULL', 'no-hash'],
    ['\\N', 'no-hash'],
    ['!', 'login-disabled'],
    ['!!', 'login-disabled'],
    ['*', 'login-disabled'],
    ['*LK*', 'login-disabled'],
    ['*0', 'login-disabled'],
    // MySQL's, in columns of 16, 40 and 255 characters, the last with something behind it.
    ['*2470C0C06DEE42F', 'malformed-hash'],
    ['*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E1', 'malformed-hash'],
    ['*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E190', 'malformed-hash'],
    ['x', 'login-disabled'],
    // Django's make_password(None).
    ['!qjgMOWRBHdkBRjpXc2QVBZHPaRoBHIjCGZAAfyjt', 'login-disabled'],
    // A locked account of shadow(5): the hash behind the mark does not count.
    ['!$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1', 'login-disabled'],
    ['5f4dcc3b5aa765d61d8327deb882cf99', 'unknown-format'],
    ['a password', 'unknown-format'],
    ['constructor', 'unknown-format'],
    ['$scram$4096$QSXCR.Q6sek8bf92$sha-1=HZbuOlKbWl.eR8AfIposuKbhX30', 'unknown-format'],
    ['x'.repeat(10_000), 'malformed-hash'],
  ])('finds %j %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });

  test('white space around a hash does not count', () => {
    expect(storedHash('  $1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1 \n').kind).toBe('md5-crypt');
  });

  test('limits are those of the caller', () => {
    const hash = '$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u';
    expect(parseHash(hash, undefined, { limits: { seconds: 0.01, memoryBytes: 0 } })).toBe('too-costly');
    expect(storedHash(hash, { limits: { seconds: 0.1, memoryBytes: 0 } }).kind).toBe('bcrypt cost 10');
  });
});
