// Lists as a gateway keeps them: parts, refreshes, copies, guards, age.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listMetrics } from '../../../gateway/lists/list-metrics.ts';
import { ListReplica } from '../../../gateway/lists/list-replica.ts';
import { createTestClock } from '../../support/clock.ts';
import { addressOf, asConfig, createListFile, has, keep, newFolder } from '../../support/gateway/kept-lists.ts';

const SOON = { timeout: 60_000, interval: 10 };
const HOUR = 3_600_000;
const named = (event: string, code?: string) => expect.objectContaining({ event, ...(code && { code }) });

/** A server whose answer the test replaces. */
async function serve(content: string) {
  const server = { url: '', content, status: 200, requests: 0, etag: '"1"' };
  const listener = http.createServer(({ headers }, response) => {
    server.requests++;
    const isKnown = server.etag !== '' && headers['if-none-match'] === server.etag;
    response.writeHead(isKnown ? 304 : server.status, server.etag === '' ? {} : { etag: server.etag });
    response.end(isKnown ? '' : server.content);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  server.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  return server;
}

describe('a list', () => {
  test('of items is known at once, private networks too', async () => {
    const { lists } = await keep({ office: { items: ['10.0.0.0/8', '2001:db8::1-2001:db8::9'] } });
    expect(has(lists.lookup('office'), '10.1.2.3')).toBe(true);
    expect(has(lists.lookup('office'), '2001:db8::5')).toBe(true);
    expect(has(lists.lookup('office'), '11.0.0.0')).toBe(false);
    expect(lists.lookup('cf.office')).toBeUndefined();
    expect(lists.lookup('offices')).toBeUndefined();
  });

  test('of texts has them as bytes', async () => {
    const { file } = createListFile('/xmlrpc.php\n');
    const { lists } = await keep({ paths: { kind: 'string', items: ['/caf\u00e9'], file } });
    expect(lists.lookup('paths')?.kind).toBe('string');
    expect(has(lists.lookup('paths'), '/xmlrpc.php')).toBe(true);
    expect(has(lists.lookup('paths'), '/caf\xc3\xa9')).toBe(true);
    expect(has(lists.lookup('paths'), '/')).toBe(false);
  });

  test('that is managed answers to both of its names', async () => {
    const { lists } = await keep({ open_proxies: { items: ['1.2.3.4'] } });
    expect(has(lists.lookup('open_proxies'), '1.2.3.4')).toBe(true);
    expect(lists.lookup('cf.open_proxies')).toBe(lists.lookup('open_proxies'));
  });

  test('has its items while its source is unknown', async () => {
    const { lists, events } = await keep({ vpn: { items: ['1.2.3.4'], file: '/does/not/exist' } });
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    expect(has(lists.lookup('vpn'), '5.6.7.8')).toBeUndefined();
    expect(events).toEqual([named('list-failed', 'FILE_MISSING'), named('list-unknown')]);
  });

  test('in a file follows the file, and keeps its content if it breaks', async () => {
    const { file, replace } = createListFile('1.2.3.4\n');
    const { lists, events } = await keep({ vpn: { file, every: 10 } });
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    replace('5.6.7.8\n');
    await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8'), SOON).toBe(true);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(false);
    replace('<html>404</html>');
    await expect.poll(() => lists.stats()[0]?.lastError, SOON).toBe('FORMAT_UNKNOWN');
    expect(has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
    replace('9.9.9.9\n');
    await expect.poll(() => lists.stats()[0]?.lastError, SOON).toBeUndefined();
    expect(has(lists.lookup('vpn'), '9.9.9.9')).toBe(true);
    expect(events.map(({ event }) => event)).toEqual(['list-loaded', 'list-loaded', 'list-failed', 'list-loaded']);
  });

  test('is asked again after its interval, and confirmed by a server without news', async () => {
    const server = await serve('1.2.3.4\n');
    const { lists, changes } = await keep({ vpn: { url: server.url, every: 10 } });
    await expect.poll(() => server.requests, SOON).toBeGreaterThan(2);
    expect(changes.slice(0, 2).map(({ change }) => change)).toEqual(['copy', 'confirmed']);
    server.content = '5.6.7.8\n';
    server.etag = '"2"';
    await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8'), SOON).toBe(true);
  });

  test('without a validator is built once from the same content', async () => {
    const server = await serve('1.2.3.4\n');
    server.etag = '';
    const { events } = await keep({ vpn: { url: server.url, every: 10 } });
    await expect.poll(() => server.requests, SOON).toBeGreaterThan(3);
    expect(events).toEqual([named('list-loaded')]);
  });
});

test('a file that does not change is not announced again and again', async () => {
  const { file, replace } = createListFile('1.2.3.4\n');
  const { lists, changes } = await keep({
    vpn: { file, every: 1 },
    office: { file: createListFile('').file, every: 1 },
  });
  for (let i = 0; i < 20; i++) await lists.accept('vpn');
  replace('5.6.7.8\n');
  await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8'), SOON).toBe(true);
  expect(changes.map(({ list, change }) => [list, change])).toEqual([
    ['vpn', 'copy'],
    ['vpn', 'copy'],
  ]);
});

describe('the copy of a list', () => {
  test('serves a restart whose source is down', async () => {
    const server = await serve('1.2.3.4\n');
    const first = await keep({ vpn: { url: server.url, every: HOUR } });
    await first.lists.close();
    server.status = 500;
    server.etag = '"2"';
    const { lists, events } = await keep({ vpn: { url: server.url, every: 1 } }, first.folder);
    await expect.poll(() => lists.stats()[0]?.lastError, SOON).toBe('HTTP_STATUS');
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    expect(events).toEqual([named('list-failed', 'HTTP_STATUS')]);
  });

  test('that is young keeps a restart from asking', async () => {
    const server = await serve('1.2.3.4\n');
    const first = await keep({ vpn: { url: server.url, every: HOUR } });
    await first.lists.close();
    const { lists } = await keep({ vpn: { url: server.url, every: HOUR } }, first.folder);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    expect(server.requests).toBe(1);
  });

  test('of another source, or read in another way, is not used', async () => {
    const server = await serve('1.2.3.4\n10.0.0.1\n');
    const first = await keep({ vpn: { url: server.url, every: HOUR } });
    expect(has(first.lists.lookup('vpn'), '10.0.0.1')).toBe(false);
    await first.lists.close();
    const other = await keep({ vpn: { url: server.url, every: HOUR, allowPrivate: true } }, first.folder);
    expect(has(other.lists.lookup('vpn'), '10.0.0.1')).toBe(true);
    await other.lists.close();
    const { lists } = await keep({ vpn: { file: '/does/not/exist' } }, first.folder);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBeUndefined();
  });

  test('that is damaged is named, and replaced', async () => {
    const server = await serve('1.2.3.4\n');
    const first = await keep({ vpn: { url: server.url, every: HOUR } });
    await first.lists.close();
    const file = path.join(first.folder, 'vpn.list');
    fs.truncateSync(file, fs.statSync(file).size - 1);
    const { lists, events } = await keep({ vpn: { url: server.url, every: HOUR } }, first.folder);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    expect(events).toEqual([named('list-failed', 'COPY_DAMAGED'), named('list-loaded')]);
  });

  test('that somebody removed is made again', async () => {
    const { file } = createListFile('1.2.3.4\n');
    const { lists, folder } = await keep({ vpn: { file, every: 10 } });
    fs.rmSync(path.join(folder, 'vpn.list'));
    await expect.poll(() => fs.existsSync(path.join(folder, 'vpn.list')), SOON).toBe(true);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
  });

  test('is for its user alone', async () => {
    const folder = path.join(newFolder(), 'new');
    const { file } = createListFile('1.2.3.4\n');
    await keep({ vpn: { file } }, folder);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    expect(fs.readdirSync(folder)).toEqual(['vpn.list']);
    expect(fs.statSync(path.join(folder, 'vpn.list')).mode & 0o777).toBe(0o600);
  });
});

test('a folder that cannot be made is named', async () => {
  const { file } = createListFile('');
  await expect(keep({ office: { items: ['10.0.0.1'] } }, path.join(file, 'lists'))).rejects.toMatchObject({
    code: 'LISTS_FOLDER_UNUSABLE',
    hint: expect.any(String),
  });
});

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

describe('a list that is too old', () => {
  test('is unknown, in the process that keeps it and in others', async () => {
    const server = await serve('1.2.3.4\n');
    const config = { vpn: { url: server.url, every: HOUR, maxAge: HOUR } };
    const { lists, folder } = await keep(config);
    const replica = new ListReplica(asConfig(config), folder);
    await replica.load();
    const clock = createTestClock();
    clock.pass(HOUR - 60_000);
    expect([has(lists.lookup('vpn'), '1.2.3.4'), has(replica.lookup('vpn'), '1.2.3.4')]).toEqual([true, true]);
    clock.pass(2 * 60_000);
    for (const list of [lists.lookup('vpn'), replica.lookup('vpn')])
      expect([has(list, '1.2.3.4'), has(list, '5.6.7.8')]).toEqual([undefined, undefined]);
    await replica.apply({ list: 'vpn', change: 'confirmed', atMs: Date.now() });
    expect(has(replica.lookup('vpn'), '1.2.3.4')).toBe(true);
  });

  test('is one of a clock that was set back far', async () => {
    const server = await serve('1.2.3.4\n');
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
  await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8'), SOON).toBe(true);
  lists.observe('vpn', addressOf('9.9.9.9'));
  for (const change of JSON.parse(JSON.stringify(changes))) await replica.apply(change);
  expect(['1.2.3.4', '5.6.7.8', '9.9.9.9'].map((text) => has(replica.lookup('vpn'), text))).toEqual([
    false,
    true,
    true,
  ]);
});

test('metrics have a sample for each list, and no age for one that was never read', async () => {
  const { lists } = await keep({ office: { items: ['10.0.0.1'] }, vpn: { file: '/does/not/exist' } });
  const values = listMetrics(lists.stats()).map(({ name, values }) => [name, values.map(({ value }) => value)]);
  expect(Object.fromEntries(values)).toEqual({
    credveil_gateway_list_entries: [1, 0],
    credveil_gateway_list_observed: [0, 0],
    credveil_gateway_list_age_seconds: [],
    credveil_gateway_list_known: [1, 0],
    credveil_gateway_list_failing: [0, 1],
    credveil_gateway_list_refused: [0, 0],
  });
});
