// Compares what is decided by the bytes of text with what Unicode's tables say.

import { expect, test } from 'vitest';
import {
  encodeWindows1252,
  IS_NORMAL,
  looksNormal,
  MAX_UTF8_BYTES,
  MAY_CHANGE,
  NORMAL_RANGES,
  NOT_UTF8,
} from '../../../ingest/input/normal-text.ts';
import { decodeText } from '../../../ingest/input/text.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { randomField } from './random-field.ts';

const ROUNDS = Number(process.env.CREDVEIL_FAST_LINES_ROUNDS ?? 1);
const points = NORMAL_RANGES.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

test('the ranges have only code points that no others change', () => {
  // Whatever stands second in a composition, and whatever has a combining class, is a mark or a
  // trailing jamo, or ends the decomposition of another code point.
  const trailing = new Set<number>();
  for (let point = 0xc0; point < 0x30000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const [, ...others] = String.fromCodePoint(point).normalize('NFD');
    for (const other of others) trailing.add(other.codePointAt(0) as number);
  }
  for (const point of points) {
    const text = String.fromCodePoint(point);
    if (text.normalize('NFC') !== text || trailing.has(point) || /\p{M}/u.test(text))
      expect.unreachable(point.toString(16));
  }
  expect(points.length).toBeGreaterThan(40_000);
});

test('bytes that look normal are UTF-8 in NFC, and others are what they are said to be', () => {
  const random = createRandom(testSeed('normal text'));
  const seen = new Set<number>();
  for (let i = 0; i < 40_000 * ROUNDS; i++) {
    const bytes = Buffer.concat([
      Buffer.from('#'),
      random.below(4) === 0 ? Buffer.from(random.bytes(1 + random.below(5))) : randomField(random),
      Buffer.from('#'),
    ]);
    const form = looksNormal(bytes, 1, bytes.length - 1);
    seen.add(form);
    const field = bytes.subarray(1, -1);
    const text = field.toString('utf8');
    const isUtf8 = Buffer.from(text).equals(field);
    if (form === NOT_UTF8) expect(isUtf8).toBe(false);
    if (form === IS_NORMAL) expect(isUtf8 && text.normalize('NFC') === text).toBe(true);
    if (isUtf8) continue;
    const out = new Uint8Array(MAX_UTF8_BYTES * field.length + 1);
    const end = encodeWindows1252(bytes, 1, bytes.length - 1, out, 1);
    expect(Buffer.from(out.subarray(1, end)).toString()).toBe(decodeText(field));
    expect(decodeText(field).normalize('NFC')).toBe(decodeText(field));
  }
  expect(seen).toEqual(new Set([IS_NORMAL, MAY_CHANGE, NOT_UTF8]));
});
