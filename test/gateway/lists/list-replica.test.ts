// Lists in a process that does not keep them: their changes, and their age.

import { describe, expect, test } from 'vitest';
import { type ListChange, ListReplica } from '../../../gateway/lists/list-replica.ts';
import { createTestClock } from '../../support/clock.ts';
import { addressOf, asConfig, createListFile, HOUR, has, keep, serveList } from '../../support/gateway/kept-lists.ts';

describe('a list that is too old', () => {
  test('is unknown, in the process that keeps it and in others', async () => {
    const server = await serveList('1.2.3.4\n');
    const config = { vpn: { url: server.url, every: HOUR, maxAge: HOUR } };
    const { lists, folder, changes } = await keep(config);
    const replica = new ListReplica(asConfig(config), folder);
    await replica.load();
    lists.announce();
    const { content } = changes.at(-1) as { content: string };
    const clock = createTestClock();
    clock.pass(HOUR - 60_000);
    expect([has(lists.lookup('vpn'), '1.2.3.4'), has(replica.lookup('vpn'), '1.2.3.4')]).toEqual([true, true]);
    clock.pass(2 * 60_000);
    for (const list of [lists.lookup('vpn'), replica.lookup('vpn')])
      expect([has(list, '1.2.3.4'), has(list, '5.6.7.8')]).toEqual([undefined, undefined]);
    await replica.apply({ list: 'vpn', change: 'confirmed', atMs: Date.now(), content });
    expect(has(replica.lookup('vpn'), '1.2.3.4')).toBe(true);
  });

  test('is one of a clock that was set back far', async () => {
    const server = await serveList('1.2.3.4\n');
    const { lists } = await keep({ vpn: { url: server.url, every: HOUR, maxAge: HOUR } });
    createTestClock().sleep(-2 * HOUR);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBeUndefined();
  });
});

test('another process takes over each change', async () => {
  const { file, replace } = createListFile('1.2.3.4\n');
  const config = { vpn: { file, every: 10, observed: { ttl: HOUR, maxEntries: 10 } } };
  const { lists, folder, changes } = await keep(config);
  const replica = new ListReplica(asConfig(config), folder);
  await replica.load();
  expect(has(replica.lookup('cf.vpn'), '1.2.3.4')).toBe(true);
  replace('5.6.7.8\n');
  await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
  lists.observe('vpn', addressOf('9.9.9.9'));
  for (const change of JSON.parse(JSON.stringify(changes))) await replica.apply(change);
  expect(['1.2.3.4', '5.6.7.8', '9.9.9.9'].map((text) => has(replica.lookup('vpn'), text))).toEqual([
    false,
    true,
    true,
  ]);
});

test('another process that missed a change learns it from the next announcement', async () => {
  const { file, replace } = createListFile('1.2.3.4\n');
  const config = { vpn: { file, every: 10 } };
  const { lists, folder, changes } = await keep(config);
  const replica = new ListReplica(asConfig(config), folder);
  await replica.load();
  replace('5.6.7.8\n');
  await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
  lists.announce();
  await replica.apply(changes.at(-1) as ListChange);
  expect(['1.2.3.4', '5.6.7.8'].map((text) => has(replica.lookup('vpn'), text))).toEqual([false, true]);
});
