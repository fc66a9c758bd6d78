// The table of a list of addresses, against Node's block list as an oracle.

import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../../../gateway/addresses/address.ts';
import { type AddressRange, parseNetwork, parseRange } from '../../../../gateway/addresses/network.ts';
import { AddressTable } from '../../../../gateway/lists/table/address-table.ts';
import { RangeBuilder } from '../../../../gateway/lists/table/range-builder.ts';
import { createRandom, type Random } from '../../../support/random.ts';

const rangeOf = (text: string): AddressRange => {
  const range = parseNetwork(text) ?? parseRange(text);
  if (!range) throw new Error(`${text} is no range`);
  return range;
};

const tableOf = (texts: readonly string[]): AddressTable => {
  const builder = new RangeBuilder();
  for (const text of texts) builder.add(rangeOf(text));
  return new AddressTable(builder.build());
};

const has = (table: AddressTable, text: string): boolean => table.has(parseAddress(text) as Address);

describe('a table of addresses', () => {
  test('has the ends of a range and nothing beside it', () => {
    const table = tableOf(['192.0.2.8/29', '2001:db8::/126', '0.0.0.0', '255.255.255.255']);
    const inside = ['192.0.2.8', '192.0.2.15', '2001:db8::', '2001:db8::3', '0.0.0.0', '255.255.255.255'];
    const outside = [
      '192.0.2.7',
      '192.0.2.16',
      '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
      '2001:db8::4',
      '0.0.0.1',
      '::',
    ];
    expect(inside.filter((text) => !has(table, text))).toEqual([]);
    expect(outside.filter((text) => has(table, text))).toEqual([]);
  });

  test('without ranges has no address', () => {
    expect(has(tableOf([]), '0.0.0.0')).toBe(false);
    expect(has(tableOf([]), '::')).toBe(false);
  });

  test.each([
    [['10.0.0.0/25', '10.0.0.128/25', '10.0.1.0/24'], 1, 0],
    [['10.0.0.0/8', '10.1.2.3', '10.255.255.255'], 1, 0],
    [['10.0.0.2', '10.0.0.0'], 2, 0],
    [['0.0.0.0/0', '255.255.255.255', '0.0.0.0'], 1, 0],
    [['2001:db8::/33', '2001:db8:8000::/33'], 0, 1],
    [['2001:db8::ffff:ffff', '2001:db8::1:0:0'], 0, 1],
    [['2001:db8::fffe:ffff', '2001:db8::1:0:0'], 0, 2],
    [['::/0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::1'], 0, 1],
    [['10.0.0.0', '::a00:1'], 1, 1],
  ])('merges %j into %i ranges of IPv4 and %i of IPv6', (texts, ranges4, ranges6) => {
    const { starts4, ends4, starts6, ends6 } = tableOf(texts).columns;
    expect([starts4.length, ends4.length, starts6.length, ends6.length]).toEqual([
      ranges4,
      ranges4,
      4 * ranges6,
      4 * ranges6,
    ]);
  });

  test('of random networks has the addresses that a block list has', () => {
    const random = createRandom(21);
    for (let round = 0; round < 20; round++) {
      const networks = Array.from({ length: 1 + random.below(200) }, () => randomNetwork(random));
      const oracle = new BlockList();
      for (const { address, bits } of networks) oracle.addSubnet(address, bits, familyOf(address));
      const table = tableOf(networks.map(({ address, bits }) => `${address}/${bits}`));
      for (let i = 0; i < 500; i++) {
        const { address } = randomNetwork(random);
        expect(has(table, address), address).toBe(oracle.check(address, familyOf(address)));
      }
    }
  });
});

const familyOf = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4');

/** Of a small part of the address space, so that networks overlap, touch and are hit. */
function randomNetwork(random: Random): { readonly address: string; readonly bits: number } {
  const word = 0xc6336000 + random.below(0x2000);
  const words = [0x20010db8, random.below(2), random.below(2) * 0xffffffff, random.next()] as const;
  return random.below(2) === 0
    ? { address: formatAddress({ family: 4, word }), bits: 22 + random.below(11) }
    : { address: formatAddress({ family: 6, words }), bits: 62 + random.below(67) };
}
