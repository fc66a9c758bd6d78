// The password filter of a snapshot as JSON of the npm package bloom-filters. PROTOCOL.md §17.

import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  type BloomJson,
  type BloomOwner,
  bloomElement,
  MAX_BLOOM_BITS,
  MAX_BLOOM_ENTRIES,
} from '../protocol/bloom-json.ts';
import type { BucketId, EntryTag } from '../protocol/brands.ts';
import { openDataset } from '../store/dataset.ts';
import { DEFAULT_FILTER_ONE_IN } from '../store/dataset-parameters.ts';
import { writeFileAtomically } from '../store/files.ts';
import { openSnapshot, type Snapshot } from '../store/snapshot/snapshot.ts';
import { UsageError } from './exit.ts';
import { assertOneLayer } from './export-target.ts';
import { onInterrupt } from './interrupt.ts';
import { ProgressBar } from './progress.ts';
import { formatCount, formatCounted } from './units.ts';

export interface ExportedBloomFilter {
  readonly snapshot: string;
  readonly file: string;
  readonly entries: number;
  readonly bytes: number;
  /** Of the file. Its readers pin it. */
  readonly sha256: string;
}

/** Exports of the package, as `import` gives them. */
type Package = typeof import('bloom-filters');

/** @throws UsageError if there is no filter, or one that is too large for the package */
export async function exportBloomFilter(folder: string, target: string): Promise<ExportedBloomFilter> {
  const dataset = openDataset(folder);
  const snapshot = await openSnapshot(dataset);
  try {
    const { facts } = snapshot;
    assertOneLayer(snapshot, folder);
    if (!facts.filter)
      throw new UsageError(
        'the snapshot has no password filter',
        'Publish a dataset that has the password index and a filter.',
      );
    const { entries } = facts.filter;
    if (entries > MAX_BLOOM_ENTRIES) throw tooLarge(folder, entries);
    const { BloomFilter } = ((await import('bloom-filters')) as { default: Package }).default;
    const oneIn = dataset.parameters.filterOneIn ?? DEFAULT_FILTER_ONE_IN;
    const filter = BloomFilter.create(Math.max(1, entries), 1 / oneIn);
    if (filter.size > MAX_BLOOM_BITS) throw tooLarge(folder, entries);
    await addEntries(snapshot, entries, (element) => filter.add(element));
    const owner: BloomOwner = { dataset: dataset.id, layer: facts.layer, entries };
    const json: BloomJson = { ...(filter.saveAsJSON() as unknown as Omit<BloomJson, 'credveil'>), credveil: owner };
    const bytes = Buffer.from(`${JSON.stringify(json)}\n`);
    writeFileAtomically(path.resolve(target), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { snapshot: facts.snapshot, file: target, entries, bytes: bytes.length, sha256 };
  } finally {
    snapshot.close();
  }
}

function tooLarge(folder: string, entries: number): UsageError {
  return new UsageError(
    `the filter has ${formatCounted(entries, 'password')}; the JSON of bloom-filters is limited to ${formatCount(MAX_BLOOM_ENTRIES)}`,
    `Export it in its own format, which has no such limit: credveil export ${folder} --filter FILE`,
  );
}

/** Gives the elements of all entries of the password index to `add`. */
async function addEntries(snapshot: Snapshot, entries: number, add: (element: string) => void): Promise<void> {
  const { prefixBits = 0 } = snapshot.facts.indexes.password ?? {};
  const interrupt = onInterrupt();
  const bar = new ProgressBar();
  let done = 0;
  try {
    for (let id = 0; id < 2 ** prefixBits; id++) {
      const tags = snapshot.tags('password', id as BucketId);
      for (const tag of tags) add(bloomElement(tag as EntryTag));
      done += tags.length;
      bar.update(() => ({ label: 'export filter', done, total: entries, figures: [formatCounted(done, 'password')] }));
      await new Promise(setImmediate);
      interrupt.signal.throwIfAborted();
    }
    bar.finish({ label: 'export filter', done, total: entries, figures: [formatCounted(done, 'password')] });
  } catch (error) {
    bar.abandon();
    throw error;
  } finally {
    interrupt.dispose();
  }
}
