// Lists that change too much at once.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createListFile, has, keep, named, SOON } from '../../support/gateway/kept-lists.ts';

const addresses = (count: number): string =>
  Array.from({ length: count }, (_, i) => `1.${i >> 8}.${i & 255}.7\n`).join('');

describe('a list that changes too much', () => {
  test.each([
    ['LIST_SHRANK', addresses(1000), addresses(99), '1.0.0.7'],
    ['LIST_GREW', addresses(100), addresses(1001), '1.3.0.7'],
    ['LIST_GREW', addresses(2), '1.0.0.0/9\n', '1.127.0.0'],
  ])('is refused as %s until it is accepted', async (code, before, after, address) => {
    const { file, replace } = createListFile(before);
    const { lists, events, folder } = await keep({ vpn: { file, every: 10 } });
    const isIn = has(lists.lookup('vpn'), address);
    replace(after);
    await expect.poll(() => lists.stats()[0]?.lastError, SOON).toBe(code);
    expect(has(lists.lookup('vpn'), address)).toBe(isIn);
    expect(lists.stats()[0]).toMatchObject({ isRefused: true });
    expect(await lists.accept('cf.vpn')).toBe(true);
    expect(has(lists.lookup('vpn'), address)).toBe(code === 'LIST_GREW' || isIn);
    expect(lists.stats()[0]).toMatchObject({ isRefused: false, lastError: undefined });
    expect(fs.readdirSync(folder)).toEqual(['vpn.list']);
    expect(await lists.accept('vpn')).toBe(false);
    expect(events).toEqual([named('list-loaded'), named('list-refused', code)]);
  });

  test('may come back by itself', async () => {
    const { file, replace } = createListFile(addresses(1000));
    const { lists } = await keep({ vpn: { file, every: 10 } });
    replace('1.2.3.4\n');
    await expect.poll(() => lists.stats()[0]?.isRefused, SOON).toBe(true);
    replace(addresses(1000));
    await expect.poll(() => lists.stats()[0], SOON).toMatchObject({ isRefused: false, lastError: undefined });
  });

  test('is loaded all the same while it is small', async () => {
    const { file, replace } = createListFile(addresses(1));
    const { lists } = await keep({ vpn: { file, every: 10 } });
    replace(addresses(200));
    await expect.poll(() => lists.stats()[0]?.entries, SOON).toBe(200);
  });
});
