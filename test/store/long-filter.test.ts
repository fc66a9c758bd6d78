// Filters of more than 2^33 bytes: their last blocks are written, read and sent as others are. The
// files are sparse.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { BLOCK_BYTES, blockIndex, hasBits, MAX_BLOCKS } from '../../protocol/split-block.ts';
import { FilterFile } from '../../store/snapshot/filter-file.ts';
import { PartedFile } from '../../store/snapshot/layout/parted-file.ts';
import { FilterPartWriter } from '../../store/snapshot/parts/filter-writer.ts';
import { createRandom, testSeed } from '../support/random.ts';

const LAST = 5_000;
const HASHES = 2 ** 32;

test('the last blocks of the longest filter have the bits of their entries', () => {
  const file = `${fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-'))}/blocks`;
  const from = MAX_BLOCKS - LAST;
  const writer = new FilterPartWriter(file, MAX_BLOCKS, { from, to: MAX_BLOCKS });
  const random = createRandom(testSeed('long filter'));
  // Two hashes a block.
  const hashes = Array.from({ length: 2 * LAST }, (_, i) => HASHES - 2 * LAST + i);
  const tags = hashes.map(() => random.below(2 ** 48));
  for (const [i, hash] of hashes.entries()) writer.add(hash, tags[i] as number);
  writer.finish();
  const blocks = fs.readFileSync(file);
  expect(blocks.length).toBe(LAST * BLOCK_BYTES);
  for (const [i, hash] of hashes.entries()) {
    const block = blockIndex(hash, MAX_BLOCKS) - from;
    expect(block).toBe(i >> 1);
    expect(hasBits(blocks, block * BLOCK_BYTES, (tags[i] as number) % HASHES)).toBe(true);
  }
  const bits = blocks.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  expect(bits).toBeLessThanOrEqual(16 * LAST);
  expect(bits).toBeGreaterThan(15 * LAST);
});

test('a range behind 2^33 bytes is sent as it is', async () => {
  const file = `${fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-'))}/filter`;
  const bytes = 2 ** 34 + 80;
  const tail = createRandom(testSeed('tail')).bytes(1_000);
  fs.writeFileSync(file, '');
  fs.truncateSync(file, bytes);
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, tail, 0, tail.length, bytes - tail.length);
  fs.closeSync(handle);
  const filter = new FilterFile(new PartedFile(file, 'filter', bytes, undefined));
  try {
    expect(filter.bytes).toBe(bytes);
    const sent = await buffer(filter.read(bytes - 70_000, bytes));
    expect(sent.length).toBe(70_000);
    expect(sent.subarray(-1_000).equals(tail)).toBe(true);
    expect(sent.subarray(0, -1_000).every((byte) => byte === 0)).toBe(true);
  } finally {
    filter.release();
  }
});
