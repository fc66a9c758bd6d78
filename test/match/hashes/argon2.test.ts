// Argon2, through the platform and through the library that covers what the platform lacks.

import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { testVectors, UPASS_TABLE } from '../../support/hashes/verified.ts';

describe('Argon2', () => {
  // src/test.c of phc-winner-argon2, version 1.3, and its samples in argon2-cffi's tests.
  testVectors(
    'the reference implementation',
    [
      ['password', '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8'],
      ['password', '$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E'],
      ['password', '$argon2d$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$cZn5d+rFh+ZfuRhm2iGUGgcrW5YLeM6q7L3vBsdmFA0'],
    ],
    /^argon2[id] m=(256|65536) t=2 p=[124]$/,
  );

  // The same, version 1.0, which OpenSSL lacks.
  testVectors(
    'the reference implementation, version 1.0',
    [
      ['password', '$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY'],
      ['password', '$argon2i$m=256,t=2,p=2$c29tZXNhbHQ$tsEVYKap1h6scGt5ovl9aLRGOqOth+AMB+KwHpDFZPs'],
    ],
    /^argon2i 1\.0 m=256 t=2 p=[12]$/,
  );

  // tests/auth_tests/test_hashers.py of Django.
  testVectors(
    'Django',
    [
      [
        'secret',
        'argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0nOEXXMocVrsJAtNSsKyfg',
      ],
      ['secret', 'argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q'],
      ['secret', 'argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw'],
    ],
    /^argon2(i|id) /,
  );

  // passlib/tests/test_handlers_argon2.py: UTF-8, a final NUL, and the data field.
  testVectors(
    'passlib',
    [
      ['password', '$argon2i$v=19$m=380,t=2,p=2$c29tZXNhbHQ$SrssP8n7m/12VWPM8dvNrw'],
      [UPASS_TABLE, '$argon2i$v=19$m=512,t=2,p=2$1sV0O4PWLtc12Ypv1f7oGw$z+yqzlKtrq3SaNfXDfIDnQ'],
      ['password\0', '$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHQ$Fb5+nPuLzZvtqKRwqUEtUQ'],
      ['password', '$argon2i$v=19$m=512,t=2,p=2,data=c29tZWRhdGE$c29tZXNhbHQ$KgHyCesFyyjkVkihZ5VNFw'],
    ],
    /^argon2i /,
  );

  // tests/phpunit/includes/password/Argon2PasswordTest.php of MediaWiki.
  testVectors(
    'MediaWiki',
    [
      [
        'password',
        ':argon2:$argon2i$v=19$m=1024,t=2,p=2$RHpGTXJPeFlSV2NDTEswNA$VeW7rumZY4pL8XO4KeQkKD43r5uX3eazVJRtrFN7lNc',
      ],
      [
        'pass\0word',
        ':argon2:$argon2i$v=19$m=1024,t=2,p=2$bFJ4TzM5RWh2T0VmeFhDTA$AHFUFZRh69aZYBqyxn6tpujpEcf2JP8wgRCPU3nw3W4',
      ],
    ],
    /^argon2i m=1024 /,
  );

  test.each([
    // passlib's known_malformed_hashes.
    ['$argon2i$v=19$t=2,p=4$c29tZXNhbHQAAAAAAAAAAA$QWLzI4TY9HkL2ZTLc8g6SinwdhZewYrzz9zxCo0bkGY', 'malformed-hash'],
    [
      '$argon2i$v=19$m=65536,t=8589934592,p=4$c29tZXNhbHQAAAAAAAAAAA$QWLzI4TY9HkL2ZTLc8g6SinwdhZewYrzz9zxCo0bkGY',
      'malformed-hash',
    ],
    [
      '$argon2i$v=19$m=65536,t=2,p=4,q=5$c29tZXNhbHQAAAAAAAAAAA$QWLzI4TY9HkL2ZTLc8g6SinwdhZewYrzz9zxCo0bkGY',
      'malformed-hash',
    ],
    ['$argon2i$v=19$m=127,t=2,p=16$c29tZXNhbHQ$IMit9qkFULCMA/ViizL57cnTLOa5DiVM9eMwpAvPwr4', 'malformed-hash'],
    // A key that is not in the hash, and a version of the future.
    [
      '$argon2i$v=19$m=65536,t=2,p=4,keyid=ABCD$c29tZXNhbHQ$IMit9qkFULCMA/ViizL57cnTLOa5DiVM9eMwpAvPwr4',
      'unsupported-hash',
    ],
    ['$argon2id$v=20$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8', 'unsupported-hash'],
    ['$argon2id$v=19$m=256,t=2,p=1$c2FsdA$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8', 'malformed-hash'],
    ['$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCnw', 'malformed-hash'],
    // 4 TiB, and a day.
    ['$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8', 'too-costly'],
    ['$argon2id$v=19$m=65536,t=1000000,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8', 'too-costly'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});
