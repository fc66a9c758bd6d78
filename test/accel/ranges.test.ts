// The range kernel against the text of store/snapshot/ranges/range-text.ts.

import { describe, expect, test } from 'vitest';
import { RangeKernel } from '../../accel/range-kernel.ts';
import { RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import { decodeRangeBody, encodeRangeBody, SHARED_BYTES } from '../../store/snapshot/ranges/range-body.ts';
import { formatRows } from '../../store/snapshot/ranges/range-text.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const RANGE = 0xabcde;

function bodyOf(random: Random, name: RangeName, count: number): Buffer {
  const suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
  const suffixes = new Map<string, Buffer>();
  while (suffixes.size < count) {
    const suffix = Buffer.from(random.bytes(suffixBytes));
    // Neighbours that differ in their last bytes alone, too.
    if (random.below(4) === 0) suffix.fill(7, 0, suffixBytes - 2);
    suffix[0] = ((RANGE & 0xf) << 4) | ((suffix[0] as number) & 0xf);
    suffixes.set(suffix.toString('hex'), suffix);
  }
  const times = Float64Array.from({ length: count }, () => 1 + random.below(2 ** (1 + random.below(32)) - 1));
  return encodeRangeBody(Buffer.concat([...suffixes.values()].sort(Buffer.compare)), times);
}

/** What the JavaScript of the store makes of it; undefined for its error. */
function textOf(name: RangeName, body: Buffer): string | undefined {
  try {
    return formatRows(name, decodeRangeBody(name, RANGE, body)).toString('latin1');
  } catch {
    return undefined;
  }
}

describe('the kernel', () => {
  const random = createRandom(testSeed('range kernel'));
  const kernel = new RangeKernel();
  const render = (name: RangeName, body: Buffer): string | undefined =>
    kernel.render(body, HASH_BYTES[name] - SHARED_BYTES, RANGE)?.toString('latin1');

  test.for(RANGE_NAMES)('renders ranges of %s of any length', (name) => {
    for (const count of [1, 2, 3, 17, 900, 2_500]) {
      const body = bodyOf(random, name, count);
      const expected = textOf(name, body);
      expect(expected?.split('\r\n')).toHaveLength(count);
      expect(render(name, body)).toBe(expected);
      const room = kernel.takeRoom(body.length);
      body.copy(room);
      expect(render(name, room)).toBe(expected);
    }
  });

  test('renders the longest text', () => {
    const count = 4_368;
    const suffixes = Buffer.alloc(14 * count, 0xe0);
    for (let i = 0; i < count; i++) suffixes.writeUInt32BE(i, 14 * i + 10);
    // Longer than the kernel's memory: the caller renders it.
    const body = encodeRangeBody(suffixes, new Float64Array(count).fill(0xffff_ffff));
    expect(body.length).toBeGreaterThan(2 ** 16);
    expect(render('ntlm', body)).toBe(undefined);
    const fitting = encodeRangeBody(suffixes.subarray(0, 14 * 3_448), new Float64Array(3_448).fill(0xffff_ffff));
    expect(render('ntlm', fitting)).toBe(textOf('ntlm', fitting));
  });

  test.for(RANGE_NAMES)('refuses what the store refuses of altered ranges of %s', (name) => {
    let refused = 0;
    for (let round = 0; round < 3_000; round++) {
      let body = bodyOf(random, name, 1 + random.below(4));
      for (let changes = random.below(3); changes > 0; changes--) {
        const at = random.pick([random.below(5), random.below(body.length), body.length - 1]);
        body[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      }
      if (random.below(8) === 0) body = body.subarray(0, random.below(body.length));
      if (random.below(8) === 0) body = Buffer.concat([body, random.bytes(1 + random.below(6))]);
      const expected = textOf(name, body);
      if (expected === undefined) refused++;
      expect(render(name, body)).toBe(expected);
    }
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(2_900);
  });
});
