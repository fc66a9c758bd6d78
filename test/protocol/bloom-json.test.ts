// The strict parser of filters in JSON of bloom-filters.

import bloom from 'bloom-filters';
import { describe, expect, test } from 'vitest';
import { bloomElement, MAX_BLOOM_ENTRIES, MAX_BLOOM_JSON_BYTES, parseBloomJson } from '../../protocol/bloom-json.ts';
import type { EntryTag } from '../../protocol/brands.ts';
import { mutateJson, valueOrRefusal } from '../support/mutate.ts';
import { createRandom, testSeed } from '../support/random.ts';

const OWNER = { dataset: 'ab'.repeat(8), layer: 'cd'.repeat(16), entries: 3 };

function makeJson(size = 1000): Record<string, unknown> {
  const filter = new bloom.BloomFilter(size, 7);
  for (const tag of [1, 2, 2 ** 47]) filter.add(bloomElement(tag as EntryTag));
  return { ...(filter.saveAsJSON() as object), credveil: OWNER };
}

const parse = (value: unknown) => parseBloomJson(Buffer.from(JSON.stringify(value)));
const malformed = expect.objectContaining({ code: 'FILTER_MALFORMED' });

describe('parseBloomJson', () => {
  test.each([1, 7, 8, 9, 15, 16, 17, 24, 1000])('reads what the package wrote, of %i bits', (size) => {
    const json = parse(makeJson(size));
    expect(json.credveil).toEqual(OWNER);
    expect(json._size).toBe(size);
  });

  test('writes a tag as 12 hex digits', () => {
    expect(bloomElement(0xab as EntryTag)).toBe('0000000000ab');
  });

  const filter = makeJson()._filter as { size: number; content: string };
  const content = (change: (text: string) => string) => ({ _filter: { ...filter, content: change(filter.content) } });
  test.each<[string, object]>([
    ['another type', { type: 'CountingBloomFilter' }],
    ['no bits', { _size: 0 }],
    ['a size beyond the limit', { _size: 2 ** 29 + 1 }],
    ['a size that is no integer', { _size: 999.5 }],
    ['no hashes', { _nbHashes: 0 }],
    ['too many hashes', { _nbHashes: 65 }],
    ['no seed', { _seed: null }],
    ['fewer bits than its size', { _size: 2000 }],
    ['truncated bits', content((text) => text.slice(4))],
    ['one digit less', content((text) => text.slice(1))],
    ['bits in another alphabet', content((text) => `-${text.slice(1)}`)],
    ['padding inside', content((text) => `=${text.slice(1)}`)],
    ['bits that are no text', { _filter: { size: 1000, content: [1] } }],
    ['no owner', { credveil: undefined }],
    ['another dataset than one', { credveil: { ...OWNER, dataset: 'x' } }],
    ['no layer', { credveil: { ...OWNER, layer: undefined } }],
    ['too many entries', { credveil: { ...OWNER, entries: MAX_BLOOM_ENTRIES + 1 } }],
  ])('refuses %s', (_, change) => {
    expect(() => parse({ ...makeJson(), ...change })).toThrow(malformed);
  });

  test('refuses what is no JSON, no UTF-8, or too long', () => {
    for (const bytes of [
      Buffer.from('{'),
      Buffer.from('"\xff"', 'latin1'),
      Buffer.alloc(MAX_BLOOM_JSON_BYTES + 1, ' '),
    ])
      expect(() => parseBloomJson(bytes)).toThrow(malformed);
    for (const value of [null, [], 1, 'x']) expect(() => parse(value)).toThrow(malformed);
  });

  test('reads or refuses mutated JSON, and what it reads the package reads too', () => {
    const random = createRandom(testSeed('mutated bloom filters'));
    let read = 0;
    for (let left = 3000; left > 0; left--) {
      const value = mutateJson(random, makeJson(100));
      const json = valueOrRefusal(() => parse(value));
      if (!json) continue;
      read++;
      const opened = bloom.BloomFilter.fromJSON(json as unknown as JSON) as InstanceType<typeof bloom.BloomFilter>;
      expect(typeof opened.has('000000000001')).toBe('boolean');
    }
    expect(read).toBeGreaterThan(0);
  });
});
