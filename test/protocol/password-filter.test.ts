// The filter sets the bits that Apache Parquet specifies, compared with its published bytes and
// with another implementation. Its decoder is strict.

import { readBloomFilter, sbbfContains, sbbfInsert } from 'hyparquet/src/bloom.js';
import { xxhash64 } from 'hyparquet/src/xxhash.js';
import { describe, expect, test } from 'vitest';
import type { DatasetId, EntryTag, LayerId, PrfOutput, SealKey } from '../../protocol/brands.ts';
import {
  createFilterSeal,
  encodeFilterHeader,
  FILTER_HEADER_BYTES,
  filterFileBytes,
  filterLow,
  openFilter,
  parseFilterHeader,
} from '../../protocol/password-filter.ts';
import { blockIndex, falsePositiveRate, hasBits, MAX_BLOCKS, setBits } from '../../protocol/split-block.ts';
import { protocolError } from '../support/errors.ts';
import { createRandom, testSeed } from '../support/random.ts';

const low32 = (hash: bigint): number => Number(hash & 0xffff_ffffn);
const high32 = (hash: bigint): number => Number(hash >> 32n);

describe('the bits', () => {
  test('the bits match those of parquet-mr for the integers 0 to 9, as published by arrow2', () => {
    const published = [
      24, 130, 24, 8, 134, 8, 68, 6, 2, 101, 128, 10, 64, 2, 38, 78, 114, 1, 64, 38, 1, 192, 194, 152, 64, 70, 0, 36,
      56, 121, 64, 0,
    ];
    const block = new Uint8Array(32);
    for (let value = 0; value < 10; value++) {
      const bytes = new Uint8Array(8);
      bytes[0] = value;
      setBits(block, 32 * blockIndex(high32(xxhash64(bytes)), 1), low32(xxhash64(bytes)));
    }
    expect([...block]).toEqual(published);
  });

  test('the bits match those of parquet-mr for the texts a0 to a9, as published by the parquet crate', () => {
    const published = [
      200, 1, 80, 20, 64, 68, 8, 109, 6, 37, 4, 67, 144, 80, 96, 32, 8, 132, 43, 33, 0, 5, 99, 65, 2, 0, 224, 44, 64,
      78, 96, 4,
    ];
    const block = new Uint8Array(32);
    for (let value = 0; value < 10; value++) setBits(block, 0, low32(xxhash64(new TextEncoder().encode(`a${value}`))));
    expect([...block]).toEqual(published);
  });

  test.each([1, 2, 3, 1000, 70_001])(
    '%i blocks equal those of hyparquet, bit for bit and answer for answer',
    (blocks) => {
      const random = createRandom(testSeed('split blocks'));
      const draw = (): bigint => (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
      const ours = new Uint8Array(blocks * 32);
      const theirs = new Uint32Array(blocks * 8);
      for (let i = 0; i < 2000; i++) {
        const hash = draw();
        setBits(ours, 32 * blockIndex(high32(hash), blocks), low32(hash));
        sbbfInsert(theirs, hash);
      }
      expect(Buffer.compare(ours, new Uint8Array(theirs.buffer))).toBe(0);
      for (let i = 0; i < 2000; i++) {
        const hash = draw();
        expect(hasBits(ours, 32 * blockIndex(high32(hash), blocks), low32(hash))).toBe(sbbfContains(theirs, hash));
      }
    },
  );

  test('the bits are in the right block even if the product exceeds 53 bits', () => {
    const random = createRandom(testSeed('block index'));
    for (const blocks of [1, 2 ** 21 + 1, 2 ** 25 - 1, MAX_BLOCKS - 1, MAX_BLOCKS])
      for (const high of [
        0,
        1,
        0xffff,
        0x1_0000,
        0xffff_fffe,
        0xffff_ffff,
        ...Array.from({ length: 500 }, () => random.below(2 ** 32)),
      ])
        expect(blockIndex(high, blocks)).toBe(Number((BigInt(high) * BigInt(blocks)) >> 32n));
  });

  test.each([
    // BloomFilter.md, "Sizing an SBBF": bits of space per value, and the rate that they give.
    [6.0, 0.1],
    [10.5, 0.01],
    [16.9, 0.001],
    [26.4, 0.0001],
    [41, 0.00001],
  ])('the filter has the specified false-positive rate with %f bits per entry', (bits, rate) => {
    const entries = 10_000_000;
    expect(Math.abs(Math.log(falsePositiveRate(entries, (entries * bits) / 256) / rate))).toBeLessThan(0.05);
  });
});

const SEAL_KEY = new Uint8Array(32).fill(7) as SealKey;
const HEADER = {
  dataset: '0123456789abcdef' as DatasetId,
  layer: '000102030405060708090a0b0c0d0e0f' as LayerId,
  entries: 200,
  blocks: 16,
};

function makeFile(outputs: readonly PrfOutput[], header = HEADER): Uint8Array {
  const file = new Uint8Array(filterFileBytes(header.blocks));
  file.set(encodeFilterHeader(header));
  for (const output of outputs) {
    const view = new DataView(output.buffer, output.byteOffset);
    setBits(file, FILTER_HEADER_BYTES + 32 * blockIndex(view.getUint32(16), header.blocks), view.getInt32(2));
  }
  file.set(sealOf(file), file.length - 16);
  return file;
}

function sealOf(file: Uint8Array): Uint8Array {
  const seal = createFilterSeal(SEAL_KEY);
  seal.update(file.subarray(0, file.length - 16));
  return seal.digest();
}

describe('the file', () => {
  const random = createRandom(testSeed('filter file'));
  const outputs = Array.from({ length: 200 }, () => random.bytes(32) as Uint8Array as PrfOutput);

  test('the filter contains its entries and few others, and Parquet readers agree', () => {
    const file = makeFile(outputs);
    const filter = openFilter(file, sealOf(file));
    expect(filter).toMatchObject({ ...HEADER, bytes: 64 + 16 * 32 + 16 });
    for (const output of outputs) expect(filter.mayHold(output)).toBe(true);

    // Parquet's own header: Thrift, the number of bytes in ZigZag, BLOCK, XXHASH, UNCOMPRESSED.
    const header = [0x15, 0x80, 0x08, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0x1c, 0x1c, 0, 0, 0];
    const parquet = Uint8Array.from([...header, ...file.subarray(64, 64 + 512)]);
    const theirs = readBloomFilter({ view: new DataView(parquet.buffer), offset: 0 });
    expect(theirs?.numBytes).toBe(512);
    const others = Array.from({ length: 2000 }, () => random.bytes(32) as Uint8Array as PrfOutput);
    for (const output of [...outputs, ...others]) {
      const view = new DataView(output.buffer, output.byteOffset);
      const hash = (BigInt(view.getUint32(16)) << 32n) | BigInt(view.getUint32(2));
      expect(filter.mayHold(output)).toBe(sbbfContains(theirs?.blocks as Uint32Array, hash));
    }
    expect(others.filter((output) => filter.mayHold(output)).length).toBeLessThan(100);
  });

  test('a tag and an output set the same bits', () => {
    for (const output of outputs) {
      const view = new DataView(output.buffer, output.byteOffset);
      expect(filterLow((view.getUint16(0) * 2 ** 32 + view.getUint32(2)) as EntryTag)).toBe(view.getInt32(2));
    }
  });

  test.each([
    ['another magic', 0, 1],
    ['another version', 7, 1],
    ['something behind the layer', 32, 1],
    ['something before the entries', 47, 1],
    ['too many entries', 48, 1],
    ['another index', 56, 1],
    ['bytes that must be zero', 58, 1],
    ['more blocks than bytes', 63, 17],
    ['fewer blocks than bytes', 63, 15],
    ['no blocks', 63, 0],
    ['more blocks than there may be', 60, 0xff],
  ])('a filter file with %s is rejected, even with a matching seal', (_, at, value) => {
    const file = makeFile(outputs);
    file[at] = value;
    expect(() => openFilter(file, file.slice(file.length - 16))).toThrow(protocolError('FILTER_MALFORMED'));
  });

  test('a filter file that is truncated or too long is rejected', () => {
    const file = makeFile(outputs);
    for (let bytes = 0; bytes < file.length; bytes += bytes < 64 ? 1 : 13)
      expect(() => openFilter(file.subarray(0, bytes), file.slice(-16))).toThrow(protocolError('FILTER_MALFORMED'));
    expect(() => openFilter(Uint8Array.from([...file, 0]), file.slice(-16))).toThrow(protocolError('FILTER_MALFORMED'));
    expect(() => parseFilterHeader(file.subarray(0, 63))).toThrow(protocolError('FILTER_MALFORMED'));
  });

  test('a filter file with any flipped bit is rejected', () => {
    for (let bit = 8 * FILTER_HEADER_BYTES; bit < 8 * filterFileBytes(16); bit += 7) {
      const file = makeFile(outputs);
      file[bit >> 3] = (file[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => openFilter(file, sealOf(file))).toThrow(protocolError('FILTER_FORGED'));
    }
    // Of another dataset or layer: the header is under the seal.
    for (const at of [8, 15, 21, 29]) {
      const file = makeFile(outputs);
      file[at] = 0x31;
      expect(() => openFilter(file, sealOf(file))).toThrow(protocolError('FILTER_FORGED'));
    }
  });

  test('a decoded header of a filter file encodes to the same bytes', () => {
    const file = makeFile(outputs);
    expect(encodeFilterHeader(parseFilterHeader(file))).toEqual(file.slice(0, 64));
    const long = {
      ...HEADER,
      layer: 'ff'.repeat(16) as LayerId,
      entries: Number.MAX_SAFE_INTEGER,
    };
    expect(parseFilterHeader(encodeFilterHeader(long))).toEqual(long);
  });
});
