// Golomb-Rice codec against plain sorted arrays: PROTOCOL.md §7.

import { describe, expect, test } from 'vitest';
import type { EntryTag } from '../../protocol/brands.ts';
import { TAG_LIMIT } from '../../protocol/entry.ts';
import { decodeTags, encodeTags, findTag, maxEncodedTagsBytes, riceParameter } from '../../protocol/golomb-rice.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

/** Bytes after the tags that a decoder may read: in a body they are the seal. */
const BEHIND = 8;

function ascending(values: Iterable<number>): Float64Array {
  return Float64Array.from(new Set(values)).sort();
}

function uniform(random: Random, count: number): Float64Array {
  const tags = new Set<number>();
  while (tags.size < count) tags.add(random.below(TAG_LIMIT));
  return ascending(tags);
}

/** Sets of tags: uniform ones, as publishing makes them, and others that it never makes. */
const distributions: readonly ((random: Random, count: number) => Float64Array)[] = [
  uniform,
  // As dense as can be, at the low end, the high end, and between.
  (_, count) => Float64Array.from({ length: count }, (_, i) => i),
  (_, count) => Float64Array.from({ length: count }, (_, i) => TAG_LIMIT - count + i),
  (random, count) => {
    const base = random.below(TAG_LIMIT - count);
    return Float64Array.from({ length: count }, (_, i) => base + i);
  },
  // The longest quotients: everything at one end but one.
  (_, count) => ascending([...Array(Math.max(0, count - 1)).keys(), ...(count > 0 ? [TAG_LIMIT - 1] : [])]),
  // Few clusters far apart, both extremes among them.
  (random, count) => {
    const tags = new Set<number>(count > 1 ? [0, TAG_LIMIT - 1] : []);
    while (tags.size < count) {
      const base = random.below(TAG_LIMIT);
      for (let left = random.below(64); left >= 0 && tags.size < count; left--)
        tags.add(Math.min(TAG_LIMIT - 1, base + random.below(1024)));
    }
    return ascending(tags);
  },
  // Gaps of every magnitude.
  (random, count) => {
    const tags: number[] = [];
    let tag = random.below(1024);
    for (; tags.length < count && tag < TAG_LIMIT; tag += 1 + random.below(2 ** random.below(49))) tags.push(tag);
    return ascending(tags);
  },
  // Gaps around the divisor, where quotient and remainder meet.
  (random, count) => {
    const tags: number[] = [];
    const divisor = 2 ** riceParameter(Math.max(1, count));
    const gap = (): number => 1 + divisor * random.below(3) + random.below(3);
    for (let tag = random.below(2); tags.length < count && tag < TAG_LIMIT; tag += gap()) tags.push(tag);
    return ascending(tags);
  },
];

function encode(tags: Float64Array, at: number): { body: Uint8Array; end: number } {
  const body = new Uint8Array(at + maxEncodedTagsBytes(tags.length) + BEHIND);
  return { body, end: at + encodeTags(tags, body, at) };
}

function expectCase(random: Random, tags: Float64Array): void {
  const at = random.below(7);
  const { body, end } = encode(tags, at);
  expect(end).toBeLessThanOrEqual(body.length - BEHIND);
  // The bytes after the tags must not matter.
  body.fill(0xff, end);
  const limit = random.below(2) === 0 ? end : body.length - BEHIND;
  const decoded = decodeTags(body, at, limit, tags.length);
  expect(decoded.end).toBe(end);
  expect(Buffer.from(decoded.tags.buffer).equals(Buffer.from(tags.buffer))).toBe(true);
  if (tags.length === 0) return;
  const again = encode(decoded.tags, at);
  expect(Buffer.compare(again.body.subarray(at, again.end), body.subarray(at, end))).toBe(0);
  // One byte less is an error, never fewer tags.
  expect(() => decodeTags(body, at, end - 1, tags.length)).toThrow(
    expect.objectContaining({ code: 'BUCKET_MALFORMED' }),
  );
  const members = new Set(tags);
  for (const tag of [random.pick([...tags]), random.below(TAG_LIMIT), 0, TAG_LIMIT - 1]) {
    const found = findTag(decoded.tags, tag as EntryTag);
    expect(found >= 0).toBe(members.has(tag));
    if (found >= 0) expect(decoded.tags[found]).toBe(tag);
  }
}

const CASES = 75_000;

describe('Golomb-Rice coding', () => {
  test(`${CASES} random sets of 0 to 3,000 tags round-trip, with one encoding each`, () => {
    const random = createRandom(testSeed('golomb-rice'));
    for (let i = 0; i < CASES; i++) {
      // Every magnitude of count, since each has its own k.
      const count = random.below(2 ** random.below(8)) + (i % 100 === 0 ? random.below(2874) : 0);
      expectCase(random, random.pick(distributions)(random, count));
    }
  });

  test('sets of every size from 0 to 3,000 round-trip', () => {
    const random = createRandom(testSeed('golomb-rice counts'));
    for (let count = 0; count <= 3000; count++) expectCase(random, random.pick(distributions)(random, count));
  });

  test('1,024 or more uniform tags take at most 6% more than the information-theoretic minimum', () => {
    const random = createRandom(testSeed('golomb-rice cost'));
    for (const count of [1024, 1025, 1447, 1448, 1500, 2047, 2048, 3000, 4096, 10_000]) {
      const { end } = encode(uniform(random, count), 0);
      // n tags of 48 bits answer falsely with probability n / 2^48.
      const least = 48 - Math.log2(count);
      expect((end * 8) / count / least).toBeLessThanOrEqual(1.06);
      expect((end * 8) / count / least).toBeGreaterThan(1);
    }
  });

  test('k is 47 minus the binary logarithm of the count', () => {
    for (const [count, k] of [
      [1, 47],
      [2, 46],
      [3, 46],
      [4, 45],
      [1023, 38],
      [1024, 37],
      [2 ** 24 - 1, 24],
    ] as const)
      expect(riceParameter(count)).toBe(k);
  });

  test('the encoder rejects tags that do not ascend or have more than 48 bits', () => {
    for (const tags of [[1, 1], [2, 1], [TAG_LIMIT], [-1], [Number.NaN], [0, TAG_LIMIT]])
      expect(() => encodeTags(tags, new Uint8Array(64), 0), String(tags)).toThrow(
        expect.objectContaining({ code: 'TAGS_NOT_ASCENDING' }),
      );
  });

  test('the decoder needs no bytes after the tags', () => {
    const random = createRandom(testSeed('golomb-rice at the end'));
    for (let count = 1; count <= 40; count++) {
      const tags = uniform(random, count);
      const { body, end } = encode(tags, 0);
      expect(decodeTags(body.subarray(0, end), 0, end, count)).toEqual({ tags, end });
    }
  });

  test('the decoder rejects a tag of more than 48 bits', () => {
    // k = 47: quotient 2 is 2^48.
    const body = new Uint8Array(7 + BEHIND);
    body[0] = 0b1100_0000;
    expect(() => decodeTags(body, 0, 7, 1)).toThrow(expect.objectContaining({ code: 'BUCKET_MALFORMED' }));
  });

  test('the decoder rejects non-zero bits after the last tag', () => {
    // k = 46: two tags of 47 bits leave two bits of twelve bytes.
    const { body, end } = encode(Float64Array.of(5, 6), 0);
    expect(end).toBe(12);
    for (const filler of [1, 2, 3]) {
      const changed = Uint8Array.from(body);
      changed[end - 1] = (changed[end - 1] as number) | filler;
      expect(() => decodeTags(changed, 0, end, 2)).toThrow(expect.objectContaining({ code: 'BUCKET_MALFORMED' }));
    }
  });

  test('the decoder rejects a count that cannot fit before it allocates memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeTags(new Uint8Array(100), 0, 92, 0xff_ffff)).toThrow(
      expect.objectContaining({ code: 'BUCKET_MALFORMED' }),
    );
    // The tags would be 128 MiB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});
