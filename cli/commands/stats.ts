// credveil stats: what a snapshot holds, what it costs, and what its sizes give away.

import type { Command } from 'commander';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { openSnapshot, type Snapshot } from '../../store/snapshot.ts';
import type { IndexFacts } from '../../store/snapshot-facts.ts';
import { printResult } from '../output.ts';
import { formatBytes, formatCount, formatCounted } from '../units.ts';

interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

const BINS = 16;
const BAR_CELLS = 40;

function histogram(counts: readonly number[]): HistogramBin[] {
  const low = counts.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY);
  const high = counts.reduce((most, count) => Math.max(most, count), 0);
  const width = Math.max(1, Math.ceil((high - low + 1) / BINS));
  const bins = Array.from({ length: Math.ceil((high - low + 1) / width) }, (_, i) => ({
    from: low + i * width,
    to: Math.min(high, low + (i + 1) * width - 1),
    buckets: 0,
  }));
  for (const count of counts) {
    const bin = bins[Math.floor((count - low) / width)];
    if (bin) bin.buckets++;
  }
  return bins;
}

/** The figures of one index. */
function describeIndex(snapshot: Snapshot, index: IndexName, facts: IndexFacts) {
  const {
    entries,
    prefixBits,
    minEntries,
    maxEntries,
    contentBytes,
    metadataTotalBytes,
    leastBits,
    bodyBytes,
    sizeBits,
  } = facts;
  const buckets = 2 ** prefixBits;
  const bits = (contentBytes - metadataTotalBytes) * 8;
  return {
    entries,
    buckets,
    prefixBits,
    anonymitySet: { least: minEntries, mean: entries / buckets, most: maxEntries },
    /** Seal and header counted in, metadata and padding not. */
    bitsPerEntry: entries === 0 ? null : bits / entries,
    ofInformationTheoreticLimit: leastBits === 0 ? null : bits / leastBits,
    falsePositivesPerQuery: entries / buckets / 2 ** 48,
    bodyBytes,
    bitsGivenAwayBySizes: sizeBits,
    histogram: histogram([...snapshot.bucketCounts(index)]),
  };
}

type IndexStats = ReturnType<typeof describeIndex>;

function formatIndex(name: string, stats: IndexStats): string {
  const most = Math.max(...stats.histogram.map(({ buckets }) => buckets));
  const { least, mean, most: largest } = stats.anonymitySet;
  const rows = stats.histogram.map(({ from, to, buckets }) => {
    const range = from === to ? formatCount(from) : `${formatCount(from)}-${formatCount(to)}`;
    return `    ${range.padStart(15)} ${'█'.repeat(Math.ceil((buckets / most) * BAR_CELLS)).padEnd(BAR_CELLS)} ${formatCount(buckets)}`;
  });
  return [
    `${name}: ${formatCounted(stats.entries, 'entry')} in ${formatCounted(stats.buckets, 'bucket')} (${formatCounted(stats.prefixBits, 'prefix bit')})`,
    `  anonymity set        ${formatCount(least)} to ${formatCount(largest)} entries, mean ${mean.toFixed(1)}`,
    `  cost of an entry     ${stats.bitsPerEntry?.toFixed(2)} bits without metadata and padding, ${stats.ofInformationTheoreticLimit?.toFixed(3)} of the information-theoretic limit`,
    `  false positives      ${stats.falsePositivesPerQuery.toExponential(1)} a query`,
    `  body sizes           ${stats.bodyBytes.map((bytes) => formatBytes(bytes)).join(', ')}`,
    `  sizes give away      ${stats.bitsGivenAwayBySizes.toFixed(2)} bits of the prefix`,
    '  entries of a bucket',
    ...rows,
  ].join('\n');
}

export function addStats(program: Command): void {
  program
    .command('stats')
    .description('figures of the published snapshot')
    .argument('<dataset>', 'folder of the dataset')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { json?: boolean }) => {
      const snapshot = await openSnapshot(openDataset(folder));
      try {
        const { facts } = snapshot;
        const indexes: { [index: string]: IndexStats } = {};
        for (const [index, indexFacts] of Object.entries(facts.indexes) as [IndexName, IndexFacts][])
          indexes[index] = describeIndex(snapshot, index, indexFacts);
        const { snapshot: id, dataset, keyId, sources, sqlite } = facts;
        const published = snapshot.publishedAt.toISOString();
        printResult(
          options,
          { snapshot: id, published, dataset, keyId, sources, bytes: sqlite.bytes, indexes },
          (result) =>
            [
              `snapshot ${result.snapshot}, published ${result.published}, ${formatBytes(result.bytes)}, ${formatCounted(result.sources.length, 'source')}`,
              ...Object.entries(result.indexes).map(([index, stats]) => formatIndex(index, stats)),
            ].join('\n\n'),
        );
      } finally {
        snapshot.close();
      }
    });
}
