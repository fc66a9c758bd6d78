// Ranges that are held: which one is let go for another, and whose buffer the next one gets.

import { expect, test } from 'vitest';
import { HeldRanges } from '../../../server/snapshots/held-ranges.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const BYTES = 6_000;
/** A buffer of two steps, and what is added for each body. */
const HELD_BYTES = 2 * 4096 + 256;
const room = (count: number): number => count * HELD_BYTES + 4096;

const content = (key: number, bytes = BYTES): Buffer => Buffer.alloc(bytes, `${key} `);

test('what was asked for again stays longer than what was not', () => {
  const held = new HeldRanges(room(3));
  for (const key of [1, 2, 3]) held.add(key, content(key));
  expect(held.get(1)).toEqual(content(1));
  held.add(4, content(4));
  expect([1, 2, 3, 4].map((key) => held.get(key) !== undefined)).toEqual([true, false, true, true]);
});

test('nothing is held beyond the memory, nor what is small, and all is answered', () => {
  const held = new HeldRanges(BYTES);
  expect(held.add(1, content(1)).bytes).toEqual(content(1));
  expect(held.get(1)).toBeUndefined();
  const others = new HeldRanges(room(3));
  expect(others.add(1, content(1, 1023)).bytes).toEqual(content(1, 1023));
  expect(others.get(1)).toBeUndefined();
});

test('the buffer of a body takes the next one once it is neither held nor sent', () => {
  const held = new HeldRanges(room(1));
  const [first, second] = [held.add(1, content(1)), held.add(2, content(2))];
  // The first was let go for the second, and is on its way.
  expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
  first.onSent?.();
  const third = held.add(3, content(3));
  expect(third.bytes.buffer).toBe(first.bytes.buffer);
  // The second has a second response, of which nobody hears when it is sent.
  second.onSent?.();
  third.onSent?.();
  expect(held.get(3)).toEqual(content(3));
  held.add(4, content(4)).onSent?.();
  const next = [5, 6, 7].map((key) => held.add(key, content(key)).bytes.buffer);
  expect(next).not.toContain(third.bytes.buffer);
});

test('100,000 random requests, answers and lengths: no body changes before it is sent', () => {
  const random = createRandom(testSeed('held ranges'));
  const held = new HeldRanges(room(20));
  const open: { key: number; bytes: Buffer; onSent?: (() => void) | undefined }[] = [];
  const lengthOf = (key: number): number => 500 + ((key * 997) % 20_000);
  for (let i = 0; i < 100_000; i++) {
    const key = random.below(8) * random.below(8);
    const bytes = held.get(key);
    open.push({ key, ...(bytes ? { bytes } : held.add(key, content(key, lengthOf(key)))) });
    if (open.length < 16) continue;
    const [sent] = open.splice(random.below(open.length), 1);
    if (!sent) continue;
    if (!sent.bytes.equals(content(sent.key, lengthOf(sent.key)))) expect.unreachable(`body ${sent.key} changed`);
    // The connection of some ends before.
    if (random.below(5) > 0) sent.onSent?.();
  }
});
