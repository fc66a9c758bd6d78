// Networks and ranges as text, against Node's block list as an oracle.

import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Address, compareAddresses, formatAddress, parseAddress } from '../../../gateway/addresses/address.ts';
import { formatRange, networkOf, parseNetwork, parseRange } from '../../../gateway/addresses/network.ts';
import { createRandom, type Random } from '../../support/random.ts';

const addressOf = (text: string): Address => {
  const address = parseAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return address;
};

describe('a network', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0', '192.0.2.255', 24],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255', 0],
    ['255.255.255.255', '255.255.255.255', '255.255.255.255', 32],
    ['128.0.0.0/1', '128.0.0.0', '255.255.255.255', 1],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 0],
    ['2001:db8::/33', '2001:db8::', '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff', 33],
    ['2001:db8::1/128', '2001:db8::1', '2001:db8::1', 128],
    ['::ffff:192.0.2.0/120', '192.0.2.0', '192.0.2.255', 24],
    ['::ffff:0:0/96', '0.0.0.0', '255.255.255.255', 0],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1', 32],
  ])('%s runs from %s to %s', (text, first, last, bits) => {
    expect(parseNetwork(text)).toEqual({ first: addressOf(first), last: addressOf(last), bits, hasHostBits: false });
  });

  test.each([
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::ffff:192.0.2.7/120', '192.0.2.0/24'],
    ['1.2.3.4/0', '0.0.0.0/0'],
  ])('%s has host bits, and is %s', (text, network) => {
    const found = parseNetwork(text);
    expect(found?.hasHostBits).toBe(true);
    expect(found && formatRange(found)).toBe(network);
  });

  test.each([
    '',
    '/',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '10.0.0/8',
    '10.0.0.0/255.0.0.0',
    '::/129',
    '::ffff:0:0/95',
    'fe80::1%lo/64',
  ])('%j is none', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test('of random bits holds the addresses that a block list holds', () => {
    const random = createRandom(11);
    for (let i = 0; i < 500; i++) {
      const address = randomAddress(random);
      const family = address.family === 4 ? 'ipv4' : 'ipv6';
      const bits = random.below(address.family === 4 ? 33 : 129);
      const { first, last } = networkOf(address, bits);
      const oracle = new BlockList();
      oracle.addSubnet(formatAddress(address), bits, family);
      for (const probe of [address, first, last, ...neighboursOf(first), ...neighboursOf(last)]) {
        const holds = compareAddresses(first, probe) <= 0 && compareAddresses(probe, last) <= 0;
        expect(oracle.check(formatAddress(probe), family), `${formatAddress(probe)} of /${bits}`).toBe(holds);
      }
    }
  });
});

describe('a range', () => {
  test.each([
    ['192.0.2.1-192.0.2.9', '192.0.2.1-192.0.2.9'],
    ['192.0.2.1..192.0.2.9', '192.0.2.1-192.0.2.9'],
    ['192.0.2.0 - 192.0.2.255', '192.0.2.0/24'],
    ['192.0.2.9-192.0.2.9', '192.0.2.9'],
    ['0.0.0.0-255.255.255.255', '0.0.0.0/0'],
    ['2001:DB8::-2001:db8::ffff', '2001:db8::/112'],
    ['::1..::3', '::1-::3'],
    ['::ffff:1.2.3.4-1.2.3.5', '1.2.3.4/31'],
  ])('%s is %s', (text, written) => {
    const range = parseRange(text);
    expect(range && formatRange(range)).toBe(written);
  });

  test.each([
    '',
    '-',
    '1.2.3.4',
    '1.2.3.4-',
    '-1.2.3.4',
    '1.2.3.4-1.2.3.3',
    '1.2.3.4-::1',
    '::1-1.2.3.4',
    '1.2.3.4...1.2.3.5',
    '1.2.3.4-1.2.3.5-1.2.3.6',
    '1.2.3.0/24-1.2.4.0',
    ' 1.2.3.4-1.2.3.5',
  ])('%j is none', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  test('of random ends is read as it was written', () => {
    const random = createRandom(12);
    for (let i = 0; i < 500; i++) {
      const one = randomAddress(random);
      const two = one.family === 4 ? { ...one, word: random.next() } : { ...one, words: wordsOf(random) };
      const [first, last] = compareAddresses(one, two) <= 0 ? [one, two] : [two, one];
      const text = formatRange({ first, last });
      const read = parseRange(text) ?? parseNetwork(text);
      expect(read, text).toMatchObject({ first, last });
    }
  });
});

const wordsOf = (random: Random) => [0x20010db8, random.next(), random.next(), random.next()] as const;

function randomAddress(random: Random): Address {
  return random.below(2) === 0 ? { family: 4, word: random.next() } : { family: 6, words: wordsOf(random) };
}

/** The addresses before and after, where the last word alone changes. */
function neighboursOf(address: Address): Address[] {
  const step = (word: number): number[] => [word - 1, word + 1].filter((next) => next >= 0 && next <= 0xffffffff);
  if (address.family === 4) return step(address.word).map((word) => ({ family: 4, word }));
  const [a, b, c, d] = address.words;
  return step(d).map((word) => ({ family: 6, words: [a, b, c, word] }));
}
