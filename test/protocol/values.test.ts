// Limits of each protocol value: inputs, metadata, prefixes, seals, keys. PROTOCOL.md §3 to §10.

import { describe, expect, test } from 'vitest';
import type { BucketHash, BucketId, EntryTag, LayerId, MetadataPad, SealKey } from '../../protocol/brands.ts';
import { decodeBody, encodeBucket, findEntry, openBucket } from '../../protocol/bucket.ts';
import { bucketId, formatPrefix, parsePrefix } from '../../protocol/bucket-id.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { formatHmacKey, parseHmacKey, parseHmacKeyText } from '../../protocol/keys.ts';
import { decodeTimes, encodeTimes, openMetadata, roundTimes, writeMetadata } from '../../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, pairInput, passwordInput, usernameInput } from '../../protocol/private-input.ts';
import { createMacAuth } from '../../protocol/seal.ts';
import { protocolError } from '../support/errors.ts';
import { createRandom, testSeed } from '../support/random.ts';

describe('PrivateInput', () => {
  test('PrivateInput accepts fields of 65,535 bytes and rejects longer ones without wrapping', () => {
    const longest = 'a'.repeat(65_535);
    expect(pairInput(normalizeUsername(longest), normalizePassword(longest)).length).toBe(5 + 2 * 65_535);
    // 65,536 bytes in fewer characters, too.
    for (const over of [`${longest}a`, `${'a'.repeat(65_534)}é`, 'é'.repeat(32_768)]) {
      const none = normalizePassword('');
      expect(() => pairInput(normalizeUsername(over), none)).toThrow(protocolError('FIELD_TOO_LONG'));
      expect(() => pairInput(normalizeUsername(''), normalizePassword(over))).toThrow(protocolError('FIELD_TOO_LONG'));
      expect(() => usernameInput(normalizeUsername(over))).toThrow(protocolError('FIELD_TOO_LONG'));
      expect(() => passwordInput(normalizePassword(over))).toThrow(protocolError('FIELD_TOO_LONG'));
    }
  });

  test('PrivateInput encodes fields unambiguously, wherever the border between them lies', () => {
    const seen = new Set<string>();
    for (const [username, password] of [
      ['ab', 'c'],
      ['a', 'bc'],
      ['', 'abc'],
      ['abc', ''],
    ] as const) {
      const [u, p] = [normalizeUsername(username), normalizePassword(password)];
      for (const input of [pairInput(u, p), usernameInput(u), passwordInput(p)])
        seen.add(Buffer.from(input).toString('hex'));
    }
    expect(seen.size).toBe(12);
  });
});

describe('times seen', () => {
  test('times seen have ascending codes, use 63 of 64, and decode to a lower bound within a third', () => {
    const codes = new Set<number>();
    let last = -1;
    for (let exponent = 0; exponent < 32; exponent++)
      for (const step of [0, 0.25, 0.499, 0.5, 0.75, 0.999]) {
        const times = Math.floor(2 ** exponent * (1 + step));
        const code = encodeTimes(times);
        const least = decodeTimes(code) ?? Number.NaN;
        expect(code).toBeGreaterThanOrEqual(last);
        expect(least).toBeLessThanOrEqual(times);
        expect(least).toBeGreaterThan((times * 2) / 3 - 1e-9);
        expect(encodeTimes(least)).toBe(code);
        expect(roundTimes(times)).toBe(least);
        codes.add(code);
        last = code;
      }
    expect(codes.size).toBe(63);
    expect(codes.has(1)).toBe(false);
    expect(decodeTimes(1)).toBeUndefined();
  });

  test.each([0, -1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])('encodeTimes rejects %d', (times) => {
    expect(() => encodeTimes(times)).toThrow(protocolError('TIMES_OUT_OF_RANGE'));
  });
});

describe('metadata', () => {
  test('metadata decrypts under its own pad and kind only', () => {
    const random = createRandom(testSeed('metadata'));
    for (let i = 0; i < 5000; i++) {
      const kind = random.pick(Object.values(EntryKind));
      const times = 1 + random.below(2 ** 32 - 1);
      const source = random.below(0x1_0000);
      const pad = random.bytes(3) as MetadataPad;
      const width = random.pick([0, 1, 3] as const);
      const sealed = new Uint8Array(width);
      writeMetadata({ kind, times, source }, width, sealed, 0);
      for (let byte = 0; byte < width; byte++) sealed[byte] = (sealed[byte] as number) ^ (pad[byte] as number);
      const timesSeen = width === 0 ? undefined : decodeTimes(encodeTimes(times));
      expect(openMetadata(sealed, pad, kind)).toEqual({ kind, timesSeen, source: width === 3 ? source : 0 });
      for (const other of Object.values(EntryKind))
        if (other !== kind && width > 0) expect(openMetadata(sealed, pad, other)).toBeUndefined();
    }
  });
});

describe('prefixes', () => {
  test('a prefix is the leading bits of a hash, from none to thirty', () => {
    const hash = 0xa490f66b as BucketHash;
    for (let bits = 0; bits <= 30; bits++) {
      const id = bucketId(hash, bits);
      expect(id).toBe(Number(BigInt(hash) >> BigInt(32 - bits)));
      expect(parsePrefix(formatPrefix(id, bits), bits)).toBe(id);
      const digits = formatPrefix(id, bits).length;
      expect(digits).toBe(Math.max(1, Math.ceil(bits / 4)));
      if (bits % 4 !== 0 || bits === 0)
        expect(() => parsePrefix('f'.repeat(digits), bits)).toThrow(protocolError('PREFIX_MALFORMED'));
    }
  });

  test.each(['', '5', '05a', '5A', 'A5', ' a', '+5', '0x', 'g0', '٣٣', 'a5\n', 'a5 '])(
    '%j is no prefix of 8 bits',
    (text) => {
      expect(() => parsePrefix(text, 8)).toThrow(protocolError('PREFIX_MALFORMED'));
    },
  );
});

describe('a sealed bucket', () => {
  const key = createRandom(5).bytes(32) as SealKey;
  const place = {
    layer: '000102030405060708090a0b0c0d0e0f' as LayerId,
    index: 'account',
    prefixBits: 8,
    id: 5 as BucketId,
  } as const;
  const auth = createMacAuth(key);
  const body = encodeBucket({ tags: [3, 9, 27], metadata: Uint8Array.of(1, 2, 3), metadataBytes: 1 }, place, key);

  test('a sealed bucket opens in its own place only', () => {
    expect([...openBucket(body, place, auth).tags]).toEqual([3, 9, 27]);
    const elsewhere = [
      { ...place, layer: 'f00102030405060708090a0b0c0d0e0f' as LayerId },
      { ...place, index: 'password' as const },
      { ...place, prefixBits: 9 },
      { ...place, id: 4 as BucketId },
    ];
    for (const other of elsewhere) expect(() => openBucket(body, other, auth)).toThrow(protocolError('BUCKET_FORGED'));
    expect(() => openBucket(body, place, createMacAuth(createRandom(6).bytes(32) as SealKey))).toThrow(
      protocolError('BUCKET_FORGED'),
    );
  });

  test('a sealed bucket with any flipped bit is rejected', () => {
    for (let bit = 0; bit < body.length * 8; bit++) {
      const turned = Uint8Array.from(body);
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => openBucket(turned, place, auth), `bit ${bit}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^BUCKET_(MALFORMED|FORGED)$/) }),
      );
    }
  });

  test('a sealed bucket that is truncated anywhere or padded with anything but zeros is rejected', () => {
    for (let length = 0; length < body.length; length++)
      expect(() => openBucket(body.subarray(0, length), place, auth)).toThrow();
    for (const zeros of [1, 7, 8, 100]) {
      const padded = Uint8Array.from([...body, ...new Uint8Array(zeros)]);
      expect([...openBucket(padded, place, auth).tags]).toEqual([3, 9, 27]);
      padded[padded.length - 1] = 1;
      expect(() => openBucket(padded, place, auth)).toThrow(protocolError('BUCKET_MALFORMED'));
    }
  });

  test('a sealed bucket may be empty', () => {
    const empty = encodeBucket({ tags: [], metadata: new Uint8Array(0), metadataBytes: 3 }, place, key);
    expect(empty.length).toBe(22);
    const bucket = openBucket(empty, place, auth);
    expect(bucket.tags.length).toBe(0);
    expect(findEntry(bucket, 0 as EntryTag, new Uint8Array(3) as MetadataPad, EntryKind.pair)).toBeUndefined();
  });

  test('a sealed bucket with a count beyond its length is rejected before memory is allocated', () => {
    for (const count of [4, 0xff_ffff, 0x100_0000, 0xffff_ffff]) {
      const lying = Uint8Array.from(body);
      new DataView(lying.buffer).setUint32(2, count);
      expect(() => decodeBody(lying)).toThrow(protocolError('BUCKET_MALFORMED'));
    }
  });

  test('a sealed bucket decodes from a view into a larger buffer', () => {
    const inside = new Uint8Array(body.length + 30).fill(0xff);
    inside.set(body, 11);
    expect([...openBucket(inside.subarray(11, 11 + body.length), place, auth).tags]).toEqual([3, 9, 27]);
  });
});

describe('a key', () => {
  const key = parseHmacKey(createRandom(7).bytes(32));
  const text = formatHmacKey(key);

  test('a key has one spelling; white space around it is ignored', () => {
    expect(equalBytes(parseHmacKeyText(` \n${text}\r\n`), key)).toBe(true);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const accepted = [...alphabet].filter((last) => {
      try {
        return parseHmacKeyText(text.slice(0, -1) + last).length === 32;
      } catch {
        return false;
      }
    });
    expect(accepted).toEqual([text.at(-1)]);
  });

  test('a key of another length, or of equal bytes, is rejected', () => {
    for (const bytes of [
      new Uint8Array(32),
      new Uint8Array(32).fill(7),
      new Uint8Array(31),
      new Uint8Array(33),
      new Uint8Array(0),
    ])
      expect(() => parseHmacKey(bytes)).toThrow(protocolError('KEY_MALFORMED'));
  });

  test('a parsed key is a copy: clearing the input does not change it', () => {
    const bytes = createRandom(8).bytes(32);
    const copied = parseHmacKey(bytes);
    bytes.fill(0);
    expect(copied.some((byte) => byte !== 0)).toBe(true);
  });
});
