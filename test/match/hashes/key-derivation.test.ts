// PBKDF2 and scrypt, in the notations of their users.

import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';
import { testVectors, UPASS_TABLE, UPASS_WAV } from '../../support/hashes/verified.ts';

const STAPLE = 'correct horse battery staple';

describe('PBKDF2', () => {
  // tests/auth_tests/test_hashers.py of Django.
  testVectors(
    'Django',
    [
      ['lètmein', 'pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c='],
      ['lètmein', 'pbkdf2_sha1$390000$seasalt2$aDapRanzW8aHTz97v2TcfHzWD+I='],
    ],
    /^pbkdf2-sha(1|256) 390000 iterations$/,
  );

  // passlib/tests/test_handlers_pbkdf2.py.
  testVectors(
    'passlib',
    [
      ['password', '$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI'],
      [UPASS_WAV, '$pbkdf2$1212$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc'],
      ['password', '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ'],
      [
        'password',
        '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
      ],
      ['password', '{PBKDF2}1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI'],
      ['password', '{PBKDF2-SHA256}1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ'],
      ['admin', '{PKCS5S2}c4xaeTQM0lUieMS3V5voiexyX9XhqC2dBd5ecVy60IPksHChwoTAVYFrhsgoq8/p'],
      [UPASS_WAV, '{PKCS5S2}cE9Yq6Am5tQGdHSHhky2XLeOnURwzaLBG2sur7FHKpvy2u0qDn6GcVGRjlmJoIUy'],
    ],
    /^pbkdf2-sha(1|256|512) (1212|10000) iterations$/,
  );

  // src/Identity/test/Identity.Test/PasswordHasherTest.cs of ASP.NET Core.
  testVectors(
    'ASP.NET Core Identity',
    [
      ['my password', 'AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg=='],
      ['my password', 'ANXrDknc7fGPpigibZXXZFMX4aoqz44JveK6jQuwY3eH/UyPhvr5xTPeGYEckLxz9A=='],
      ['my password', 'AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw=='],
      ['my password', 'AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw'],
      [
        'my password',
        'AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==',
      ],
      ['my password', 'AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M'],
      [
        'my password',
        'AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ=',
      ],
    ],
    /^pbkdf2-sha(1|256|512) (1000|10000|50|250|250000) iterations$/,
  );

  // tests/phpunit/includes/password/Pbkdf2PasswordTest.php of MediaWiki.
  testVectors(
    'MediaWiki',
    [
      ['password', ':pbkdf2:sha1:1:20:c2FsdA==:DGDID5YfDnHzqbUkr2ASBi/gN6Y='],
      ['password', ':pbkdf2:sha1:4096:20:c2FsdA==:SwB5AbdlSJq+rUnZJvch0GWkKcE='],
      ['pass\0word', ':pbkdf2:sha1:4096:16:c2EAbHQ=:Vvpqp1VICZ3MN9fwNCXgww=='],
    ],
    /^pbkdf2-sha1 /,
  );

  // RFC 6070 in the notation of Werkzeug, whose tests have it, and one built with Python's hashlib.
  testVectors(
    'Werkzeug',
    [
      ['password', 'pbkdf2:sha1:4096$salt$4b007901b765489abead49d926f721d065a429c1'],
      [STAPLE, 'pbkdf2:sha256:1000$AbCdEfGh$5c8b95c093c52ea166f461bbf8dbb6ebaf68a004be96a2edc8e2a1b9d96d4a10'],
    ],
    /^pbkdf2-sha(1|256) (4096|1000) iterations$/,
  );

  test.each([
    // The failure cases of ASP.NET Core: too short, and extra bytes at the end.
    ['AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggE=', 'unknown-format'],
    ['AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4A=', 'malformed-hash'],
    ['AQAAAAIAAAAyAAAAAOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw', 'malformed-hash'],
    ['AQAAAAkAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw', 'malformed-hash'],
    ['AQAAAAIAAAAyf///8OMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw', 'malformed-hash'],
    ['AQAAAAL/////AAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw', 'too-costly'],
    // passlib's known_malformed_hashes.
    ['$pbkdf2$01212$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc', 'malformed-hash'],
    ['$pbkdf2$$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc', 'malformed-hash'],
    ['{PKCS5S2}c4xaeTQM0lUieMS3V5voiexyX9XhqC2dBd5ecVy60IPksHChwoTAVYFrhsgoq8/=', 'malformed-hash'],
    ['pbkdf2_md4$1000$salt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=', 'unsupported-hash'],
    ['pbkdf2_sha256$9999999999$salt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=', 'too-costly'],
    ['pbkdf2_sha256$1000$salt$8xBl', 'malformed-hash'],
    [':pbkdf2:sha1:1:32:c2FsdA==:DGDID5YfDnHzqbUkr2ASBi/gN6Y=', 'malformed-hash'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});

describe('scrypt', () => {
  // passlib/tests/test_handlers_scrypt.py; the first two and $7$ are RFC 7914's and unix-scrypt's.
  testVectors(
    'passlib',
    [
      ['', '$scrypt$ln=4,r=1,p=1$$d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEI'],
      ['password', '$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI'],
      ['test', '$scrypt$ln=8,r=8,p=1$wlhLyXmP8b53bm1NKYVQqg$mTpvG8lzuuDk+DWz8HZIB6Vum6erDuUm0As5yU+VxWA'],
      [UPASS_TABLE, '$scrypt$ln=7,r=8,p=1$jjGmtDamdA4BQAjBeA9BSA$OiWRHhQtpDx7M/793x6UXK14AD512jg/qNm/hkWZG4M'],
      ['pleaseletmein', '$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D'],
    ],
    /^scrypt N=\d+ r=\d p=\d+$/,
  );

  // tests/auth_tests/test_hashers.py of Django.
  testVectors(
    'Django',
    [
      [
        'lètmein',
        'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==',
      ],
    ],
    /^scrypt N=16384 r=8 p=1$/,
  );

  // Built with Python's hashlib.scrypt, as generate_password_hash of Werkzeug 3 does.
  testVectors(
    'Werkzeug',
    [
      [
        STAPLE,
        'scrypt:32768:8:1$AbCdEfGhIjKlMnOp$5fedea9bb0fa27ab6d6e27b05a986eeb76ddace506f89535f52d35fdb90197aeaab95c53c274c968ef612deaf864f0ab859f4f24333296f40b28c55e7eb1005e',
      ],
    ],
    /^scrypt N=32768 r=8 p=1$/,
  );

  test.each([
    // passlib's known_malformed_hashes.
    ['$scrypt$ln=10,r=1$wvif8/4fg1Cq9V7L2dv73w$bJcLia1lyfQ1X2x0xflehwVXPzWIUQWWdnlGwfVzBeQ', 'malformed-hash'],
    ['$scrypt$ln=0,r=1,p=1$wvif8/4fg1Cq9V7L2dv73w$bJcLia1lyfQ1X2x0xflehwVXPzWIUQWWdnlGwfVzBeQ', 'malformed-hash'],
    ['$scrypt$ln=10,r=A,p=1$wvif8/4fg1Cq9V7L2dv73w$bJcLia1lyfQ1X2x0xflehwVXPzWIUQWWdnlGwfVzBeQ', 'malformed-hash'],
    [
      '$scrypt$ln=10,r=134217728,p=8$wvif8/4fg1Cq9V7L2dv73w$bJcLia1lyfQ1X2x0xflehwVXPzWIUQWWdnlGwfVzBeQ',
      'malformed-hash',
    ],
    ['scrypt$16385$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQ', 'malformed-hash'],
    ['scrypt$1073741824$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQ', 'too-costly'],
    ['$scrypt$ln=63,r=8,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI', 'too-costly'],
    ['$scrypt$ln=9999999999,r=8,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI', 'malformed-hash'],
  ])('finds %s %s', (hash, fault) => {
    expect(parseHash(hash, undefined)).toBe(fault);
  });
});
