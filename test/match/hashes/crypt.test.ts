// The hashes of crypt(3) and phpass: many rounds of a digest.

import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { storedHash, testVectors, UPASS_TABLE } from '../../support/hashes/verified.ts';

const LONG = 'a very much longer text to encrypt.  This one even stretches over morethan one line.';

describe('SHA-crypt', () => {
  // "Unix crypt using SHA-256 and SHA-512" by Ulrich Drepper.
  testVectors(
    'its specification',
    [
      ['Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
      ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
      ['This is just a test', '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5'],
      [LONG, '$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1'],
      [
        'Hello world!',
        '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      ],
      [
        'This is just a test',
        '$6$rounds=5000$toolongsaltstrin$lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
      ],
      [
        LONG,
        '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
      ],
    ],
    /^sha(256|512)-crypt \d+ rounds$/,
  );

  // John the Ripper 1.7.9, as in passlib's tests.
  testVectors(
    'John the Ripper',
    [
      [
        '',
        '$6$ojWH1AiTee9x1peC$QVEnTvRVlPRhcLQCk/HnHaZmlGAAjCfrAN0FtOsOnUk5K5Bn/9eLHHiRzrTzaIKjW9NTLNIBUCtNVOowWS2mN.',
      ],
      [
        'U*U***U*',
        '{CRYPT}$6$LKO/Ute40T3FNF95$YS81pp1uhOHTgKLhSMtQCr2cDiUiN03Ud3gyD4ameviK1Zqz.w3oXsMgO6LrqmIEcG3hiqaUqHi/WEE2zrZqa/',
      ],
    ],
    /^sha512-crypt 5000 rounds$/,
  );

  // Made with crypt(3) of PHP 8.2.
  test('verifies an empty salt and an empty password', () => {
    const hash = storedHash('$5$rounds=1000$$jAQ1NZgJkatmWyAsK0NxDcSXTB41aRCrTggwkNbBkXA');
    expect(hash.verify(Buffer.from(''))).toBe(true);
    expect(hash.verify(Buffer.from(' '))).toBe(false);
  });

  test.each([
    ['$5$rounds=010428$uy/jIAhCetNCTtb0$YWvUOXbkqlqhyoPMpN8BMeZGsGx2aBvxTvDFI613c3', 'malformed-hash'],
    ['$5$rounds=10428$uy/jIAhCetNCTtb0$YWvUOXbkqlqhyoPMpN8BMe.ZGsGx2aBvxTvDFI613c3$', 'malformed-hash'],
    ['$5$rounds=10$roundstoolow$yfvwcWrQ8l/K0DAWyuPMDNHpIVlTQebY9l/gL972bIC', 'malformed-hash'],
    ['$6$saltstring$tooshort', 'malformed-hash'],
    ['$5$rounds=999999999$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5', 'too-costly'],
    ['$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', 'unsupported-hash'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});

describe('md5-crypt', () => {
  // passlib/tests/test_handlers.py: John the Ripper 1.7.9, and its own.
  testVectors(
    'passlib',
    [
      ['U*U*U*U*', '$1$dXc3I7Rw$ctlgjDdWJLMT.qwHsWhXR1'],
      ['*U*U*U*U', '$1$eQT9Hwbt$XtuElNJD.eW5MN5UCWyTQ0'],
      ['', '$1$Eu.GHtia$CFkL/nE1BYTlEPiVx1VWX0'],
      ['4lpHa N|_|M3r1K W/ Cur5Es: #$%(*)(*%#', '{CRYPT}$1$jQS7o98J$V6iTcr71CGgwW2laf17pi1'],
      [UPASS_TABLE, '$1$d6/Ky1lU$/xpf8m7ftmWLF.TjHCqel0'],
    ],
    /^md5-crypt$/,
  );

  // Apache's documentation of htpasswd, and passlib's own.
  testVectors(
    'Apache',
    [
      ['myPassword', '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/'],
      [UPASS_TABLE, '$apr1$bzYrOHUx$a1FcpXuQDJV3vPY20CS6N1'],
    ],
    /^apr1-crypt$/,
  );

  test.each([['$1$dOHYPKoP$tnxS1T8Q6VVn3kpV8cN6o!'], ['$1$'], ['$1$abcdefghi$tnxS1T8Q6VVn3kpV8cN6o.']])(
    'finds %s malformed',
    (hash) => {
      expect(parseHash(hash, undefined)).toBe('malformed-hash');
    },
  );
});

describe('phpass', () => {
  // test.php of phpass, John the Ripper 1.7.9, and passlib's own.
  testVectors(
    'phpass and passlib',
    [
      ['test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
      ['test1', '$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00'],
      ['thisisalongertestPW', '$P$912345678LIjjb6PhecupozNBmDndU0'],
      ['JohnRipper', '$P$612345678si5M0DDyPpmRCmcltU/YW/'],
      ['', '$P$7JaFQsPzJSuenezefD/3jHgt5hVfNH0'],
      [UPASS_TABLE, '$P$7SMy8VxnfsIy2Sxm7fJxDSdil.h7TW.'],
      // roots/wp-password-bcrypt, tests/unit/UserPasswordTest.php.
      ['password', '$P$BDMJH/qCLaUc5Lj8Oiwp7XmWzrCcJ21'],
    ],
    /^phpass 2\^\d+ rounds$/,
  );

  // RIFE2, TestDrupalPassword.java.
  testVectors(
    'Drupal 7',
    [['terry-SELL-niggling', '$S$D0jOAf3SWo8LZbI3hnATd81YG0Q7XzQ9.hxtRfgcAO74X2qplNME']],
    /^Drupal 2\^15 rounds$/,
  );

  // core/modules/phpass/tests/src/Unit/PasswordVerifyTest.php of Drupal, and
  // auth_password.test.php of DokuWiki, which takes over its users.
  testVectors(
    'Drupal and DokuWiki',
    [
      ['valid password', '$S$5TOxWPdvJRs0P/xZBdrrPlGgzViOS0drHu3jaIjitesfttrp18bk'],
      ['valid password', 'U$S$5vNHDQyLqCTvsYBLWBUWXJWhA0m3DTpBh04acFEOGB.bKBclhKgo'],
      ['drupal_sha512', '$S$D7JxIm0f7QKO3zjwVS1RH4AW8sYvmLjO0.Rn4swH0JVt6OrZ4yzZ'],
      ['pouette1234', 'U$S$9c47LGZuhR6TvhRQXzymkJIQ3mXthUCc6KDEGTt4B7eOL/H9Ykuy'],
    ],
    /^Drupal 2\^(7|11|15) rounds/,
  );

  // The phpass vector of the hex digits, which is what user_update_7000() of Drupal hashed.
  test('takes U for the MD5 of the password', () => {
    const hash = storedHash('U$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0');
    expect(hash.kind).toBe('phpass 2^11 rounds of MD5');
    expect(hash.verify(Buffer.from('test12345'))).toBe(false);
  });

  test.each([
    ['$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r!L0', 'malformed-hash'],
    ['$P$4IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', 'malformed-hash'],
    ['$P$zIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', 'malformed-hash'],
    ['$S$D0jOAf3SWo8LZbI3hnATd81YG0Q7XzQ9', 'malformed-hash'],
    ['$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0', 'too-costly'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});
