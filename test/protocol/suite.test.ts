// HKDF of one block: a test case of RFC 5869, and against noble's and Node's.

import { hkdfSync } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { encodeUtf8, fromHex, toHex } from '../../protocol/bytes.ts';
import { hkdf32 } from '../../protocol/suite.ts';
import { createRandom, testSeed } from '../support/random.ts';

const LATIN1 = new TextDecoder('latin1');

test("outputs the first 32 bytes of RFC 5869's test case 3, which has neither salt nor info", () => {
  expect(toHex(hkdf32(new Uint8Array(22).fill(0x0b), new Uint8Array(0), ''))).toBe(
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
  );
});

test("outputs what noble's and Node's HKDF do", () => {
  const random = createRandom(testSeed('hkdf'));
  for (let i = 0; i < 200; i++) {
    const [secret, salt] = [random.bytes(1 + random.below(100)), random.bytes(random.below(100))];
    const info = LATIN1.decode(random.bytes(random.below(40)));
    const ours = toHex(hkdf32(secret, salt, info));
    expect(ours).toBe(bytesToHex(hkdf(sha256, secret, salt, encodeUtf8(info), 32)));
    expect(ours).toBe(bytesToHex(new Uint8Array(hkdfSync('sha256', secret, salt, encodeUtf8(info), 32))));
    expect(fromHex(ours)).toEqual(hkdf32(secret, salt, info));
  }
});
