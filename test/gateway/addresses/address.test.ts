// Addresses as text and as numbers, against Node's own URL parser as an oracle.

import { describe, expect, test } from 'vitest';
import { compareAddresses, formatAddress, parseAddress } from '../../../gateway/addresses/address.ts';
import { createRandom } from '../../support/random.ts';

describe('an address', () => {
  test.each([
    ['0.0.0.0', 0],
    ['192.0.2.1', 0xc0000201],
    ['255.255.255.255', 0xffffffff],
    ['::ffff:192.0.2.1', 0xc0000201],
    ['::FFFF:c000:201', 0xc0000201],
  ])('%s is an IPv4 address', (text, word) => {
    expect(parseAddress(text)).toEqual({ family: 4, word });
  });

  test.each([
    ['::', [0, 0, 0, 0], '::'],
    ['::1', [0, 0, 0, 1], '::1'],
    ['2001:DB8::', [0x20010db8, 0, 0, 0], '2001:db8::'],
    ['2001:db8:0:1:1:1:1:1', [0x20010db8, 1, 0x00010001, 0x00010001], '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', [0x10000, 2, 0, 3], '1:0:0:2::3'],
    ['64:ff9b::192.0.2.1', [0x64ff9b, 0, 0, 0xc0000201], '64:ff9b::c000:201'],
  ])('%s is an IPv6 address', (text, words, canonical) => {
    const address = parseAddress(text);
    expect(address).toEqual({ family: 6, words });
    expect(address && formatAddress(address)).toBe(canonical);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.04',
    '1.2.3.256',
    ' 1.2.3.4',
    '1.2.3.4/8',
    '0x7f.0.0.1',
    '::1%lo',
    '1::2::3',
    ':1',
    '[::1]',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('of random words has the text that a URL gives it', () => {
    const random = createRandom(7);
    for (let i = 0; i < 2_000; i++) {
      // Zero words are common in addresses.
      const word = (): number => (random.below(5) < 2 ? 0 : random.next() >>> random.pick([0, 0, 16]));
      const address = { family: 6, words: [word() || 1, word(), word(), word()] } as const;
      const text = formatAddress(address);
      expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      expect(parseAddress(text)).toEqual(address);
    }
  });

  test('sorts IPv4 before IPv6, and numerically within both', () => {
    const texts = ['1.2.3.4', '200.0.0.1', '::1', '1::', 'ffff::'];
    const addresses = texts.map((text) => parseAddress(text) ?? { family: 4 as const, word: 0 });
    expect([...addresses].reverse().sort(compareAddresses).map(formatAddress)).toEqual(texts);
  });
});
