// A second, plain implementation of PROTOCOL.md §3 to §8, written from the text alone, agrees with
// the product.

import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BucketId, LayerId, SealKey } from '../../protocol/brands.ts';
import { decodeBody, encodeBucket } from '../../protocol/bucket.ts';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { createHmacSuite } from '../../protocol/hmac-suite.ts';
import { parseHmacKey } from '../../protocol/keys.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { pairInput, passwordInput, usernameInput } from '../../protocol/private-input.ts';
import { createRandom, testSeed } from '../support/random.ts';

const hmacOf = (key: Uint8Array, message: Uint8Array): Buffer => createHmac('sha256', key).update(message).digest();
const subkey = (key: Uint8Array, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, 'credveil hmac 1', use, 32));
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number): Buffer => Buffer.from(value.toString(16).padStart(8, '0'), 'hex');

/** §7 with strings of bits. */
function bitsOf(tags: readonly bigint[]): string {
  const k = 47 - (tags.length.toString(2).length - 1);
  let previous = -1n;
  let bits = '';
  for (const tag of tags) {
    const delta = tag - previous - 1n;
    bits += `${'1'.repeat(Number(delta >> BigInt(k)))}0${(delta & ((1n << BigInt(k)) - 1n)).toString(2).padStart(k, '0')}`;
    previous = tag;
  }
  return bits;
}

function tagsOf(bits: string, count: number): bigint[] {
  const k = 47 - (count.toString(2).length - 1);
  const tags: bigint[] = [];
  let at = 0;
  for (let previous = -1n; tags.length < count; ) {
    const zero = bits.indexOf('0', at);
    const delta = BigInt(zero - at) * (1n << BigInt(k)) + BigInt(`0b${bits.slice(zero + 1, zero + 1 + k)}`);
    at = zero + 1 + k;
    previous = previous + 1n + delta;
    tags.push(previous);
  }
  return tags;
}

function packBits(bits: string): Buffer {
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

const unpackBits = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');

describe('an independent implementation of PROTOCOL.md', () => {
  test('the code and the independent implementation agree on 2,000 random buckets with their seals', () => {
    const random = createRandom(testSeed('reference buckets'));
    for (let i = 0; i < 2000; i++) {
      const limit = random.pick([2 ** 48, 2 ** 48, 4096]);
      const values = new Set(Array.from({ length: random.below(40) }, () => random.below(limit)));
      const tags = [...values].sort((a, b) => a - b);
      const big = tags.map(BigInt);
      const metadataBytes = random.pick([0, 1, 3] as const);
      const metadata = random.bytes(tags.length * metadataBytes);
      const prefixBits = random.below(31);
      const index = random.pick(INDEX_NAMES);
      const id = random.below(2 ** prefixBits) as BucketId;
      const layer = Buffer.from(random.bytes(16)).toString('hex') as LayerId;
      const sealKey = random.bytes(32) as SealKey;

      const content = Buffer.concat([
        Buffer.from([1, metadataBytes]),
        u32(tags.length),
        packBits(bitsOf(big)),
        metadata,
      ]);
      const label = Buffer.from('credveil bucket 2');
      const where = [Buffer.from(layer, 'hex'), Buffer.from([index === 'account' ? 1 : 2, prefixBits])];
      const seal = hmacOf(sealKey, Buffer.concat([label, ...where, u32(id), content])).subarray(0, 16);

      const body = encodeBucket({ tags, metadata, metadataBytes }, { layer, index, prefixBits, id }, sealKey);
      expect(Buffer.from(body).toString('hex')).toBe(Buffer.concat([content, seal]).toString('hex'));
      if (tags.length > 0) expect(tagsOf(unpackBits(body.subarray(6)), tags.length)).toEqual(big);
      expect([...decodeBody(body).tags]).toEqual(tags);
    }
  });

  test('the code and the independent implementation agree on 1,000 random credentials: inputs, hashes, outputs, key ids', () => {
    const random = createRandom(testSeed('reference credentials'));
    for (let i = 0; i < 1000; i++) {
      const key = random.bytes(32);
      const suite = createHmacSuite(parseHmacKey(key));
      const letters = (limit: number): string => String.fromCharCode(...random.bytes(random.below(limit)));
      const username = normalizeUsername(letters(300));
      const password = normalizePassword(letters(300));
      const inputs = {
        pair: Buffer.concat([Buffer.from([1]), u16(username.length), username, u16(password.length), password]),
        username: Buffer.concat([Buffer.from([2]), u16(username.length), username, u16(0)]),
        password: Buffer.concat([Buffer.from([3]), u16(0), u16(password.length), password]),
      };
      expect(Buffer.from(pairInput(username, password))).toEqual(inputs.pair);
      expect(Buffer.from(usernameInput(username))).toEqual(inputs.username);
      expect(Buffer.from(passwordInput(password))).toEqual(inputs.password);
      expect(Buffer.from(suite.evaluate(pairInput(username, password)))).toEqual(
        hmacOf(subkey(key, 'entry'), inputs.pair),
      );
      expect(suite.accountBucketHash(username)).toBe(hmacOf(subkey(key, 'account'), username).readUInt32BE(0));
      expect(Buffer.from(suite.sealKey)).toEqual(subkey(key, 'seal'));
      expect(suite.keyId).toBe(subkey(key, 'key id').toString('hex', 0, 8));
    }
  });
});
