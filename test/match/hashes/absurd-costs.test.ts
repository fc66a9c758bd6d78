// Hashes of absurd cost, in each parameter of each scheme: refused before anything is computed.

import { describe, expect, test } from 'vitest';
import { parseHash } from '../../../match/hashes/parse-hash.ts';

const SALT = 'YSBzYWx0IG9mIDE2IGJ5dA';
const KEY = 'A'.repeat(43);
const BCRYPT = 'CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const keycloak = (iterations: number, more: object): string =>
  `{"value":"${KEY}=","salt":"${SALT}=="}{"hashIterations":${iterations},"algorithm":"argon2","additionalParameters":${JSON.stringify(more)}}`;
const argon2 = { type: ['id'], version: ['1.3'], parallelism: ['1'] };

describe('a cost that no system uses is too costly', () => {
  test.each([
    // Memory, passes, and lanes, which take memory.
    [`$argon2id$v=19$m=1048576,t=1,p=1$${SALT}$${KEY}`],
    [`$argon2id$v=19$m=65536,t=4294967295,p=1$${SALT}$${KEY}`],
    [`$argon2id$v=19$m=134217728,t=1,p=16777215$${SALT}$${KEY}`],
    [`$argon2i$m=65536,t=100,p=1$${SALT}$${KEY}`],
    [keycloak(1_000_000, { ...argon2, memory: ['65536'] })],
    [keycloak(1, { ...argon2, memory: ['4294967295'] })],
    // N, r and p.
    [`$scrypt$ln=31,r=8,p=1$${SALT}$${KEY}`],
    [`$scrypt$ln=10,r=1048576,p=1$${SALT}$${KEY}`],
    [`$scrypt$ln=14,r=8,p=1048576$${SALT}$${KEY}`],
    [`$scrypt$ln=1,r=1,p=1000000000$${SALT}$${KEY}`],
    [`scrypt$1073741824$salt$8$1$${KEY}=`],
    [`scrypt:32768:8:100000$salt$${'ab'.repeat(32)}`],
    [`$7$zU..../....SodiumChloride$${KEY}`],
    // Iterations.
    [`pbkdf2_sha256$4294967295$salt$${KEY}=`],
    [`pbkdf2:sha512:999999999$salt$${'ab'.repeat(32)}`],
    [`$pbkdf2-sha512$4294967295$${SALT}$${'A'.repeat(86)}`],
    [`{PBKDF2-SHA256}4294967295$${SALT}$${KEY}`],
    [`:pbkdf2:sha512:999999999:32:${SALT}==:${KEY}=`],
    // Costs of powers of two.
    [`$2b$31$${BCRYPT}`],
    [`$2y$17$${BCRYPT}`],
    [`$wp$2y$31$${BCRYPT}`],
    [`bcrypt_sha256$$2b$31$${BCRYPT}`],
    [`$bcrypt-sha256$v=2,t=2b,r=31$${BCRYPT.slice(0, 22)}$${BCRYPT.slice(22)}`],
    [`:bcrypt:31$${BCRYPT.slice(0, 22)}$${BCRYPT.slice(22)}`],
    ['$P$Sabcdefgh0123456789abcdefghijkl'.slice(0, 34)],
    [`$S$S${'a'.repeat(51)}`],
    // Rounds.
    [`$5$rounds=999999999$saltstring$${KEY}`],
    [`$6$rounds=999999999$saltstring$${'A'.repeat(86)}`],
  ])('%s', (hash) => {
    expect(parseHash(hash, undefined)).toBe('too-costly');
  });
});
