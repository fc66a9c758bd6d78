// Sets of ranges as text, which has one spelling.

import { expect, test } from 'vitest';
import { RANGES } from '../../../protocol/bucket-id.ts';
import { formatFirstSpans, formatRangeSet, parseRangeSet, RangeSet } from '../../../store/run/range-set.ts';
import { createRandom, testSeed } from '../../support/random.ts';

test('a set is written as its spans, and read back', () => {
  const text = '00000-0000F 00011 12345-12346 FFFFF';
  const set = parseRangeSet(text) as RangeSet;
  expect([set.size, set.has(0x11), set.has(0x10), formatRangeSet(set)]).toEqual([20, true, false, text]);
  expect(formatRangeSet(set.complement())).toBe('00010 00012-12344 12347-FFFFE');
  expect(formatFirstSpans(set, 2)).toBe('00000-0000F 00011 …');
  expect([parseRangeSet('')?.size, formatRangeSet(new RangeSet())]).toEqual([0, '']);
  expect(parseRangeSet('00000-FFFFF')?.complement().size).toBe(0);
  const random = createRandom(testSeed('range set'));
  const members = new Set(Array.from({ length: 3000 }, () => random.below(RANGES)));
  const made = new RangeSet().addAll(members);
  expect([made.size, [...made]]).toEqual([members.size, [...members].sort((a, b) => a - b)]);
  expect([...(parseRangeSet(formatRangeSet(made)) as RangeSet)]).toEqual([...made]);
});

test('any other spelling is refused', () => {
  for (const text of [
    ...['0', 'fffff', '00000 ', ' 00000', '00000  00002', '00000,00002', '100000', '0000G', '-', '00000-'],
    // Not ascending, twice, or not joined.
    ...['00002 00000', '00000 00000', '00000 00001', '00000-00003 00004', '00003-00000', '00000-00000'],
    ...['00000-00003 00002-00009', undefined, null, 7, ['00000']],
  ])
    expect(parseRangeSet(text), String(text)).toBe(undefined);
});
