// Hashes that the software itself made, with the command and version that did, all of one password.

import { describe } from 'vitest';
import { testVectors } from '../../support/hashes/verified.ts';

const PASSWORD = 'Tr0ub4dor&3 ü';
const ofPassword = (hashes: readonly string[]): [string, string][] => hashes.map((hash) => [PASSWORD, hash]);

describe('hashes made by', () => {
  // `htpasswd -nbB -C 5`, `-nbm`, `-nbs`.
  testVectors(
    'htpasswd of Apache 2.4.71',
    ofPassword([
      '$2y$05$5xGceeEVd4aU/yDfB6ub.OUxgGpN4BTSolcRp3hOyChWGqm.f8y3C',
      '$apr1$/.AbaO3X$2vsnPvi0z18SL52ILyDXA/',
      '{SHA}FjlFA1q5+afP4lwd/p87GSOgS8E=',
    ]),
    /./,
  );

  // `openssl passwd -1`, `-5`, `-6`, `-apr1`.
  testVectors(
    'openssl passwd of OpenSSL 3.0',
    ofPassword([
      '$1$XjB/y4FH$mwB2UsKpbBZiP5erxNJLX1',
      '$5$7QVfh7lt2LZSPuKt$fReCDN2KxKBHbqvSTGdDHALIO1Cxq6DHHFDL.XQv1WA',
      '$6$Yc7siCfmqOkRKxnH$.N/3oCiZrj/y6pYzc0vcAkIxcIItWsD48ClqNa2lIjdhwpWHGuoGnO.yYpCd2INAC3XGb2gveOeZTZF0PElR/0',
      '$apr1$A68Opwkf$ng13EVnUk9AqhJARBczmC/',
    ]),
    /./,
  );

  // `mkpasswd -m scrypt`, `bcrypt`, `bcrypt-a`, `sha512crypt`, `sha256crypt`, `md5crypt`.
  testVectors(
    'mkpasswd of whois 5.5.17 with libxcrypt 4.4.33',
    ofPassword([
      '$7$BU..../....unbTfE9M40EPr4fFZCF7e1$.cf6I.gS16ZSOunvwp5UKEc8.b0e1b99h8PN/XAyQjD',
      '$2b$05$7SaWIOfIYh0USgkOwPyTRebIMZb/mUfWCmHfZxs13B3nQjTaoahoW',
      '$2a$05$8ibyCS0EFWdczjjgugqFPe4eNVKGznV50SjG27Ie3IVgXFb8eDL6e',
      '$6$rounds=1000$eXcZQrvgA9D7ArQH$HWbpDNWmKvtwOIE4W4f.N7r9tORNw8UvjCEMfZnI8qnLO0YY.ZAZgBZ/Ze9ZNOo3.RR1mvrSlINZFrxqTDXyt1',
      '$5$rounds=1000$d4VnnzrSKwNZ.ZTE$rZLjQntTRqM4fGWUZwtgg7BmVqoDU13bHJVBbOzoB.4',
      '$1$Hr0W7V67$kVt0y9iR/XG6.bZv8r9Mo0',
    ]),
    /./,
  );

  // `slappasswd -h {…}`, with the modules pw-sha2, pw-pbkdf2 and argon2.
  testVectors(
    'slappasswd of OpenLDAP 2.5.13',
    ofPassword([
      '{SSHA}/98/H4oKbdzyZ0Rc0sQs9VQBohVtkRju',
      '{SHA}FjlFA1q5+afP4lwd/p87GSOgS8E=',
      '{SMD5}w6cXaa4o7Y/E5kjfq/wrVOeCKrk=',
      '{MD5}L7k17ZAYyO1L/tExz316jw==',
      '{SHA256}t3WizmQ58IfF+ZSpKedaN2hBa+NQzKShbqdDrq4gv9s=',
      '{SSHA256}Fn3/OZKUkB9WwkCuFGM9lTFP765D58qdR4izCdn0F5SjVPYtHyMlLA==',
      '{SHA384}9dFdrAIb2DvhoKgiKCg2mv/4Sl4FPyDi2LEarZzn6S0jE95Sw/ECedQoMb1ZhZhx',
      '{SSHA384}tW7uxyX24JAXAtGIqyITwfN2ild+mSi/aETvFmxOzxpXMgCRJChxs4ErdBPTU0AwhhgwnRmNasM=',
      '{SHA512}QwnQJeQaR48mbEZYqMTkxD5eBRu7/1AJ2D46I5OUtX5Q29zr0BjdRnzEx1ORHHj1oUEDFAKe5xw8OClwuFUS6A==',
      '{SSHA512}tcjkRDNvoUs+6uV67uGlt9soh9NFd3xKKC2/nSYg+UlJiBw9LgAsE0DtmrvNs1uE7igbGI8WTardsSQY8YXoOo9dPhjqMm+J',
      '{PBKDF2}10000$Cs.L40R.HHdCVLeToSgL9g$tpQQwiiraV5PoA.2PEIfY3m/1Rk',
      '{PBKDF2-SHA1}10000$tfDlROk.lY4lghq7oROlOw$miUeCKojTJj7pFchysh8iujp37Y',
      '{PBKDF2-SHA256}10000$rKU6b4u8JS5FHDWu1reVuw$9YaalxpJpHuv3LhFSXv4yjKibbU6duLjqZAgnWRipvY',
      '{PBKDF2-SHA512}10000$FCxKryUuDrxcPpXUPXh76w$zJidI/ECctzE0kymnj031zidt8AZa.FI5MH43lrd2lRPKu5BUhvRhMlBGraaHYGOIMNVAbbyAhGWDLFdoviluQ',
      '{ARGON2}$argon2i$v=19$m=1024,t=2,p=1$giLXhHbjDw2vHssEZzPaoQ$0hzdP07F4BWe/eMmU2wNLr/pOLa/BRzym6dgyYjiDjU',
    ]),
    /./,
  );

  // `doveadm pw -s …`.
  testVectors(
    'doveadm pw of Dovecot 2.3.19',
    ofPassword([
      '{SSHA512}NSC9V9bVaUWYazPHAEoqh8mdtzJ5i15txwPSQPgMX0S6lAiV72/7dslgNq9iBfFH4XrOpeRDCh5zAcB2zzLaU4jVQ4A=',
      '{SSHA256}LwH5tnzNY4/wmf3cGJib39njgNWc3l83JUHll1m28gJ2HZV5',
      '{SSHA256.HEX}899e5cda6fcca58dbe90f2e7a8bc3678751290ae2f4db8dfc7154fd4cf8b124451c10b61',
      '{SMD5}PmXZIqwVq9IWwQlslXcsREWBoug=',
      '{PLAIN-MD5}2fb935ed9018c8ed4bfed131cf7d7a8f',
      '{LDAP-MD5}L7k17ZAYyO1L/tExz316jw==',
      '{SHA512.B64}QwnQJeQaR48mbEZYqMTkxD5eBRu7/1AJ2D46I5OUtX5Q29zr0BjdRnzEx1ORHHj1oUEDFAKe5xw8OClwuFUS6A==',
      '{BLF-CRYPT}$2y$05$Pc70QseblR5c6B074OfNfuP8LEUl/JLvB94N9OKeNCXTpg4/A6G4q',
      '{SHA512-CRYPT}$6$zJFpMGS9SZbh1bW1$QMPqJDB65vFy8i6ClMiJ6Imcekpo6.xdJuELxzybLftS4D6W.iP4qMqdWp65xLO0msxBDgJ7l/Yxq0pr0OglK.',
      '{SHA256-CRYPT}$5$EbeKBifb1GWAos1v$yuSUIw5XfQJwAwktJM6.3RZ34Wsl818vQUYvX2kqDx7',
      '{MD5-CRYPT}$1$BA2mSb0y$zz0LxTdXqysR3d1MKaSx6/',
      '{PBKDF2}$1$0hmO9puYP/uMofw4$5000$6babcab475b9fd3367434d7a7a4752710f2885d4',
      '{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$nFv+eW9iewxHWsdtsrpSRg$HWkxkkXiOBVVY4/Fr+DC6SjvUTzj+heurkTpdLZtqM4',
      '{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$KTIk82fExj4qIes98DVo0A$E9hxtz1SBO5XX/nrExLgguDLE5w73/ONzxHIRr4uQ+4',
    ]),
    /./,
  );

  // `password_hash()` with PASSWORD_BCRYPT, PASSWORD_ARGON2ID and PASSWORD_ARGON2I; `crypt()`; and
  // wp_hash_password() of WordPress 6.8: `$wp` and password_hash of the HMAC.
  testVectors(
    'password_hash and crypt of PHP 8.2.36',
    ofPassword([
      '$2y$05$CVGysdsvGXSiN9IitFsGQuRhbgzT5U/YDhQFsq4SW1SCEXXwq5Ap2',
      '$argon2id$v=19$m=1024,t=2,p=1$TWE4ZUhwZEN0Nk5lN3E2bw$wBpupSxXsjO84RBJG8WbeYNFLDKxtcih7QYr9aVLeks',
      '$argon2i$v=19$m=1024,t=2,p=1$L2lpaFdjLlR4aXVTU05RRQ$mdB8nBjWoyeY4tx+MU6EXhnwOS2otJW00h6NI6a/U4g',
      '$6$rounds=1000$abcdefgh$ukYpNXlpFmkCP.hualwdLLy7qvbuxOJ8Z8RP6gtX7UENgkvBEkta5Hgy/8G0X8CSIb3MhhpvK4slEfOciJpAq1',
      '$wp$2y$05$KX3S4/uKPSWCGw.QmxKoRuFTMn2lv.BHxVYsL4nZFnvv64WV63aY.',
    ]),
    /./,
  );

  // `Hasher().encode()` of BCryptSHA256, BCrypt, Argon2, Scrypt, PBKDF2, PBKDF2SHA1 and MD5.
  testVectors(
    'Django 5.2.17',
    ofPassword([
      'bcrypt_sha256$$2b$05$.MIscLLt8HLqmtAEPbSNeONe5N151HwgBoJIIn3JJj2zI4cJ7mpfK',
      'bcrypt$$2b$05$hmoDvKkyaGa9HeJxVNQC7Olbx4BdFI0kdbuQ8l4MOnuVXtqZ4PIz2',
      'argon2$argon2id$v=19$m=1024,t=2,p=8$UGZDT2RHS3ZKWmtBTU52cFMycGhseA$YpdhBpILle3IRGDVr5iY+q9YHkmg0Q86bqWwK+/Ra8k',
      'scrypt$1024$JjSvInBODXBQBNphtjWl0R$8$5$OYJd1HvyED0k2L3ckduuRcMXUpQPFMOxuNSyeK4rnnZPsjaW9H9TL4jc8ovltQo6OAOOcY0WSy/oziEABmfcWg==',
      'pbkdf2_sha256$1000$seasalt$hvC+5GP5xtG07q/wDA2sVs43yaV7EhM4GFxDFDvkJ+w=',
      'pbkdf2_sha1$1000$seasalt$uWOPMdP7fjwn3ogRv4NUUM8PCQg=',
      'md5$seasalt$745c175c951349b590a628061ca7d35d',
    ]),
    /./,
  );

  // `generate_password_hash()`, with its default and three other methods.
  testVectors(
    'Werkzeug 3.1.9',
    ofPassword([
      'scrypt:32768:8:1$nzeLyvTzCb6dXYOg$ef7e7d93b2ab8b7de318f31b3254a4c61ba294cd719d1e0adb2a836f52bfd8f20300a074b879363f348b9c69a9d4e40fad8226711045cf9146a28188d787f7bf',
      'scrypt:1024:8:1$6xUUWQit588W6BMB$66d89fbe58bd44047db636929a00caf9dd1cbc19dab7c4323320400d2ab83571ac4e7732f4be729fb93066de99c652cafbe30b612b0a49b548c05dc135017f5a',
      'pbkdf2:sha512:1000$VZ1KThcahznD74bQ$3d4905a44f43327149ad0f98aabea11bc56adaf662c08f86b31a1046c48ac9aa0754285eb45d3a5cc24fdcd95d6958a4adc4a4c7dcf7c2efce098c87efb5c132',
      'pbkdf2:sha256:1000$tFRA0N5i4CYHClfb$8b9c4111738d69a8459af4948b6385598b6b4e3e93c97708650f210d3e30c989',
    ]),
    /./,
  );

  // `passlib.hash.….hash()`.
  testVectors(
    'passlib 1.7.4',
    ofPassword([
      '$bcrypt-sha256$v=2,t=2b,r=5$vHjtuGXCB2x0wOX0M3kXIO$6g4FCY7ZaJoefKfNH86oDyTAJc2zb0G',
      '$2b$05$fCY/mAUr4ZuX5Ad/TMoGO.Wyz6i57.DvDJevm93K6vR5KuG1Bc5M.',
      '{SSHA256}h1qO2mkjt0/QhKJ7RGJY1GQHlavmUQMnOWBby6LRA3HrfU+p1bo3xg==',
      '{SSHA512}v2vNyT6hM+phvpA5LhrYuIraCEGqtKQELKtwE0XZIq+JH6EiIzo29mWlko4ry8G2/nf36E3ntb10iKUs6SothBDC2Ps/pxTC',
      '{PBKDF2-SHA512}1000$JYQQIsSYc671PqfUute6Fw$gA.R4XC2q2ICxz1.OAQOwS4YNLWxmouaft3bhI4wFbK356KYoe69HtzDFh147LchgomMCheWOjvpMYWTwXChHA',
      '$scrypt$ln=6,r=8,p=1$QIgRIsR4b20NISRkLIVQag$4GDeGBchBIFtLE/b9uFTeTp3CxDp5cJKUMXrSeMYUTA',
      '$argon2id$v=19$m=256,t=2,p=8$Uuqdc07J2Xtv7d07p7SWMg$ghpTIN0G4HO0j5OrYXSS1g',
      '$P$6B2IWE10RHuT9iVFkqp98YZ.Nm3/6e.',
      '*A67D09AB069D3FED7FE75AB53C7FEC26AA4883FB',
      '$3$$53de0c1c392c63cb7b25fcb3b5fbf79b',
      '{PKCS5S2}TgnBmNMag5DyHsMY43xPiQGF1tHyz/xKdGOIkDqbiq1ReHs657pGt3CoDf5ML4+S',
      'pbkdf2_sha256$1000$8VGqJ2lhy9h3$4hcN67B6aNT9sMa+VabHTZBJVtlRH11aOxg/YqMx1W8=',
      'bcrypt_sha256$$2b$05$lHVSH4helPpT3iJDRMvtrOq9MHaew3N3zGK7ZH5K5d6S4d2AYCOle',
      'sha1$Z6lbIlt9LUKH$9b86f06cc94470582a2f6932a7c2d7b000aa03bf',
    ]),
    /./,
  );
});
