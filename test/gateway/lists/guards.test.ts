// Lists that change too much at once.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createListFile, HOUR, has, keep, named } from '../../support/gateway/kept-lists.ts';

/** All of IPv4 that is global, in networks of an allowed size. */
const everything = Array.from({ length: 223 }, (_, i) => `${i + 1}.0.0.0/8\n${i + 1}.128.0.0/9\n`).join('');

const addresses = (count: number): string =>
  Array.from({ length: count }, (_, i) => `1.${i >> 8}.${i & 255}.7\n`).join('');

describe('a list that changes too much', () => {
  test.each([
    ['LIST_SHRANK', addresses(1000), addresses(99), '1.0.0.7'],
    ['LIST_GREW', addresses(100), addresses(1001), '1.3.0.7'],
    ['LIST_GREW', addresses(2), '1.0.0.0/9\n', '1.127.0.0'],
    // Many addresses of IPv6 hide none of IPv4, nor the other way round.
    ['LIST_GREW', `${addresses(2)}2600::/16\n`, '1.0.0.0/9\n2600::/16\n', '1.127.0.0'],
    ['LIST_GREW', '1.0.0.0/8\n2600::/32\n', '1.0.0.0/8\n2600::/28\n', '2600:f::'],
    ['LIST_TOO_WIDE', addresses(2), everything, '200.0.0.1'],
  ])('is refused as %s until it is accepted', async (code, before, after, address) => {
    const { file, replace } = createListFile(before);
    const { lists, events, folder } = await keep({ vpn: { file, every: 10 } });
    const isIn = has(lists.lookup('vpn'), address);
    replace(after);
    await expect.poll(() => lists.stats()[0]?.lastError).toBe(code);
    expect(has(lists.lookup('vpn'), address)).toBe(isIn);
    expect(lists.stats()[0]).toMatchObject({ isRefused: true });
    expect(await lists.accept('cf.vpn')).toBe(true);
    expect(has(lists.lookup('vpn'), address)).toBe(code !== 'LIST_SHRANK' || isIn);
    expect(lists.stats()[0]).toMatchObject({ isRefused: false, lastError: undefined });
    expect(fs.readdirSync(folder)).toEqual(['vpn.list']);
    expect(await lists.accept('vpn')).toBe(false);
    expect(events).toEqual([named('list-loaded'), named('list-refused', code)]);
  });

  test('is refused at its first load if it has most of the Internet', async () => {
    const { file } = createListFile(everything);
    const { lists, events } = await keep({ vpn: { file } });
    expect(has(lists.lookup('vpn'), '200.0.0.1')).toBeUndefined();
    expect(events[0]).toEqual(named('list-refused', 'LIST_TOO_WIDE'));
    expect(await lists.accept('vpn')).toBe(true);
    expect(has(lists.lookup('vpn'), '200.0.0.1')).toBe(true);
  });

  test('is accepted by its name while the gateway is down', async () => {
    const { file, replace } = createListFile(addresses(1000));
    const first = await keep({ vpn: { file, every: 10 } });
    replace('1.2.3.4\n');
    await expect.poll(() => first.lists.stats()[0]?.isRefused).toBe(true);
    await first.lists.close();
    fs.renameSync(path.join(first.folder, 'vpn.pending'), path.join(first.folder, 'vpn.list'));
    const { lists, events } = await keep({ vpn: { file, every: 10 } }, first.folder);
    expect(lists.stats()[0]).toMatchObject({ entries: 1, lastError: undefined, isRefused: false });
    expect(events).toEqual([]);
  });

  test('is refused on a full disk too, and can be accepted once there is room', async () => {
    const { file, replace } = createListFile(addresses(1000));
    const { lists, events, folder } = await keep({ vpn: { file, every: HOUR } });
    const obstacle = path.join(folder, `vpn.pending.${process.pid}.part`);
    fs.mkdirSync(obstacle);
    fs.writeFileSync(path.join(folder, 'vpn.pending'), 'an older one');
    replace('1.2.3.4\n');
    expect(await lists.refresh('vpn')).toBe('over');
    expect(events.at(-1)).toMatchObject({
      event: 'list-refused',
      hint: expect.stringContaining('credveil gateway lists accept vpn --config FILE'),
    });
    expect(lists.stats()[0]).toMatchObject({ isRefused: true, lastError: 'LIST_SHRANK', entries: 1000 });
    expect(fs.existsSync(path.join(folder, 'vpn.pending'))).toBe(false);
    expect(await lists.accept('vpn')).toBe(false);
    fs.rmdirSync(obstacle);
    await lists.refresh('cf.vpn');
    expect(await lists.accept('vpn')).toBe(true);
    expect(lists.stats()[0]).toMatchObject({ isRefused: false, entries: 1 });
    expect(await lists.refresh('nothing')).toBeUndefined();
  });

  test('may come back by itself', async () => {
    const { file, replace } = createListFile(addresses(1000));
    const { lists } = await keep({ vpn: { file, every: 10 } });
    replace('1.2.3.4\n');
    await expect.poll(() => lists.stats()[0]?.isRefused).toBe(true);
    replace(addresses(1000));
    await expect.poll(() => lists.stats()[0]).toMatchObject({ isRefused: false, lastError: undefined });
  });

  test('is loaded all the same while it is small', async () => {
    const { file, replace } = createListFile(addresses(1));
    const { lists } = await keep({ vpn: { file, every: 10 } });
    replace(addresses(200));
    await expect.poll(() => lists.stats()[0]?.entries).toBe(200);
  });
});
