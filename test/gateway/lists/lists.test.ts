// Lists as a gateway keeps them: parts, refreshes, copies, metrics.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { listMetrics } from '../../../gateway/lists/list-metrics.ts';
import { createListFile, HOUR, has, keep, named, newFolder, serveList } from '../../support/gateway/kept-lists.ts';

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
    await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(false);
    replace('<html>404</html>');
    await expect.poll(() => lists.stats()[0]?.lastError).toBe('FORMAT_UNKNOWN');
    expect(has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
    replace('9.9.9.9\n');
    await expect.poll(() => lists.stats()[0]?.lastError).toBeUndefined();
    expect(has(lists.lookup('vpn'), '9.9.9.9')).toBe(true);
    expect(events.map(({ event }) => event)).toEqual(['list-loaded', 'list-loaded', 'list-failed', 'list-loaded']);
  });

  test('is asked again after its interval, and confirmed by a server without news', async () => {
    const server = await serveList('1.2.3.4\n');
    const { lists, changes } = await keep({ vpn: { url: server.url, every: 10 } });
    await expect.poll(() => server.requests).toBeGreaterThan(2);
    expect(changes.slice(0, 2).map(({ change }) => change)).toEqual(['copy', 'confirmed']);
    server.content = '5.6.7.8\n';
    server.etag = '"2"';
    await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
  });

  test('without a validator is built once from the same content', async () => {
    const server = await serveList('1.2.3.4\n');
    server.etag = '';
    const { events } = await keep({ vpn: { url: server.url, every: 10 } });
    await expect.poll(() => server.requests).toBeGreaterThan(3);
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
  await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
  expect(changes.map(({ list, change }) => [list, change])).toEqual([
    ['vpn', 'copy'],
    ['vpn', 'copy'],
  ]);
});

describe('the copy of a list', () => {
  test('serves a restart whose source is down', async () => {
    const server = await serveList('1.2.3.4\n');
    const first = await keep({ vpn: { url: server.url, every: HOUR } });
    await first.lists.close();
    server.status = 500;
    server.etag = '"2"';
    const { lists, events } = await keep({ vpn: { url: server.url, every: 1 } }, first.folder);
    await expect.poll(() => lists.stats()[0]?.lastError).toBe('HTTP_STATUS');
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    expect(events).toEqual([named('list-failed', 'HTTP_STATUS')]);
  });

  test('that is young keeps a restart from asking', async () => {
    const server = await serveList('1.2.3.4\n');
    const first = await keep({ vpn: { url: server.url, every: HOUR } });
    await first.lists.close();
    const { lists } = await keep({ vpn: { url: server.url, every: HOUR } }, first.folder);
    expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
    expect(server.requests).toBe(1);
  });

  test('of another source, or read in another way, is not used', async () => {
    const server = await serveList('1.2.3.4\n10.0.0.1\n');
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
    const server = await serveList('1.2.3.4\n');
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
    await expect.poll(() => fs.existsSync(path.join(folder, 'vpn.list'))).toBe(true);
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
  await expect(keep({ office: { file } }, path.join(file, 'lists'))).rejects.toMatchObject({
    code: 'LISTS_FOLDER_UNUSABLE',
    hint: expect.any(String),
  });
});

test('items alone need no folder', async () => {
  const { lists } = await keep({ office: { items: ['10.0.0.1'] } }, '');
  expect(has(lists.lookup('office'), '10.0.0.1')).toBe(true);
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
