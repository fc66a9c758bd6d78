// The vectors of PROTOCOL.md §19: each tag opens, or is refused for its reason.

import { describe, expect, test } from 'vitest';
import { TagOpener } from '../../../match/watch/tag-opener.ts';
import { createWatchKey, parseWatchKeyText } from '../../../match/watch/watch-key.ts';
import { toHex } from '../../support/examples/oprf-examples.ts';
import { watchTags } from '../../support/vectors/watch.ts';

const { secretKey, publicKey, dataset, keyId, account, today, opened, refused } = watchTags();
const key = parseWatchKeyText(secretKey);
const opener = new TagOpener(key, { dataset, keyId }, today);

describe('the opener of watch tags', () => {
  test.each(opened)('opens $name', ({ text, day, pairs, entries }) => {
    const tag = opener.open(account, ` ${text}\n`);
    expect(tag).toMatchObject({ day, pairs });
    if (typeof tag === 'object') expect(tag.entries.map(toHex)).toEqual(entries);
  });

  test('refuses each other vector for its reason', () => {
    expect(refused.length).toBeGreaterThan(12);
    const reasons = refused.map(({ text }) => opener.open(account, text || '-'));
    expect(reasons).toEqual(refused.map(({ reason }) => reason));
  });

  test('refuses every altered byte and every truncation', () => {
    const [{ text } = { text: '' }] = opened;
    const bytes = Buffer.from(text.slice(15), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] as number) ^ 0x80;
      expect(opener.open(account, `credveil-tag-1.${altered.toString('base64url')}`)).toMatch(/^other-|^altered/);
    }
    for (let length = 1; length < text.length; length++)
      expect(opener.open(account, text.slice(0, length)), `${length}`).toBe('truncated');
  });
});

describe('a watch key', () => {
  test('is the same after its text', () => {
    const made = createWatchKey();
    expect(parseWatchKeyText(made.revealText()).publicLine).toBe(made.publicLine);
    expect(key.publicLine).toBe(publicKey);
  });

  test('refuses a text with another id, and quotes none', () => {
    const text = secretKey.replace(/\.[0-9a-f]{16}\./, '.0123456789abcdef.');
    expect(() => parseWatchKeyText(text)).toThrow(/its id does not match/);
    expect(() => parseWatchKeyText(text)).not.toThrow(text.slice(-20));
  });

  test('prints its id alone', () => {
    const made = createWatchKey();
    expect([`${made}`, JSON.stringify(made)].join()).toBe(`[watch key ${made.keyId}],"[watch key ${made.keyId}]"`);
  });
});
