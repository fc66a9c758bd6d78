// The password filter in JSON of the package bloom-filters: exported, read by the package itself,
// and a source of the SDK; and the package as an oracle of our own filter.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import bloom from 'bloom-filters';
import { describe, expect } from 'vitest';
import { createBloomFilterSource } from '../../client-sdk/bloom-filters.ts';
import { bloomElement, parseBloomJson } from '../../protocol/bloom-json.ts';
import type { PrfOutput } from '../../protocol/brands.ts';
import { entryTag } from '../../protocol/entry.ts';
import { normalizePassword } from '../../protocol/normalize.ts';
import { decodeFilter } from '../../protocol/password-filter.ts';
import { passwordInput } from '../../protocol/private-input.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { credveil, credveilJson } from '../support/credveil.ts';
import { seededPasswords } from '../support/dataset.ts';
import { test } from '../support/worlds/filter-fixture.ts';
import { ABSENT, asked, type FilterWorld, LEAKED, PASSWORDS } from '../support/worlds/filter-world.ts';

interface Exported {
  readonly json: Buffer;
  readonly sha256: string;
  readonly snapshot: string;
}

async function exportJson({ made }: FilterWorld): Promise<Exported> {
  const file = path.join(path.dirname(made.folder), 'filter.json');
  const args = ['export', made.folder, '--filter', file, '--as', 'bloom-filters'];
  const { sha256, snapshot } = (await credveilJson(args)) as Exported;
  return { json: fs.readFileSync(file), sha256, snapshot };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The JSON with members changed, and its digest. */
function altered({ json }: Exported, change: (value: { _filter: { content: string }; credveil: object }) => void) {
  const value = JSON.parse(json.toString());
  change(value);
  const bytes = Buffer.from(JSON.stringify(value));
  return { json: bytes, sha256: digest(bytes) };
}

describe('the exported JSON', () => {
  test('is read by bloom-filters, and has every password of the snapshot', async ({ world }) => {
    const { json, sha256 } = await exportJson(world);
    expect(sha256).toBe(digest(json));
    const filter = bloom.BloomFilter.fromJSON(JSON.parse(json.toString())) as InstanceType<typeof bloom.BloomFilter>;
    const has = (password: string): boolean => filter.has(bloomElement(entryTag(outputOf(world, password))));
    for (const password of [...PASSWORDS, LEAKED.password, CANARY.password]) expect(has(password)).toBe(true);
    expect(ABSENT.filter(has)).toEqual([]);
    expect(parseBloomJson(json).credveil).toMatchObject({
      dataset: world.made.dataset.id,
      entries: PASSWORDS.length + 2,
    });
  });

  test('needs --filter, and names no other format', async ({ world }) => {
    const { folder } = world.made;
    expect((await credveil(['export', folder, '--as', 'bloom-filters'])).stderr).toMatch(/USAGE.*--as/);
    expect((await credveil(['export', folder, '--filter', 'x', '--as', 'parquet'])).code).toBe(2);
  });
});

describe('the SDK with a filter of bloom-filters', () => {
  test('answers for absent passwords without a request, and confirms the others', async ({ world }) => {
    const at = await world.spoil();
    const source = createBloomFilterSource(await exportJson(world));
    const leaks = world.checker(at.url, { source });
    expect(await leaks.loadFilter()).toMatchObject({ entries: PASSWORDS.length + 2 });
    const before = at.requests.length;
    for (const password of ABSENT) expect((await leaks.check({ password })).status).toBe('clean');
    expect(at.requests.length).toBe(before);
    for (const password of PASSWORDS.slice(0, 40)) expect((await leaks.check({ password })).status).toBe('password');
    expect(asked(at)).not.toContain('/v1/filter/');
  });

  test('refuses JSON that is not the pinned one, and requests buckets instead', async ({ world }) => {
    const exported = await exportJson(world);
    const emptied = altered(exported, (value) => {
      const filter = value._filter;
      filter.content = `${'A'.repeat(filter.content.length - 2)}${filter.content.slice(-2).replace(/[^=]/g, 'A')}`;
    });
    const leaks = world.checker((await world.spoil()).url, {
      source: createBloomFilterSource({ json: emptied.json, sha256: exported.sha256 }),
    });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ code: 'FILTER_FORGED' });
    expect((await leaks.check({ password: PASSWORDS[0] as string })).status).toBe('password');
  });

  test.for<[string, object]>([
    ['another layer', { layer: 'ab'.repeat(16) }],
    ['another dataset', { dataset: 'ab'.repeat(8) }],
  ])('refuses a filter of %s', async ([, member], { world }) => {
    const other = altered(await exportJson(world), (value) => Object.assign(value.credveil, member));
    const leaks = world.checker((await world.spoil()).url, { source: createBloomFilterSource(other) });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ code: 'FILTER_OTHER' });
    expect((await leaks.check({ password: PASSWORDS[0] as string })).status).toBe('password');
  });

  test('does not answer beside a newer snapshot', async ({ world }) => {
    const [fresh = ''] = seededPasswords(1, 77);
    const at = await world.spoil();
    const exported = await exportJson(world);
    const leaks = world.checker(
      at.url,
      { source: createBloomFilterSource(exported), refreshMs: 0 },
      { headMaxAgeMs: 0 },
    );
    await leaks.loadFilter();
    expect((await leaks.check({ password: fresh })).status).toBe('clean');
    await world.publish(fresh);
    // The first check after the publish may still be answered beside the old snapshot.
    await leaks.ready();
    await expect.poll(async () => (await leaks.check({ password: fresh })).status).toBe('password');
  });

  test('refuses a filter above maxBytes', async ({ world }) => {
    const source = createBloomFilterSource(await exportJson(world));
    const leaks = world.checker((await world.spoil()).url, { source, maxBytes: 100 });
    await expect(leaks.loadFilter()).rejects.toMatchObject({ code: 'FILTER_TOO_LARGE' });
  });

  test.each([
    [{ json: 'text', sha256: 'ab'.repeat(32) }],
    [{ json: new Uint8Array(3), sha256: 'AB'.repeat(32) }],
    [{ json: new Uint8Array(3) }],
  ])('refuses options without bytes or a digest', (options) => {
    expect(() => createBloomFilterSource(options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_MALFORMED' }),
    );
  });
});

const outputOf = ({ made }: FilterWorld, password: string): PrfOutput =>
  made.suite.evaluate(passwordInput(normalizePassword(password)));

test('our filter holds what bloom-filters holds, and errs no more often', async ({ world }) => {
  const ours = decodeFilter(fs.readFileSync(world.file()));
  const theirs = bloom.BloomFilter.create(PASSWORDS.length + 2, 1 / 1000);
  const members = [...PASSWORDS, LEAKED.password, CANARY.password].map((password) => outputOf(world, password));
  for (const output of members) theirs.add(bloomElement(entryTag(output)));
  for (const output of members)
    expect([ours.mayHold(output), theirs.has(bloomElement(entryTag(output)))]).toEqual([true, true]);
  const absent = seededPasswords(20_000, 9).map((password) => outputOf(world, password));
  const errors = {
    ours: absent.filter((output) => ours.mayHold(output)).length,
    theirs: absent.filter((output) => theirs.has(bloomElement(entryTag(output)))).length,
  };
  // One in 1,000 is configured for both: 20 of 20,000 are expected, and more than 45 once in 10^6.
  expect(errors.ours).toBeLessThan(45);
  expect(errors.theirs).toBeLessThan(45);
});
