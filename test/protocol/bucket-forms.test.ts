// Short tags of similarity forms in a bucket, PROTOCOL.md §7: how short, how seldom found by
// chance, and every malformed part refused by its name.

import { describe, expect, test } from 'vitest';
import type { EntryTag } from '../../protocol/brands.ts';
import { type BucketContent, decodeBody, encodeContent, hasForm, shortenTags } from '../../protocol/bucket.ts';
import { TAG_LIMIT } from '../../protocol/entry.ts';
import { decodeTags, encodeTags, maxEncodedTagsBytes } from '../../protocol/golomb-rice.ts';
import { MAX_SIMILAR_FORMS } from '../../protocol/private-input.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const uniform = (random: Random, count: number): Float64Array =>
  Float64Array.from({ length: count }, () => random.below(TAG_LIMIT));

const EMPTY = { tags: new Float64Array(0), metadata: new Uint8Array(0), metadataBytes: 1 } as const;
const TAIL_BYTES = 16;

/** The body of these entries, its tail zero. */
function bodyOf(content: BucketContent): Uint8Array {
  return Uint8Array.from([...encodeContent(content), ...new Uint8Array(TAIL_BYTES)]);
}

/**
 * Encodes one field of a body with forms: format, metadata, formBits, formCount, or the tags'
 * bytes.
 */
function forged(format: number, formBits: number, formCount: number, tags: readonly number[] = []): Uint8Array {
  const count = [formCount >>> 24, formCount >>> 16, formCount >>> 8, formCount].map((byte) => byte & 255);
  return Uint8Array.from([format, 1, 0, 0, 0, 0, formBits, ...count, ...tags, ...new Uint8Array(TAIL_BYTES)]);
}

const refusal = (message: string) =>
  expect.objectContaining({ code: 'BUCKET_MALFORMED', message: expect.stringContaining(message) });

describe('the entries of similarity forms', () => {
  test('a bucket returns its entries and its forms, whatever their numbers', () => {
    const random = createRandom(testSeed('bucket forms'));
    for (const [entries, forms] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [3, 2],
      [7, 40],
      [500, 2048],
      [500, 2049],
      [20, 5000],
    ] as const) {
      const tags = uniform(random, entries).sort();
      const formTags = uniform(random, forms);
      const metadata = random.bytes(entries);
      const body = bodyOf({ tags, metadata, metadataBytes: 1, forms: shortenTags(formTags) });
      const decoded = decodeBody(body);
      expect(decoded).toMatchObject({ tags, metadataBytes: 1, contentBytes: body.length - TAIL_BYTES });
      expect(Buffer.compare(decoded.metadata, metadata)).toBe(0);
      expect([...formTags].every((tag) => hasForm(decoded, tag as EntryTag))).toBe(true);
    }
  });

  test('a bucket of format 1 has no forms, and none is found in it', () => {
    const decoded = decodeBody(bodyOf(EMPTY));
    expect(decoded.forms).toBeUndefined();
    expect(hasForm(decoded, 5 as EntryTag)).toBe(false);
  });

  test.each([
    [0, 12],
    [1, 12],
    [2, 12],
    [3, 13],
    [4, 13],
    [5, 14],
    [1024, 21],
    [1025, 22],
    [5000, 24],
  ])('%i forms have tags of %i bits', (count, bits) => {
    expect(shortenTags(uniform(createRandom(count), count)).bits).toBe(bits);
  });

  test('a form takes at most 13.7 bits in a bucket of 1,000 or more', () => {
    const random = createRandom(testSeed('bits of a form'));
    for (const count of [1000, 1024, 1025, 1447, 2047, 4096, 4097, 6000]) {
      const plain = encodeContent(EMPTY).length;
      const bytes = encodeContent({ ...EMPTY, forms: shortenTags(uniform(random, count)) }).length - plain;
      expect((8 * bytes) / count).toBeLessThan(13.7);
    }
  });

  test('five other forms find one in at most 0.25% of checks', () => {
    const random = createRandom(testSeed('other forms'));
    for (const count of [1, 2, 100, 1024, 1025, 4096]) {
      const bucket = { ...EMPTY, forms: shortenTags(uniform(random, count)) };
      expect(MAX_SIMILAR_FORMS * (bucket.forms.tags.length / 2 ** bucket.forms.bits)).toBeLessThanOrEqual(0.0025);
    }
    const bucket = { ...EMPTY, forms: shortenTags(uniform(random, 1024)) };
    const checks = 100_000;
    let found = 0;
    for (let i = 0; i < checks; i++)
      if (Array.from({ length: MAX_SIMILAR_FORMS }).some(() => hasForm(bucket, random.below(TAG_LIMIT) as EntryTag)))
        found++;
    // Expected: 244.
    expect(found / checks).toBeLessThan(0.0032);
    expect(found / checks).toBeGreaterThan(0.0016);
  });

  test('two forms with equal leading bits are one', () => {
    const { bits, tags } = shortenTags(Float64Array.of(2 ** 47 + 5, 3, 2 ** 47));
    expect({ bits, tags: [...tags] }).toEqual({ bits: 13, tags: [0, 2 ** 12] });
  });

  test('tags of every length round-trip', () => {
    const random = createRandom(testSeed('tag lengths'));
    for (let bits = 12; bits <= 48; bits++)
      for (const count of [1, 2, 3, 100, 2 ** (bits > 22 ? 11 : bits - 11)]) {
        const limit = 2 ** bits;
        const tags = Float64Array.from(new Set([0, limit - 1, ...uniform(random, count).map((tag) => tag % limit)]));
        tags.sort();
        const bytes = new Uint8Array(maxEncodedTagsBytes(tags.length, bits));
        const length = encodeTags(tags, bytes, 0, bits);
        expect(decodeTags(bytes.subarray(0, length), 0, length, tags.length, bits)).toEqual({ tags, end: length });
        expect(() => encodeTags([limit], bytes, 0, bits)).toThrow(
          expect.objectContaining({ code: 'TAGS_NOT_ASCENDING' }),
        );
      }
  });
});

describe('a body with forms is refused', () => {
  const one = (tag: number, bits: number): number[] => {
    const bytes = new Uint8Array(8);
    return [...bytes.subarray(0, encodeTags([tag], bytes, 0, bits))];
  };

  test('the same body is taken when nothing is wrong', () => {
    expect(decodeBody(forged(2, 12, 1, one(4095, 12))).forms).toEqual({ bits: 12, tags: Float64Array.of(4095) });
    expect(decodeBody(forged(2, 48, 1, one(5, 48))).forms).toEqual({ bits: 48, tags: Float64Array.of(5) });
  });

  const hostile: readonly (readonly [what: string, reason: string, body: Uint8Array])[] = [
    ['an unknown format', 'unknown format', forged(3, 12, 0)],
    ['no part for forms', 'more entries than its length allows', forged(2, 12, 0).subarray(0, 6 + TAIL_BYTES)],
    ['half a header of the part', 'more entries than its length allows', forged(2, 12, 0).subarray(0, 9 + TAIL_BYTES)],
    ['tags of no bits', 'too long or too short', forged(2, 0, 0)],
    ['tags of 11 bits', 'too long or too short', forged(2, 11, 1, one(4, 11))],
    ['tags of 49 bits', 'too long or too short', forged(2, 49, 0)],
    ['tags of 255 bits', 'too long or too short', forged(2, 255, 1, [0, 0])],
    ['tags too short for three forms', 'too long or too short', forged(2, 12, 3, [0, 0, 0, 0, 0, 0])],
    ['tags that match half of all passwords', 'too long or too short', forged(2, 13, 4096, Array(1600).fill(0))],
    ['too many forms', 'more than 2^24-1 entries', forged(2, 48, 2 ** 24)],
    ['2^32-1 forms', 'more than 2^24-1 entries', forged(2, 48, 2 ** 32 - 1)],
    ['more forms than its length allows', 'more entries than its length allows', forged(2, 35, 2 ** 24 - 1)],
    ['a form without bytes', 'more entries than its length allows', forged(2, 12, 1)],
    ['a truncated tag', 'truncated', forged(2, 12, 1, [0xff, 0xff])],
    ['a tag of 13 bits', 'more than 12 bits', forged(2, 12, 1, [0b1100_0000, 0])],
    ['a bit after the last tag', 'not zero', forged(2, 12, 1, [0, 1])],
    ['padding that is not zero', 'padding is not zero', Uint8Array.from([...forged(2, 12, 1, one(4, 12)), 0, 1])],
  ];
  test.each(hostile)('with %s', (_, reason, body) => {
    expect(() => decodeBody(body)).toThrow(refusal(reason));
  });

  test('and takes no memory for forms that cannot fit', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodeBody(forged(2, 35, 2 ** 24 - 1))).toThrow(refusal('more entries than its length allows'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test('when it is truncated anywhere', () => {
    const random = createRandom(testSeed('truncated forms'));
    const content = encodeContent({ ...EMPTY, forms: shortenTags(uniform(random, 40)) });
    for (let length = 0; length < content.length; length++)
      expect(() => decodeBody(content.subarray(0, length), 0), `${length} bytes`).toThrow(refusal(''));
    expect(decodeBody(content, 0).forms?.tags.length).toBe(40);
  });
});

test('a body without a tail decodes to its last tag', () => {
  for (const count of [1, 2, 3, 6]) {
    const tags = uniform(createRandom(count), count).sort();
    expect(decodeBody(encodeContent({ tags, metadata: new Uint8Array(0), metadataBytes: 0 }), 0).tags).toEqual(tags);
  }
});
