// Lists of devices: one spelling of an entry, from the configuration and from a file.

import { expect, test } from 'vitest';
import { buildList } from '../../../../gateway/lists/build/build-list.ts';
import { normalSerial } from '../../../../gateway/lists/formats/serial.ts';
import { ListReplica } from '../../../../gateway/lists/list-replica.ts';
import { LISTS_SCHEMA } from '../../../../gateway/lists/list-schema.ts';

const HASH = 'Ab'.repeat(32);

test.each([
  ['c02xl0gtjgh5', 'C02XL0GTJGH5'],
  ['VMware-56 4d', 'VMWARE-56 4D'],
  ['5', '5'],
  [`${HASH}:00Ff`, `${HASH.toLowerCase()}:ff`],
  [`${HASH}:0`, `${HASH.toLowerCase()}:0`],
  [`${HASH}:`, undefined],
  [`${HASH}:xyz`, undefined],
  ['0a:1b:2c', undefined],
  ['', undefined],
  [' x', undefined],
  ['x\0', undefined],
  ['é', undefined],
  ['x'.repeat(129), undefined],
] as const)('%j is %j', (text, expected) => {
  expect(normalSerial(text)).toBe(expected);
});

test('a list of the configuration has its items in that spelling, and refuses what is none', () => {
  const lists = LISTS_SCHEMA.parse({ laptops: { kind: 'serial', items: ['pf-1', `${HASH}:0A`] } });
  const list = new ListReplica(lists, '/nonexistent').lookup('laptops');
  if (list?.kind !== 'string') throw new Error('is of another kind');
  expect(['PF-1', `${HASH.toLowerCase()}:a`].map((each) => list.has(each))).toEqual([true, true]);
  expect(list.has('pf-1')).toBe(false);
  expect(() => LISTS_SCHEMA.parse({ laptops: { kind: 'serial', items: ['0a:1b'] } })).toThrow('number of a device');
});

test.each(['pf-1\n# lost\n\nPF-2\n0a:1b\n', '["pf-1", "PF-2", 7]'])('so does a file: %j', (text) => {
  const built = buildList({
    bytes: Uint8Array.from(Buffer.from(text)),
    header: { name: 'laptops', origin: 'x', content: 'x' } as never,
    options: { kind: 'serial', allowPrivate: false, maxEntries: 10, maxBytes: 1_000 },
  });
  expect(built.report).toMatchObject({ entries: 2, unreadable: 1 });
  expect(Buffer.from(built.image).toString('latin1')).toContain('PF-1PF-2');
});
