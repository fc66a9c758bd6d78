// Addresses that rules put into a list: until when, how many, and over a restart.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ObservedAddresses } from '../../../../gateway/lists/observed/observed-addresses.ts';
import { ObservedLog, readObserved } from '../../../../gateway/lists/observed/observed-log.ts';
import { createTestClock } from '../../../support/clock.ts';
import { addressOf, has, keep, newFolder } from '../../../support/gateway/kept-lists.ts';

const HOUR = 3_600_000;
const OBSERVED = { found: { observed: { ttl: HOUR, maxEntries: 3 } } };

describe('an observed address', () => {
  test('is in the list at once, until its time is over', async () => {
    const { lists, changes } = await keep(OBSERVED);
    const found = lists.lookup('found');
    expect(has(found, '192.0.2.1')).toBe(false);
    lists.observe('found', addressOf('192.0.2.1'));
    lists.observe('found', addressOf('192.0.2.2'), 2 * HOUR);
    expect([has(found, '192.0.2.1'), has(found, '192.0.2.2'), has(found, '192.0.2.3')]).toEqual([true, true, false]);
    const clock = createTestClock();
    clock.pass(HOUR + 1000);
    expect([has(found, '192.0.2.1'), has(found, '192.0.2.2')]).toEqual([false, true]);
    clock.pass(HOUR);
    expect(has(found, '192.0.2.2')).toBe(false);
    expect(changes.map(({ change }) => change)).toEqual(['observed', 'observed']);
  });

  test('of IPv6 stands for its /64', async () => {
    const { lists, changes } = await keep(OBSERVED);
    lists.observe('found', addressOf('2001:db8:0:1:2:3:4:5'));
    expect(changes).toEqual([expect.objectContaining({ address: '2001:db8:0:1::' })]);
    const found = lists.lookup('found');
    expect(has(found, '2001:db8:0:1::')).toBe(true);
    expect(has(found, '2001:db8:0:1:ffff:ffff:ffff:ffff')).toBe(true);
    expect(has(found, '2001:db8:0:2::')).toBe(false);
    expect(has(found, '2001:db8::1:0:0:0')).toBe(false);
  });

  test('is written and announced once, however often it is seen', async () => {
    const { lists, changes, folder } = await keep(OBSERVED);
    for (let i = 0; i < 100; i++) lists.observe('found', addressOf('192.0.2.1'));
    expect(changes.length).toBe(1);
    createTestClock().pass(HOUR / 2);
    lists.observe('found', addressOf('192.0.2.1'));
    expect(changes.length).toBe(2);
    await lists.close();
    expect(fs.readFileSync(path.join(folder, 'found.observed'), 'utf8')).toMatch(/^(192\.0\.2\.1 \d{10}\n){2}$/);
  });

  test('is not put into a list that takes none', async () => {
    const { lists, changes } = await keep({ office: { items: ['10.0.0.1'] } });
    lists.observe('office', addressOf('192.0.2.1'));
    lists.observe('nowhere', addressOf('192.0.2.1'));
    expect(has(lists.lookup('office'), '192.0.2.1')).toBe(false);
    expect(changes).toEqual([]);
  });

  test('leaves for newer ones once the list is full, which is reported once', async () => {
    const { lists, events } = await keep(OBSERVED);
    const texts = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];
    for (const text of texts) lists.observe('found', addressOf(text));
    expect(texts.filter((text) => has(lists.lookup('found'), text))).toEqual(texts.slice(2));
    expect(lists.stats()[0]?.observed).toBe(3);
    expect(events).toEqual([expect.objectContaining({ event: 'list-full', list: 'found' })]);
  });

  test('of another process is kept and passed on', async () => {
    const { lists, changes } = await keep(OBSERVED);
    const change = { list: 'found', change: 'observed', address: '192.0.2.1', untilMs: Date.now() + HOUR } as const;
    lists.take(change);
    expect(has(lists.lookup('found'), '192.0.2.1')).toBe(true);
    expect(changes).toEqual([change]);
  });

  test('stays over a restart, for the rest of its time', async () => {
    const first = await keep(OBSERVED);
    first.lists.observe('found', addressOf('192.0.2.1'));
    first.lists.observe('found', addressOf('2001:db8::1'), 2 * HOUR);
    await first.lists.close();
    expect(fs.statSync(path.join(first.folder, 'found.observed')).mode & 0o777).toBe(0o600);
    const clock = createTestClock();
    clock.pass(HOUR - 10_000);
    const { lists } = await keep(OBSERVED, first.folder);
    expect([has(lists.lookup('found'), '192.0.2.1'), has(lists.lookup('found'), '2001:db8::9')]).toEqual([true, true]);
    clock.pass(20_000);
    expect([has(lists.lookup('found'), '192.0.2.1'), has(lists.lookup('found'), '2001:db8::9')]).toEqual([false, true]);
  });
});

describe('the file of observed addresses', () => {
  const later = Math.ceil(Date.now() / 1000) + 3600;
  const unexpected = (error: unknown): never => {
    throw error;
  };
  const open = async (file: string, maxEntries = 100) => {
    const observed = new ObservedAddresses(maxEntries);
    const log = new ObservedLog(file, observed, unexpected);
    const read = await readObserved(file, observed, maxEntries);
    await log.open(read);
    return { observed, log, read };
  };

  test('is read but for damaged lines, and mended', async () => {
    const file = path.join(newFolder(), 'found.observed');
    const whole = `192.0.2.1 ${later}\n2001:db8:: ${later}\n`;
    fs.writeFileSync(
      file,
      `192.0.2.1 ${later}\nx\n192.0.2.2\n192.0.2.300 ${later}\n2001:db8:: ${later}\n192.0.2.4 ${later}`,
    );
    const { observed, read } = await open(file);
    expect(read.damaged).toBe(4);
    expect(observed.size).toBe(2);
    expect(fs.readFileSync(file, 'utf8')).toBe(whole);
  });

  test('is rewritten once most of its lines are out of date', async () => {
    const file = path.join(newFolder(), 'found.observed');
    const { observed, log } = await open(file);
    const address = addressOf('192.0.2.1');
    for (let i = 0; i < 1002; i++) {
      observed.add(address, (later + i) * 1000);
      log.append(address, (later + i) * 1000);
      if (i >= 1000) await log.flush();
    }
    expect(fs.readFileSync(file, 'utf8').split('\n').length - 1).toBe(1002);
    observed.add(address, (later + 2000) * 1000);
    log.append(address, (later + 2000) * 1000);
    log.append(address, (later + 2000) * 1000);
    await log.flush();
    expect(fs.readFileSync(file, 'utf8')).toBe(`192.0.2.1 ${later + 2000}\n`);
  });

  test('that cannot be written is reported, and the list goes on', async () => {
    const folder = newFolder();
    fs.mkdirSync(path.join(folder, 'found.observed'));
    const { lists, events } = await keep(OBSERVED, folder);
    lists.observe('found', addressOf('192.0.2.1'));
    expect(has(lists.lookup('found'), '192.0.2.1')).toBe(true);
    expect(events).toEqual([expect.objectContaining({ event: 'list-failed', code: 'OBSERVED_NOT_KEPT' })]);
  });
});
