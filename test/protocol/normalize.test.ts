// Normalization over all of Unicode, against PROTOCOL.md §2 written out plainly.

import { describe, expect, test } from 'vitest';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const username = (raw: string): string => text.decode(normalizeUsername(raw));
const password = (raw: string): string => text.decode(normalizePassword(raw));

/** The set of §2, spelled out: nothing here relies on what `trim` thinks. */
const SPACE = '[\\u0009-\\u000d\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+';
const ENDS = new RegExp(`^${SPACE}|${SPACE}$`, 'g');
const MAX_ROUNDS = 3;

/** §2 without any fast path. */
function specified(raw: string): string {
  let now = raw.toWellFormed();
  for (let round = 0; ; round++) {
    const next = now.normalize('NFKC').replace(ENDS, '').toLowerCase().normalize('NFC');
    if (next === now) return next;
    if (round > MAX_ROUNDS) expect.fail(`no fixed point after ${round} rounds`);
    now = next;
  }
}

function expectNormal(raw: string): void {
  const once = username(raw);
  if (once !== specified(raw)) expect.fail(`username differs from PROTOCOL.md §2: ${JSON.stringify(raw)}`);
  if (username(once) !== once) expect.fail(`username is not idempotent: ${JSON.stringify(raw)}`);
  const typed = password(raw);
  if (typed !== raw.toWellFormed().normalize('NFC')) expect.fail(`password differs: ${JSON.stringify(raw)}`);
  if (password(typed) !== typed) expect.fail(`password is not idempotent: ${JSON.stringify(raw)}`);
}

/** Characters whose neighbours matter, or that change under NFKC or case mapping. */
const DELICATE = [
  ...'İıIßẞÅ\u212b\u212aﬁΣσς\u0345\u0301\u0307\u0323\u0327\u00b4\u00a8\u00a0\ufeff\u0085\u200b\u180e\u3000\ufdfa\u1e9e',
  ...'\u03d4\u1f88\u01c5\u2126\uac00\u1100\u1161\u11a8\u03f4\u037a\u1fbd\uffe3 aZ.\0\u{1d400}\u{1e921}\u{1f600}',
  '\ud800',
  '\udc00',
];

function randomText(random: Random): string {
  let built = '';
  for (let left = random.below(12); left >= 0; left--)
    built += random.pick([
      () => random.pick(DELICATE),
      () => String.fromCodePoint(random.below(0x110000)),
      () => String.fromCharCode(random.below(0x10000)),
      () => String.fromCharCode(random.below(0x250)),
      () => String.fromCharCode(0x300 + random.below(0x70)),
    ])();
  return built;
}

describe('normalization', () => {
  test('normalization is total, idempotent and as specified for every code point alone', () => {
    for (let point = 0; point <= 0x10ffff; point++) expectNormal(String.fromCodePoint(point));
  });

  test('normalization is total, idempotent and as specified for every code point of the BMP between letters and marks', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const character = String.fromCharCode(unit);
      expectNormal(`A${character}\u0301`);
      expectNormal(`Σ${character}`);
      expectNormal(`\u00a0${character}Σ `);
    }
  });

  test('normalization is total, idempotent and as specified for 200,000 random strings', () => {
    const random = createRandom(testSeed('normalization'));
    for (let i = 0; i < 200_000; i++) expectNormal(randomText(random));
  });

  test('normalization treats plain ASCII like all other text', () => {
    const random = createRandom(testSeed('normalization of ASCII'));
    for (let i = 0; i < 50_000; i++) {
      const ascii = String.fromCharCode(...random.bytes(random.below(24)).map((byte) => byte & 127));
      // A character that only the slow path sees, and that falls away: both paths on the same text.
      expect(username(ascii)).toBe(username(`\u3000${ascii}`));
      expect(username(ascii)).toBe(specified(ascii));
      expect(password(`${ascii}\u00e9`)).toBe(`${password(ascii)}\u00e9`);
    }
  });

  test.each([
    ['İ', 'i\u0307'],
    ['ß', 'ß'],
    ['ẞ', 'ß'],
    ['Å', 'å'],
    ['A\u030a', 'å'],
    ['\u212b', 'å'],
    ['\u212aelvin', 'kelvin'],
    ['ﬁsh', 'fish'],
    ['Ｂｏｂ＠ｅｘａｍｐｌｅ．ｔｅｓｔ', 'bob@example.test'],
    ['ΟΔΟΣ', 'οδος'],
    ['Σ', 'σ'],
    ['σς', 'σς'],
    ['\u00a0bob\u00a0', 'bob'],
    ['\ufeffbob', 'bob'],
    ['\u2003 bob\t\r\n', 'bob'],
    ['\u0085bob', '\u0085bob'],
    ['\u200bbob', '\u200bbob'],
    ['\u00b4bob', '\u0301bob'],
    ['a b', 'a b'],
    ['a\u00a0b', 'a b'],
    ['\ud800', '\ufffd'],
    ['\udc00\ud800', '\ufffd\ufffd'],
    ['😀', '😀'],
    [' ', ''],
    ['', ''],
  ])('the username %j becomes %j', (raw, normal) => {
    expect(username(raw)).toBe(normal);
  });

  test.each([
    [' Pass\u00a0Word ', ' Pass\u00a0Word '],
    ['A\u030a', 'Å'],
    ['\u212b', 'Å'],
    ['ﬁ', 'ﬁ'],
    ['Ｂ', 'Ｂ'],
    ['\ufeffx', '\ufeffx'],
    ['\ud800', '\ufffd'],
    ['', ''],
  ])('the password %j becomes %j', (raw, normal) => {
    expect(password(raw)).toBe(normal);
  });
});
