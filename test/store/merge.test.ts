// K-way merge of record streams against a plain Map.

import { describe, expect, test } from 'vitest';
import type { Brand } from '../../protocol/brands.ts';
import { Merge, type RecordStream } from '../../store/run/merge.ts';
import {
  KIND_AT,
  RECORD_BYTES,
  RECORD_LAYOUT,
  readTimes,
  SEED_AT,
  TIMES_AT,
  writeTimes,
} from '../../store/run/record.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

type Key = Brand<string, 'Key'>;

/** Hex of the 10 key bytes: sorts as the bytes do. */
const keyOf = (record: Uint8Array): Key => Buffer.from(record.subarray(0, 10)).toString('hex') as Key;

function recordOf(key: Key, times: number): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES);
  record.set(Buffer.from(key, 'hex'));
  // Kind and seed follow from the key, as they do from a PRF output.
  record[KIND_AT] = 1 + ((record[9] as number) & 3);
  record.set(record.subarray(2, 10), SEED_AT);
  writeTimes(record, 0, times);
  return record;
}

/** Returns its records in blocks of random lengths, in one buffer that it spoils between calls. */
function streamOf(random: Random, records: readonly Uint8Array[], number: number): RecordStream {
  const buffer = new Uint8Array(8 * RECORD_BYTES);
  let next = 0;
  return {
    number,
    readBlock: () => {
      buffer.fill(0xee);
      const count = Math.min(records.length - next, 1 + random.below(8));
      for (let i = 0; i < count; i++) buffer.set(records[next++] as Uint8Array, i * RECORD_BYTES);
      return buffer.subarray(0, count * RECORD_BYTES);
    },
  };
}

function randomKey(random: Random): Key {
  // Few values at the edges of their types, so that keys meet in hash, in tag, in both.
  const hash = random.pick([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, random.next()]);
  const tag = random.pick([0, 1, 0xff_ffff, 0x100_0000, 2 ** 31, 2 ** 48 - 1, random.below(2 ** 48)]);
  return (hash.toString(16).padStart(8, '0') + tag.toString(16).padStart(12, '0')) as Key;
}

interface Expected {
  times: number;
  source: number;
}

function expectCase(random: Random): void {
  const expected = new Map<Key, Expected>();
  const streams: RecordStream[] = [];
  const streamCount = random.below(9);
  const pool = Array.from({ length: 1 + random.below(20) }, () => randomKey(random));
  for (let stream = 0; stream < streamCount; stream++) {
    const number = random.below(5);
    const own = new Map<Key, number>();
    for (let left = random.below(25); left > 0; left--)
      own.set(
        random.below(3) === 0 ? randomKey(random) : random.pick(pool),
        random.pick([1, 2, 3, 0x7fff_ffff, 0xffff_ffff]),
      );
    for (const [key, times] of own) {
      const seen = expected.get(key) ?? { times: 0, source: 0 };
      expected.set(key, {
        times: Math.min(0xffff_ffff, seen.times + times),
        source: Math.max(seen.source, number),
      });
    }
    const records = [...own].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, times]) => recordOf(key, times));
    streams.push(streamOf(random, records, number));
  }

  const merge = new Merge(streams, RECORD_LAYOUT);
  const merged: [Key, Expected][] = [];
  while (merge.next()) {
    const key = (merge.head.toString(16).padStart(8, '0') + merge.middle.toString(16).padStart(12, '0')) as Key;
    const record = recordOf(key, merge.times);
    const written = new Uint8Array(RECORD_BYTES);
    merge.writeRecord(written, 0);
    const found = merge.bytes.subarray(merge.at, merge.at + TIMES_AT);
    if (!record.subarray(0, TIMES_AT).every((byte, i) => byte === found[i]) || Buffer.compare(written, record) !== 0)
      expect.fail(`kind or seed of another record at ${key}`);
    merged.push([key, { times: merge.times, source: merge.source }]);
  }
  expect(merged).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(merge.next()).toBe(false);
}

const CASES = 24_800;

describe('merge', () => {
  test(`${CASES} random sets of streams merge to the ordered content of a Map`, () => {
    const random = createRandom(testSeed('merge'));
    for (let i = 0; i < CASES; i++) expectCase(random);
  });

  test('the count of a record keeps all 32 bits', () => {
    const record = recordOf('00000000000000000001' as Key, 1);
    for (const times of [1, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      writeTimes(record, 0, times);
      expect(readTimes(record, 0)).toBe(times);
      expect(keyOf(record)).toBe('00000000000000000001');
    }
  });
});
