// Durations in a configuration.

import { expect, test } from 'vitest';
import { duration, parseDuration } from '../../runtime/config/duration.ts';

test.each([
  ['0s', 0],
  ['90s', 90_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '1', 'h', '1.5h', '-1h', '1 h', '1H', '1h30m', '1w', '10ms', '1234567890s'])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('a setting has both ends of its bounds', () => {
  const schema = duration('1m', '1h');
  expect(['1m', '60s', '1h'].map((text) => schema.safeParse(text).data)).toEqual([60_000, 60_000, 3_600_000]);
  expect(['59s', '61m', 'soon', 60].some((value) => schema.safeParse(value).success)).toBe(false);
});
