// The latch of an evaluator that was caught: closed for the life of a checker, and for a key.

import { describe, expect, test, vi } from 'vitest';
import { createLatch } from '../../../client-sdk/oprf/latch.ts';
import type { KeyId } from '../../../protocol/brands.ts';

const [KEY, OTHER] = ['0123456789abcdef' as KeyId, 'fedcba9876543210' as KeyId];
const MISMATCH = expect.objectContaining({ name: 'LookupError', code: 'KEY_MISMATCH' });

describe('the latch', () => {
  test('is open at first', () => {
    expect(() => createLatch().assertOpen(KEY)).not.toThrow();
  });

  test('stays closed for every key once it was closed, and reports the key once', () => {
    const onClose = vi.fn();
    const latch = createLatch(onClose);
    latch.close(KEY);
    latch.close(KEY);
    expect(onClose.mock.calls).toEqual([[KEY]]);
    for (const key of [KEY, OTHER, KEY]) expect(() => latch.assertOpen(key)).toThrow(MISMATCH);
  });

  test('refuses the key that an earlier checker reported, until the dataset has another key', () => {
    const latch = createLatch();
    latch.restore(KEY);
    expect(() => latch.assertOpen(KEY)).toThrow(MISMATCH);
    expect(() => latch.assertOpen(OTHER)).not.toThrow();
  });
});
