// What range indexes are made of: merging, stored bodies, prefixes, text and its padding, MD4.

import { describe, expect, test } from 'vitest';
import { md4 } from '../../ingest/md4.ts';
import type { SnapshotId } from '../../protocol/brands.ts';
import { formatRangePrefix, parseRangePrefix, RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { writeU32 } from '../../protocol/bytes.ts';
import { Merge, type RecordStream } from '../../store/run/merge.ts';
import { HASH_BYTES, rangeLayout } from '../../store/run/range-record.ts';
import {
  decodeRangeBody,
  encodeRangeBody,
  type RangeEntries,
  SHARED_BYTES,
} from '../../store/snapshot/ranges/range-body.ts';
import { paddedTextBytes, padRange } from '../../store/snapshot/ranges/range-padding.ts';
import { formatRows, mostTextBytes, rowBytes, textBytes } from '../../store/snapshot/ranges/range-text.ts';
import { mutateBytes, valueOrRefusal } from '../support/mutate.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

describe('merging and stored bodies', () => {
  test('a merge of many streams equals that of a Map', () => {
    const random = createRandom(testSeed('merge'));
    const bytes = rangeLayout('ntlm').recordBytes;
    const expected = new Map<string, number>();
    const streams = Array.from({ length: 9 }, (): RecordStream => {
      const hashes = new Set(Array.from({ length: random.below(51) }, () => random.below(100)));
      const records = [...hashes]
        .sort((a, b) => a - b)
        .map((hash) => {
          const record = Buffer.alloc(bytes);
          record[15] = hash;
          const times = 1 + random.below(2 ** 31);
          writeU32(record, 16, times);
          const name = record.toString('hex', 0, 16);
          expected.set(name, Math.min(2 ** 32 - 1, (expected.get(name) ?? 0) + times));
          return record;
        });
      // Blocks of one to three records, in a buffer that is used again.
      const buffer = Buffer.alloc(3 * bytes);
      return {
        readBlock() {
          const block = Buffer.concat(records.splice(0, 1 + random.below(3)));
          block.copy(buffer);
          return buffer.subarray(0, block.length);
        },
      };
    });
    const merge = new Merge(streams, rangeLayout('ntlm'));
    const merged: [string, number][] = [];
    while (merge.next())
      merged.push([Buffer.from(merge.bytes.subarray(merge.at, merge.at + 16)).toString('hex'), merge.times]);
    expect(merged).toEqual([...expected].sort());
  });

  test('a stream out of order is rejected', () => {
    const records = [2, 1].map((hash) => Buffer.concat([Buffer.alloc(15), Buffer.of(hash, 0, 0, 0, 1)]));
    const stream = { readBlock: () => records.shift() ?? Buffer.alloc(0) };
    const merge = new Merge([stream], rangeLayout('ntlm'));
    expect(() => {
      while (merge.next());
    }).toThrow(expect.objectContaining({ code: 'RUN_CORRUPT' }));
  });

  test('5,000 damaged bodies are rejected or decode to other entries in canonical form', () => {
    const random = createRandom(testSeed('bodies'));
    const suffixes = Buffer.concat(
      [1, 2, 3, 9].map((last) => Buffer.concat([Buffer.alloc(17, 0x5a), Buffer.of(last)])),
    );
    const valid = encodeRangeBody(suffixes, Float64Array.of(1, 127, 128, 2 ** 32 - 1));
    expect(decodeRangeBody('sha1', 0x12345, valid).times).toEqual(Float64Array.of(1, 127, 128, 2 ** 32 - 1));
    expect(() => decodeRangeBody('sha1', 0x12346, valid)).toThrow('a hash belongs to another range');
    let read = 0;
    for (let i = 0; i < 5000; i++) {
      const damaged = mutateBytes(random, valid);
      const entries = valueOrRefusal(() => decodeRangeBody('sha1', 0x12345, damaged));
      if (!entries) continue;
      read++;
      expect(encodeRangeBody(entries.suffixes, entries.times).equals(damaged)).toBe(true);
    }
    expect(read).toBeGreaterThan(100);
  });

  test('a prefix is five hex digits in either case', () => {
    expect(formatRangePrefix(parseRangePrefix('0aBcD'))).toBe('0ABCD');
    for (const text of ['', '0abc', '0abcde', '0abcg', ' abcd', '0abcd\n', '０abcd'])
      expect(() => parseRangePrefix(text)).toThrow(expect.objectContaining({ code: 'PREFIX_MALFORMED' }));
  });
});

describe('text', () => {
  /** Entries of the range 0x12345, ascending. */
  function seededEntries(random: Random, name: RangeName, count: number): RangeEntries {
    const suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
    const rows = Array.from({ length: count }, () => {
      const suffix = random.bytes(suffixBytes);
      suffix[0] = 0x50 | ((suffix[0] as number) & 0xf);
      return suffix;
    }).sort(Buffer.compare);
    const times = Float64Array.from(
      { length: count },
      () => 1 + random.below(Math.min(10 ** random.below(11), 2 ** 32 - 1)),
    );
    return { count, suffixBytes, suffixes: Buffer.concat(rows), times };
  }
  const rowsOf = ({ count, suffixBytes, suffixes, times }: RangeEntries): string[] =>
    Array.from({ length: count }, (_, row) => {
      const hex = Buffer.from(suffixes).toString('hex', row * suffixBytes, (row + 1) * suffixBytes);
      return `${hex.slice(1).toUpperCase()}:${times[row]}`;
    });
  const place = { snapshot: '000001-0123456789abcdef' as SnapshotId, range: 0x12345 };

  test.each(RANGE_NAMES)('of %s equals that built from strings, and has the computed length', (name) => {
    const random = createRandom(testSeed(`text ${name}`));
    for (let i = 0; i < 200; i++) {
      const entries = seededEntries(random, name, random.below(40));
      const text = formatRows(name, entries).toString('latin1');
      expect(text).toBe(rowsOf(entries).join('\r\n'));
      expect(textBytes(name, entries.times)).toBe(text.length);
      expect(text.length).toBeLessThanOrEqual(mostTextBytes(name, entries.count));
    }
  });

  test.each(RANGE_NAMES)('of %s is padded to any size with room for one more row, and to no smaller size', (name) => {
    const random = createRandom(testSeed(`padding ${name}`));
    for (const count of [0, 1, 30]) {
      const entries = seededEntries(random, name, count);
      // An empty range saves the line end of its first row.
      const least = textBytes(name, entries.times) + rowBytes(name) - (count === 0 ? 2 : 0);
      for (let bytes = least; bytes < least + 3 * rowBytes(name); bytes++) {
        const text = padRange({ ...place, name }, entries, bytes).toString('latin1');
        expect(text.length).toBe(bytes);
        const rows = text.split('\r\n');
        expect(rows.filter((row) => !/:0+$/.test(row))).toEqual(rowsOf(entries));
        expect(rows).toEqual(rows.toSorted());
      }
      expect(() => padRange({ ...place, name }, entries, least - 1)).toThrow(
        expect.objectContaining({ code: 'SNAPSHOT_CORRUPT' }),
      );
    }
  });

  test('of a snapshot without the length of its longest range is padded to the possible maximum', () => {
    const facts = { entries: 9, ranges: 4, minEntries: 1, maxEntries: 3, contentBytes: 1 };
    expect(paddedTextBytes('sha1', { ...facts, maxTextBytes: 100 })).toBe(139);
    expect(paddedTextBytes('sha1', facts)).toBe(3 * 48 + 39);
  });
});

test('MD4 matches the vectors of RFC 1320', () => {
  // §A.5, the test suite.
  const vectors = {
    '': '31d6cfe0d16ae931b73c59d7e0c089c0',
    a: 'bde52cb31de33e46245e05fbdbd6fb24',
    abc: 'a448017aaf21d8525fc10ae87aa6729d',
    'message digest': 'd9130a8164549fe818874806e1c7014b',
    abcdefghijklmnopqrstuvwxyz: 'd79e1c308aa5bbcdeea8ed63df412da9',
    ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: '043f8582f241db351ce627e153e7f0e4',
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890':
      'e33b4ddc9c38f2199c3e7b164fcc0536',
  };
  for (const [message, digest] of Object.entries(vectors))
    expect(md4(Buffer.from(message)).toString('hex')).toBe(digest);
});
