// Lists in the configuration: what is accepted, and how mistakes are named.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configuredName } from '../../../gateway/lists/list-names.ts';
import { LISTS_SCHEMA } from '../../../gateway/lists/list-schema.ts';
import { root } from '../../support/paths.ts';

const check = (list: unknown, name = 'office') => LISTS_SCHEMA.safeParse({ [name]: list });

describe('a list in the configuration', () => {
  test.each([
    { items: ['192.0.2.0/24', '2001:db8::/32', '10.0.0.1', '10.0.0.1-10.0.0.9', '10.0.0.1..10.0.0.9'] },
    { kind: 'string', items: ['curl/8.5.0'] },
    { file: '/etc/credveil/proxies.netset', maxAge: '2d', allowPrivate: true },
    { url: 'https://feeds.example/proxies.netset', every: '1h', maxAge: '24h', format: 'lines' },
    { command: ['/usr/local/bin/proxies', '--all'], every: '10m', timeout: '1m', maxEntries: 5, maxBytes: 1000 },
    { observed: {} },
    { url: 'https://feeds.example/a', items: ['192.0.2.1'], observed: { ttl: '7d', maxEntries: 1000 } },
  ])('may be %j', (list) => {
    expect(check(list).error?.issues).toBeUndefined();
  });

  test('has its durations in milliseconds', () => {
    const { data } = check({ url: 'https://feeds.example/a', every: '1h', maxAge: '2d', observed: { ttl: '90m' } });
    expect(data?.office).toMatchObject({
      kind: 'ip',
      every: 3_600_000,
      maxAge: 172_800_000,
      observed: { ttl: 5_400_000 },
    });
    expect(check({ observed: {} }).data?.office?.observed).toEqual({ ttl: 86_400_000, maxEntries: 100_000 });
  });

  test.each([
    [{}, 'office', 'must have items, file, url, command or observed'],
    [{ items: ['10.0.0.300'] }, 'office.items.0', 'must be an address'],
    [{ items: ['10.0.0.0/8', '10.0.0.1/8'] }, 'office.items.1', 'without host bits'],
    [{ items: ['curl'] }, 'office.items.0', 'set kind: string'],
    [{ items: ['10.0.0.1'], every: '1h' }, 'office.every', 'needs file, url or command'],
    [{ file: '/a', url: 'https://feeds.example/a' }, 'office.url', 'must be the only source'],
    [{ url: 'http://feeds.example/a' }, 'office.url', 'must be an https URL'],
    [{ url: 'https://me:secret@feeds.example/a' }, 'office.url', 'without user name and password'],
    [{ url: 'https://feeds.example/a', every: '1m' }, 'office.every', 'at least 5m'],
    [{ url: 'https://feeds.example/a', every: '1 hour' }, 'office.every', 'such as 90s, 15m, 1h or 7d'],
    [{ url: 'https://feeds.example/a', every: 3600 }, 'office.every', 'must be a duration'],
    [{ url: 'https://feeds.example/a', maxAge: '0s' }, 'office.maxAge', 'from 1m to 365d'],
    [{ command: 'proxies --all' }, 'office.command', 'must be a list: the program and its arguments'],
    [{ command: ['proxies'] }, 'office.command', 'absolute path'],
    [{ kind: 'string', observed: {} }, 'office.observed', 'must be of kind ip'],
    [{ kind: 'string', file: '/a', format: 'csv' }, 'office.format', 'must be lines or json'],
    [{ file: '/a', fromat: 'csv' }, 'office', 'fromat'],
  ])('%j is refused at %s: %s', (list, place, message) => {
    const issues = check(list).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join('.'))).toContain(place);
    expect(issues.map((issue) => issue.message).join('\n')).toContain(message);
    expect(JSON.stringify(issues.map((issue) => issue.message))).not.toMatch(/secret|10\.0\.0\.1/);
  });

  test.each(['Office', 'a-b', '.a', 'a.', 'a..b', 'cf.vpn', '../x', '', 'x'.repeat(65)])('is not named %j', (name) => {
    expect(check({ items: ['10.0.0.1'] }, name).success).toBe(false);
  });
});

test('the page on lists documents each key', () => {
  const page = fs.readFileSync(path.join(root, 'docs/gateway-lists.md'), 'utf8');
  const table = page.slice(page.indexOf('## Keys'), page.indexOf('## Formats'));
  const documented = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);
  const { additionalProperties } = z.toJSONSchema(LISTS_SCHEMA, { io: 'input', unrepresentable: 'any' });
  const { properties = {} } = additionalProperties as { properties?: object };
  expect(documented.sort()).toEqual(Object.keys(properties).sort());
});

test('a managed list answers to both of its names, and no other list does', () => {
  expect(configuredName('cf.open_proxies')).toBe('open_proxies');
  expect(configuredName('open_proxies')).toBe('open_proxies');
  expect(['anonymizer', 'vpn', 'malware', 'botnetcc'].map((name) => configuredName(`cf.${name}`))).toEqual([
    'anonymizer',
    'vpn',
    'malware',
    'botnetcc',
  ]);
  expect(configuredName('cf.office')).toBe('cf.office');
});
