// credveil publish: publishes all sources of a dataset as its next snapshot.

import type { Command } from 'commander';
import { createKernelPads } from '../../accel/pad-kernel.ts';
import type { Dataset } from '../../store/dataset.ts';
import type { DatasetKey } from '../../store/dataset-key.ts';
import type { PublishProgress } from '../../store/snapshot/publication.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { onInterrupt } from '../interrupt.ts';
import { parseCount, parseMemory } from '../memory.ts';
import { withDataset } from '../open.ts';
import { printResult } from '../output.ts';
import { ProgressBar, type ProgressState } from '../progress.ts';
import { formatBytes, formatCounted, formatSeconds } from '../units.ts';

export interface PublishSummary {
  readonly snapshot: string;
  readonly changed: boolean;
  readonly sources: number;
  readonly indexes: { readonly [index: string]: { readonly entries: number; readonly buckets: number } };
  /** Indexes of unsalted hashes. */
  readonly ranges: { readonly [index: string]: { readonly entries: number; readonly ranges: number } };
  readonly bytes: number;
  readonly seconds: number;
}

function progressState(bar: ProgressBar, { stage, records, totalRecords }: PublishProgress): ProgressState {
  return {
    label: stage === 'count' ? 'publish: counting' : 'publish: writing ',
    done: records,
    total: totalRecords,
    figures: [formatCounted(records, 'record'), bar.rate(records, 'records')],
  };
}

export interface PublishLimits {
  /** Snapshots to keep. */
  readonly keep?: number;
  /** Memory limit of the process, in bytes. */
  readonly memory?: number;
}

/** The caller holds the dataset's lock. */
export async function publishWithProgress(
  dataset: Dataset,
  key: DatasetKey,
  signal: AbortSignal,
  { keep, memory }: PublishLimits = {},
): Promise<PublishSummary> {
  const bar = new ProgressBar();
  let last: PublishProgress | undefined;
  try {
    const { facts, changed } = await publish(dataset, key.createSuite(), {
      signal,
      createPads: createKernelPads,
      ...(keep === undefined ? {} : { keep }),
      ...(memory === undefined ? {} : { memoryBytes: memory }),
      onProgress: (progress) => {
        last = progress;
        if (progress.totalRecords > 0) bar.update(() => progressState(bar, progress));
      },
    });
    // A dataset of hash indexes alone has no records.
    if (last && last.totalRecords > 0) bar.finish(progressState(bar, last));
    const indexes = Object.fromEntries(
      Object.entries(facts.indexes).map(([index, { entries, prefixBits }]) => [
        index,
        { entries, buckets: 2 ** prefixBits },
      ]),
    );
    const ranges = Object.fromEntries(
      Object.entries(facts.ranges ?? {}).map(([index, { entries, ranges: count }]) => [
        index,
        { entries, ranges: count },
      ]),
    );
    const { snapshot, sources, sqlite } = facts;
    return {
      snapshot,
      changed,
      sources: sources.length,
      indexes,
      ranges,
      bytes: sqlite.bytes,
      seconds: bar.elapsedSeconds,
    };
  } catch (error) {
    bar.abandon();
    throw error;
  }
}

export function describePublished({
  snapshot,
  changed,
  sources,
  indexes,
  ranges,
  bytes,
  seconds,
}: PublishSummary): string {
  if (!changed) return `snapshot ${snapshot} already contains all sources; nothing changed`;
  const parts = Object.entries(indexes).map(
    ([index, { entries, buckets }]) =>
      `${index} ${formatCounted(entries, 'entry')} in ${formatCounted(buckets, 'bucket')}`,
  );
  for (const [index, { entries, ranges: count }] of Object.entries(ranges))
    parts.push(`${index} ${formatCounted(entries, 'entry')} in ${formatCounted(count, 'range')}`);
  return `snapshot ${snapshot}: ${formatCounted(sources, 'source')}, ${parts.join(', ')}, ${formatBytes(bytes)}, in ${formatSeconds(seconds)}`;
}

export function addPublish(program: Command): void {
  program
    .command('publish')
    .description('publish all ingested sources as a new snapshot')
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--memory <size>', 'memory limit of the process (default: 1GiB)', parseMemory)
    .option('--keep <n>', 'snapshots to keep, including the new one (default: 2)', parseCount('--keep'))
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: PublishLimits & { keyFile?: string; json?: boolean }) => {
      const interrupt = onInterrupt();
      try {
        const summary = await withDataset(folder, options, ({ dataset, key }) =>
          publishWithProgress(dataset, key, interrupt.signal, options),
        );
        printResult(options, summary, describePublished);
      } finally {
        interrupt.dispose();
      }
    });
}
