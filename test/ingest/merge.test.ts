// Merges sorted records by sorting batches, in this thread and in several.

import { expect, test } from 'vitest';
import { SortKernel } from '../../accel/sort-kernel.ts';
import { BatchSorter, cutBatches, type RecordReader } from '../../ingest/sort/merge-records.ts';
import { sortInThreads } from '../../ingest/sort/sorter-threads.ts';
import { KEY_BYTES, RECORD_BYTES, readTimes, writeTimes } from '../../store/run/record.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const keyOf = (record: Uint8Array): string => Buffer.from(record.subarray(0, KEY_BYTES)).toString('hex');

/**
 * Records with few different keys, so that they meet often, and one account with very many entries.
 */
function randomRecord(random: Random): Uint8Array {
  const record = random.bytes(RECORD_BYTES);
  if (random.below(3) === 0) record.fill(7, 0, 4);
  record.fill(0, 5, KEY_BYTES);
  record[4] = random.below(3);
  record[1] = random.below(4);
  writeTimes(record, 0, 1 + random.below(3));
  return record;
}

/** Ascending, each key once. */
function stream(records: readonly Uint8Array[]): RecordReader {
  const byKey = new Map(records.map((record) => [keyOf(record), record]));
  const bytes = Buffer.concat([...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record));
  let at = 0;
  return {
    read(buffer, start) {
      const taken = Math.min(buffer.length - start, bytes.length - at);
      buffer.set(bytes.subarray(at, at + taken), start);
      at += taken;
      return start + taken;
    },
  };
}

/** Times by key, and every key once, in order. */
function timesOf(blocks: readonly Uint8Array[]): [string, number][] {
  const merged = Buffer.concat(blocks);
  return Array.from({ length: merged.length / RECORD_BYTES }, (_, i) => {
    const record = merged.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
    return [keyOf(record), readTimes(record, 0)];
  });
}

test.each([1, 2, 3, 40])('a merge of %i streams equals that of a Map, in one thread and in three', async (count) => {
  const random = createRandom(testSeed(`merged streams ${count}`));
  const streams = Array.from({ length: count }, () =>
    Array.from({ length: random.below(3000) }, () => randomRecord(random)),
  );
  const readers = (): RecordReader[] => streams.map(stream);
  const expected = new Map<string, number>();
  for (const records of streams)
    for (const [key, times] of timesOf([Buffer.concat([...new Map(records.map((at) => [keyOf(at), at])).values()])]))
      expected.set(key, (expected.get(key) ?? 0) + times);

  for (const readRecords of [1, 7, 500]) {
    const readBytes = readRecords * RECORD_BYTES;
    const sorter = new BatchSorter();
    const alone: Uint8Array[] = [];
    for (const batch of cutBatches(readers(), readBytes, (bytes) => new Uint8Array(bytes)))
      alone.push(sorter.sort(batch));
    expect(timesOf(alone)).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (readRecords === 1) continue;
    const together: Buffer[] = [];
    for await (const block of sortInThreads(3, (newBuffer) => cutBatches(readers(), readBytes, newBuffer)))
      together.push(Buffer.from(block));
    expect(Buffer.concat(together).equals(Buffer.concat(alone))).toBe(true);
  }
});

test('a failure while batches are in flight ends the merge', async () => {
  const failing: RecordReader = {
    read() {
      throw new RangeError('of the disk');
    },
  };
  const reading = (async () => {
    for await (const _ of sortInThreads(2, (newBuffer) => cutBatches([failing], RECORD_BYTES, newBuffer)));
  })();
  await expect(reading).rejects.toThrow('of the disk');
});

test('records that are already in order do not change', () => {
  const records = Buffer.concat(
    Array.from({ length: 100 }, (_, i) => {
      const record = new Uint8Array(RECORD_BYTES);
      record[3] = i;
      writeTimes(record, 0, 1);
      return record;
    }),
  );
  const kernel = new SortKernel(100);
  kernel.records.set(records);
  expect(kernel.sort(100)).toBe(100);
  expect(Buffer.from(kernel.records).equals(records)).toBe(true);
});

/** Keys as a PRF makes them, and others that a counting sort is not made for. */
const KEYS: { readonly [name: string]: (random: Random, key: Uint8Array) => void } = {
  random: () => {},
  'of one account': (_, key) => key.fill(7, 0, 4),
  'of few accounts': (random, key) => key.fill(random.below(3), 0, 4),
  'that differ at the end': (random, key) => key.fill(random.below(2), 0, 8),
  'that are close together': (random, key) => key.fill(0, 0, random.below(9)),
  'that come again': (random, key) => key.fill(random.below(100)),
  'that are all equal': (_, key) => key.fill(9),
};

test.each(Object.keys(KEYS))('the kernel sorts records with keys %s as bytes sort', (name) => {
  const random = createRandom(testSeed(`sorted keys ${name}`));
  for (const count of [0, 1, 2, 40, 3000, 16_385, 40_000]) {
    const records = Array.from({ length: count }, () => {
      const record = random.bytes(RECORD_BYTES);
      KEYS[name]?.(random, record.subarray(0, KEY_BYTES));
      writeTimes(record, 0, random.below(50) === 0 ? 0xffff_fff0 : 1 + random.below(3));
      return record;
    });
    const expected = new Map<string, Buffer>();
    for (const record of records) {
      const earlier = expected.get(keyOf(record));
      if (earlier) writeTimes(earlier, 0, Math.min(0xffff_ffff, readTimes(earlier, 0) + readTimes(record, 0)));
      else expected.set(keyOf(record), Buffer.from(record));
    }
    const kernel = new SortKernel(count);
    kernel.records.set(Buffer.concat(records));
    const left = Buffer.from(kernel.records.subarray(0, kernel.sort(count) * RECORD_BYTES));
    const right = [...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
    expect(left.equals(Buffer.concat(right))).toBe(true);
  }
});
