// Publishing writes a filter that is complete, no larger than needed, without removed sources, and
// checked when it is opened.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sbbfInsert } from 'hyparquet/src/bloom.js';
import { describe, expect } from 'vitest';
import type { PrfOutput } from '../../protocol/brands.ts';
import { normalizePassword } from '../../protocol/normalize.ts';
import { createFilterSeal, openFilter, type PasswordFilter } from '../../protocol/password-filter.ts';
import { passwordInput } from '../../protocol/private-input.ts';
import { falsePositiveRate } from '../../protocol/split-block.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { openDataset } from '../../store/dataset.ts';
import { deleteRun } from '../../store/run/run.ts';
import { factsPath, openCurrent, writeCurrent } from '../../store/snapshot/current.ts';
import { PartHasher } from '../../store/snapshot/layout/parted-file.ts';
import { filterPath } from '../../store/snapshot/layout/snapshot-files.ts';
import { blocksOf, chooseBlocks, FilterPartWriter, writeFilter } from '../../store/snapshot/parts/filter-writer.ts';
import { keysOf, listParts } from '../../store/snapshot/parts/part.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { verifyDataset } from '../../store/verify.ts';
import { credveil } from '../support/credveil.ts';
import { type MadeDataset, makeDataset, seededPasswords } from '../support/dataset.ts';
import { storeError } from '../support/errors.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { stateAnew } from '../support/store/state-anew.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const PASSWORDS = seededPasswords(3000);
const STRANGERS = seededPasswords(20_000, 2);

const test = datasetTest({ passwords: PASSWORDS });

const outputOf = (made: MadeDataset, password: string): PrfOutput =>
  made.suite.evaluate(passwordInput(normalizePassword(password)));
const fileOf = (made: MadeDataset, name = '000001'): string => filterPath(made.dataset, name);

function open(made: MadeDataset, file = fileOf(made)): PasswordFilter {
  const bytes = fs.readFileSync(file);
  const seal = createFilterSeal(made.suite.sealKey);
  seal.update(bytes.subarray(0, bytes.length - 16));
  return openFilter(bytes, seal.digest());
}

const held = (made: MadeDataset, filter: PasswordFilter, passwords: readonly string[]): number =>
  passwords.filter((password) => filter.mayHold(outputOf(made, password))).length;

describe('a published filter', () => {
  test('a filter contains every password and the canary, and errs for one in a thousand others', async ({ made }) => {
    const filter = open(made);
    expect(held(made, filter, [...PASSWORDS, CANARY.password])).toBe(PASSWORDS.length + 1);
    const strangers = held(made, filter, STRANGERS);
    // The expected number is 20; the limit is more than five standard deviations above it.
    expect(strangers).toBeGreaterThan(0);
    expect(strangers).toBeLessThan(45);
    const facts = openCurrent(made.dataset)?.facts;
    expect(filter).toMatchObject({ dataset: facts?.dataset, layer: facts?.layer, entries: PASSWORDS.length + 1 });
    expect(facts?.filter).toEqual({
      bytes: filter.bytes,
      sha256: createHash('sha256')
        .update(fs.readFileSync(fileOf(made)))
        .digest('hex'),
      entries: filter.entries,
      blocks: filter.blocks,
    });
    expect(falsePositiveRate(filter.entries, filter.blocks)).toBeLessThanOrEqual(0.001);
    expect((8 * filter.bytes) / filter.entries).toBeLessThan(17.5);
  });

  test('a filter no longer contains a removed source', async ({ made }) => {
    made.addSource('second', { passwords: ['taken out again'] });
    await made.publish();
    expect(held(made, open(made, fileOf(made, '000002')), ['taken out again'])).toBe(1);
    deleteRun(made.dataset, 'second');
    await made.publish();
    expect(held(made, open(made, fileOf(made, '000003')), ['taken out again'])).toBe(0);
    expect(held(made, open(made, fileOf(made, '000003')), PASSWORDS)).toBe(PASSWORDS.length);
  });

  test('a filter is sized for distinct passwords, however often sources repeat them', async ({ made }) => {
    for (const source of ['b', 'c', 'd', 'e']) made.addSource(source, { passwords: PASSWORDS });
    await made.publish();
    expect(open(made, fileOf(made, '000002'))).toMatchObject({
      entries: PASSWORDS.length + 1,
      blocks: open(made).blocks,
    });
  });

  test('a filter follows the rate of the dataset, and is absent for rate 0', async () => {
    const options = { passwords: PASSWORDS, published: false };
    const sizes: number[] = [];
    for (const filterOneIn of [2, 100, 1_000_000]) {
      const other = await makeDataset({ ...options, filterOneIn });
      const { filter } = await other.publish();
      expect(falsePositiveRate(PASSWORDS.length + 1, filter?.blocks ?? 1) * filterOneIn).toBeLessThanOrEqual(1);
      expect(openDataset(other.folder).parameters.filterOneIn).toBe(filterOneIn);
      sizes.push(filter?.bytes ?? 0);
      other.dispose();
    }
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    for (const none of [{ filterOneIn: 0 }, { indexes: ['account'] }] as const) {
      const other = await makeDataset({ ...options, ...none });
      expect((await other.publish()).filter).toBeUndefined();
      expect(fs.readdirSync(path.join(other.folder, 'snapshots')).sort()).toEqual([
        '000001.account',
        '000001.head',
        '000001.json',
        '000001.parts',
        ...('filterOneIn' in none ? ['000001.password'] : []),
        '000001.statement',
      ]);
      expect((await verifyDataset(other.dataset, other.suite)).filtered).toBeNull();
      const snapshot = await openSnapshot(other.dataset);
      expect(snapshot.layers[0].filter).toBeUndefined();
      snapshot.close();
      other.dispose();
    }
  });

  test.for<readonly [title: string, spoil: (made: MadeDataset) => void]>([
    ['cut by a byte', (made) => fs.truncateSync(fileOf(made), fs.statSync(fileOf(made)).size - 1)],
    ['longer by a byte', (made) => fs.appendFileSync(fileOf(made), '\0')],
    ['with an altered bit', (made) => alter(made, 500)],
    ['deleted', (made) => fs.rmSync(fileOf(made))],
  ])('a filter %s makes the snapshot corrupt', async ([, spoil], { made }) => {
    spoil(made);
    await expect(openSnapshot(made.dataset)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  });

  test.for<readonly [part: string, at: number]>([
    ['bits', 500],
    ['digits of the dataset', 8],
    ['bytes of the seal', -1],
  ])('verify detects %s that were forged, even with matching checksums and a statement', async ([, at], { made }) => {
    expect((await verifyDataset(made.dataset, made.suite)).filtered).toBe(PASSWORDS.length + 1);
    const { facts } = await publish(made.dataset, made.suite, { layout: 'sqlite' });
    alter(made, at, '000002');
    const sha256 = createHash('sha256')
      .update(fs.readFileSync(fileOf(made, '000002')))
      .digest('hex');
    const forged = { ...facts, filter: { ...facts.filter, sha256 } };
    fs.writeFileSync(factsPath(made.dataset, '000002'), JSON.stringify(forged));
    writeCurrent(made.dataset, '000002');
    await expect(openSnapshot(made.dataset), 'by its statement').rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
    stateAnew(made.dataset, made.suite);
    (await openSnapshot(made.dataset)).close();
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  });
});

function alter(made: MadeDataset, at: number, name = '000001'): void {
  const bytes = fs.readFileSync(fileOf(made, name));
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] as number) ^ 1;
  fs.writeFileSync(fileOf(made, name), bytes);
}

describe('the writer', () => {
  test.for([
    [100_001, 0],
    [100_001, 4],
    // Parts share blocks, two and more of them.
    [77, 4],
    [3, 8],
  ] as const)(
    '%i blocks in 2^%i parts are the filter that hyparquet makes in memory',
    async ([blocks, bits], { made }) => {
      const random = createRandom(testSeed('filter writer'));
      const entries = Array.from({ length: 20_000 }, () => [random.below(2 ** 32), random.below(2 ** 48)] as const);
      // The first and the last block, and long stretches of empty ones.
      entries.push([0, 1], [2 ** 32 - 1, 2]);
      entries.sort(([a], [b]) => a - b);
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
      const file = path.join(folder, 'filter');
      const { dataset, layer } = openCurrent(made.dataset)?.facts ?? (undefined as never);
      const expected = new Uint32Array(8 * blocks);
      for (const [hash, tag] of entries) sbbfInsert(expected, (BigInt(hash) << 32n) | (BigInt(tag) & 0xffff_ffffn));
      const parts = listParts('password', bits).map((part) => {
        const range = blocksOf(keysOf(part), blocks);
        const inPart = entries.filter(([hash]) => Math.floor(hash / 2 ** (32 - bits)) === part.number);
        const writer = new FilterPartWriter(`${file}-${part.number}`, blocks, range);
        for (const [hash, tag] of inPart) writer.add(hash, tag);
        const { sha256 } = writer.finish();
        return { file: `${file}-${part.number}`, range, entries: inPart.length, sha256 };
      });
      const { facts, digests } = await writeFilter(
        ...([file, { dataset, layer, blocks }, parts, made.suite.sealKey, async () => undefined] as const),
      );
      const bytes = fs.readFileSync(file);
      expect(open(made, file)).toMatchObject({ entries: entries.length, blocks, bytes: facts.bytes });
      expect(bytes.subarray(64, -16).equals(new Uint8Array(expected.buffer))).toBe(true);
      expect(facts.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      const hasher = new PartHasher();
      hasher.add(bytes);
      expect(digests.equals(hasher.finish())).toBe(true);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  );

  test.each([1, 2, 51, 1000, 123_456])('the writer chooses the minimum number of blocks for %i entries', (entries) => {
    for (const oneIn of [2, 1000, 1_000_000]) {
      const blocks = chooseBlocks(entries, oneIn);
      expect(falsePositiveRate(entries, blocks) * oneIn).toBeLessThanOrEqual(1);
      if (blocks > 1) expect(falsePositiveRate(entries, blocks - 1) * oneIn).toBeGreaterThan(1);
    }
  });
});

describe('the commands', () => {
  test('stats shows size and rate, verify checks the filter, and export writes the whole file', async ({ made }) => {
    const home = path.dirname(made.folder);
    const key = path.join(home, 'key');
    fs.writeFileSync(key, made.key.revealText(), { mode: 0o600 });
    const stats = JSON.parse((await credveil(['stats', made.folder, '--json'])).stdout);
    const { bytes, blocks } = openCurrent(made.dataset)?.facts.filter ?? (undefined as never);
    expect(stats.filter).toMatchObject({ entries: 3001, bytes, falsePositiveRate: falsePositiveRate(3001, blocks) });
    expect((await credveil(['stats', made.folder])).stdout).toMatch(/password filter: 3,001 entries[\s\S]*1 in 1,0/);
    const page = path.join(home, 'stats.html');
    await credveil(['stats', made.folder, '--html', page]);
    expect(fs.readFileSync(page, 'utf8')).toMatch(/password filter, false positive rate 1 in 1,0/);
    const verified = await credveil(['verify', made.folder, '--key-file', key]);
    expect(verified.stdout).toContain('filter of 3,001 entries');
    const file = path.join(home, 'passwords.filter');
    expect((await credveil(['export', made.folder, '--filter', file])).code).toBe(0);
    expect(fs.readFileSync(file).equals(fs.readFileSync(fileOf(made)))).toBe(true);
    // The command replaces the whole file, so it can run after each publish.
    expect((await credveil(['export', made.folder, '--filter', file])).code).toBe(0);
    expect((await credveil(['export', made.folder, '--filter', file, '--source', 'first'])).code).toBe(2);
  });

  test('init sets the rate', async ({ made }) => {
    const folder = path.join(path.dirname(made.folder), 'other');
    for (const wrong of ['1', '-3', '1000001', 'many', '2.5'])
      expect((await credveil(['init', folder, '--suite', 'hmac', '--filter-one-in', wrong])).code).toBe(2);
    const nowhere = ['init', folder, '--suite', 'hmac', '--index', 'account', '--filter-one-in', '10'];
    expect((await credveil(nowhere)).code).toBe(2);
    expect((await credveil(['init', folder, '--suite', 'hmac', '--filter-one-in', '0'])).code).toBe(0);
    expect(openDataset(folder).parameters.filterOneIn).toBe(0);
  });
});
