// What two snapshots tell together: each layer has pads of its own, and a source keeps its number.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import type { BucketId } from '../../protocol/brands.ts';
import { decodeBody } from '../../protocol/bucket.ts';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { deleteRun } from '../../store/run/run.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot, type Snapshot } from '../../store/snapshot/snapshot.ts';
import { seededPairs } from '../support/dataset.ts';
import { entryReader } from '../support/entries.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const PAIRS = seededPairs(300);
const test = datasetTest({ pairs: PAIRS, metadataBytes: 3, date: '2020-05' });

/** The encrypted metadata of every entry, by tag: what a thief of a snapshot has. */
function sealedByTag(snapshot: Snapshot): Map<number, Buffer> {
  const sealed = new Map<number, Buffer>();
  for (const index of INDEX_NAMES) {
    const { prefixBits = 0 } = snapshot.facts.indexes[index] ?? {};
    for (let id = 0; id < 2 ** prefixBits; id++) {
      const body = snapshot.layers[0].body(index, id as BucketId);
      if (!body) throw new Error(`no index ${index}`);
      const { tags, metadata, metadataBytes } = decodeBody(body);
      for (const [i, tag] of tags.entries())
        sealed.set(tag, Buffer.from(metadata.subarray(i * metadataBytes, (i + 1) * metadataBytes)));
    }
  }
  return sealed;
}

const numbersOf = (sources: readonly { readonly name: string; readonly number: number }[]): object =>
  Object.fromEntries(sources.map(({ name, number }) => [name, number]));

describe('two snapshots', () => {
  test('the metadata of entries in both has nothing in common', async ({ made }) => {
    const old = await openSnapshot(made.dataset);
    const before = sealedByTag(old);
    old.close();
    made.addSource('later', { pairs: seededPairs(50, 2), date: '2024-01' });
    await made.publish();
    const now = await openSnapshot(openDataset(made.folder));
    const after = sealedByTag(now);
    now.close();
    // Nothing about these entries changed, so that under one pad all of these differences were 0.
    const differences = [...before].flatMap(([tag, sealed]) =>
      [...sealed].map((byte, i) => byte ^ (after.get(tag)?.[i] as number)),
    );
    expect(differences).toHaveLength(3 * before.size);
    const counts = new Map<number, number>();
    for (const difference of differences) counts.set(difference, (counts.get(difference) ?? 0) + 1);
    expect(counts.size).toBeGreaterThan(200);
    // About 11 of each are expected.
    expect(Math.max(...counts.values())).toBeLessThan(60);
  });

  test('each byte of one entry has a pad of its own in every layer', async ({ made }) => {
    const pads = new Set<string>();
    for (let i = 0; i < 12; i++) {
      made.addSource(`more-${i}`, { pairs: seededPairs(2, 50 + i), date: '2024-01' });
      await made.publish();
      const snapshot = await openSnapshot(openDataset(made.folder));
      const [first] = [...sealedByTag(snapshot)].sort(([a], [b]) => a - b);
      pads.add(first?.[1].toString('hex') ?? '');
      snapshot.close();
    }
    expect(pads.size).toBe(12);
  });

  test('equal runs and parameters make equal metadata', async ({ made }) => {
    const copy = `${made.folder}-copy`;
    fs.cpSync(made.folder, copy, { recursive: true });
    fs.rmSync(path.join(copy, 'CURRENT'));
    await publish(openDataset(copy), made.suite);
    const [a, b] = [await openSnapshot(openDataset(made.folder)), await openSnapshot(openDataset(copy))];
    expect(sealedByTag(a)).toEqual(sealedByTag(b));
    a.close();
    b.close();
  });
});

describe('the number of a source', () => {
  test('an earlier source, a removed one and a renamed one change no number', async ({ made }) => {
    made.addSource('earlier', { pairs: seededPairs(5, 2), date: '2010-01' });
    expect(numbersOf((await made.publish()).sources)).toEqual({ first: 1, earlier: 2 });
    deleteRun(made.dataset, 'first');
    made.addSource('undated', { pairs: seededPairs(5, 3) });
    expect(numbersOf((await made.publish()).sources)).toEqual({ earlier: 2, undated: 3 });
    made.addSource('first', { pairs: PAIRS, date: '2020-05' });
    expect(numbersOf((await made.publish()).sources)).toEqual({ first: 1, earlier: 2, undated: 3 });
    const json = JSON.parse(fs.readFileSync(path.join(made.folder, 'dataset.json'), 'utf8')) as { sources: string[] };
    expect(json.sources).toEqual(['first', 'earlier', 'undated']);
  });

  test('an entry of several sources names the one with the latest date', async ({ made }) => {
    const [pair] = PAIRS;
    made.addSource('earlier', { pairs: PAIRS.slice(0, 1), date: '2010-01' });
    const { sources } = await made.publish();
    const snapshot = await openSnapshot(openDataset(made.folder));
    const found = entryReader(snapshot, made.suite).pair(pair?.username ?? '', pair?.password ?? '');
    expect(sources.find(({ number }) => number === found?.source)?.name).toBe('first');
    expect(found?.timesSeen).toBe(2);
    snapshot.close();
  });
});
