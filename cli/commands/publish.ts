// credveil publish: publishes all sources of a dataset as its next snapshot.

import { type Command, Option } from 'commander';
import { createKernelPads } from '../../accel/pad-kernel.ts';
import type { HeadKey } from '../../protocol/brands.ts';
import { MAX_HEAD_LIFE_MS } from '../../protocol/signed/head.ts';
import { VERSION } from '../../runtime/version.ts';
import type { Dataset } from '../../store/dataset.ts';
import { readNameList } from '../../store/retention/name-file.ts';
import { findPlantedRuns } from '../../store/retention/planted-runs.ts';
import type { Suppression } from '../../store/retention/retention.ts';
import { openRuns } from '../../store/run/run.ts';
import {
  contentFileBytes,
  LAYOUTS,
  type LayoutName,
  layersOf,
  type SnapshotFacts,
} from '../../store/snapshot/layout/snapshot-facts.ts';
import type { PublishProgress } from '../../store/snapshot/publication.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { parseCount, parseDuration, parseMemory } from '../memory.ts';
import { addNotifyOptions, type Notifier, type NotifyOptions, openNotifier, outboxFor } from '../notify/notifier.ts';
import { type KeyFileOptions, type OpenedForPublishing, withPublisher } from '../open.ts';
import { printResult } from '../output.ts';
import { ProgressBar, type ProgressState } from '../progress.ts';
import { describePublished, PUBLISHER_KEY, type PublishSummary, type SuppressedSummary } from '../publish/published.ts';
import { openHeadKey, renewHeads } from '../publish/renew.ts';
import { canaryEvents, noteAlarm } from '../retention/canaries.ts';
import { formatCount, formatCounted } from '../units.ts';

const summarize = ({ names, records, kept, keptIn }: Suppression): SuppressedSummary => ({
  ...{ names, records, kept, keptIn },
});

function progressState(bar: ProgressBar, { stage, records, totalRecords, resumed }: PublishProgress): ProgressState {
  return {
    label: stage === 'count' ? 'publish: counting' : 'publish: writing ',
    done: records,
    total: totalRecords,
    figures: [
      formatCounted(records, 'record'),
      ...(resumed.parts === 0 ? [] : [`${formatCount(resumed.records)} resumed`]),
      bar.rate(records - resumed.records, 'records'),
    ],
  };
}

export interface PublishLimits {
  /** Snapshots to keep. */
  readonly keep?: number;
  /** Memory limit of the process, in bytes. */
  readonly memory?: number;
  /** How long the new head is valid, in milliseconds. */
  readonly validFor?: number;
  /** Takes the events of canary accounts in runs that were made elsewhere. */
  readonly notifier?: Notifier | undefined;
  /** Keys that may sign heads from now on. */
  readonly delegate?: readonly HeadKey[];
  readonly layout?: LayoutName;
  /** Write what was added alone. */
  readonly delta?: boolean;
  /** At most; by default one per core. */
  readonly threads?: number;
}

function countBuckets({ indexes, ranges = {} }: SnapshotFacts): Pick<PublishSummary, 'indexes' | 'ranges'> {
  const buckets = Object.entries(indexes).map(([index, { entries, prefixBits }]) => [
    index,
    { entries, buckets: 2 ** prefixBits },
  ]);
  const filled = Object.entries(ranges).map(([index, { entries, ranges: count }]) => [
    index,
    { entries, ranges: count },
  ]);
  return { indexes: Object.fromEntries(buckets), ranges: Object.fromEntries(filled) };
}

/** The caller holds the dataset's lock. */
export async function publishWithProgress(
  { dataset, key, publisher }: OpenedForPublishing,
  signal: AbortSignal,
  { keep, memory, validFor, delegate, notifier, layout, delta, threads }: PublishLimits = {},
): Promise<PublishSummary> {
  const names = readNameList(dataset, key);
  // An ingest that did not look for them told nothing.
  const planted = findPlantedRuns(openRuns(dataset), names);
  for (const { run, found } of planted) {
    noteAlarm(`source ${run.facts.source}`, found);
    notifier?.add(canaryEvents(run.facts, found));
    process.exitCode = ExitCode.alarm;
  }
  const bar = new ProgressBar();
  let last: PublishProgress | undefined;
  try {
    const { facts, changed, head, replaced, withdrawn, unnamed, expired, suppression } = await publish(
      dataset,
      key.createSuite(),
      {
        signal,
        createPads: createKernelPads,
        threads: { count: threads, module: new URL('../publish/part-thread.ts', import.meta.url) },
        program: VERSION,
        ...(publisher && { publisher }),
        ...(names && { names }),
        ...(validFor === undefined ? {} : { headLifeMs: validFor }),
        ...(delegate && { delegate }),
        ...(layout && { layout }),
        ...(delta && { delta }),
        ...(keep === undefined ? {} : { keep }),
        ...(memory === undefined ? {} : { memoryBytes: memory }),
        onProgress: (progress) => {
          last = progress;
          if (progress.totalRecords > 0) bar.update(() => progressState(bar, progress));
        },
      },
    );
    // A dataset of hash indexes alone has no records.
    if (last && last.totalRecords > 0) bar.finish(progressState(bar, last));
    const { snapshot, sources } = facts;
    const layers = layersOf(facts).length;
    const isAnew = delta === true && changed && layers === 1 && sources.length > 1;
    const resumed = last?.resumed;
    return {
      snapshot,
      changed,
      sources: sources.length,
      ...countBuckets(facts),
      layers,
      anew: isAnew && replaced !== undefined && unnamed !== snapshot,
      bytes: contentFileBytes(facts),
      seconds: bar.elapsedSeconds,
      resumed: resumed !== undefined && resumed.parts > 0 ? { parts: resumed.parts, of: resumed.of } : null,
      validUntil: head.validUntil,
      replaced: replaced === undefined ? null : { snapshot: replaced, withdrawn },
      unnamed: unnamed ?? null,
      expired,
      suppressed: suppression ? summarize(suppression) : null,
      canaries: planted.map(({ run, found }) => ({ source: run.facts.source, found })),
    };
  } catch (error) {
    bar.abandon();
    throw error;
  }
}

interface PublishCommandOptions extends Omit<PublishLimits, 'delegate' | 'notifier'>, KeyFileOptions, NotifyOptions {
  readonly delegate?: string;
  readonly renew?: boolean;
  readonly every?: number;
  readonly headKey?: string;
  readonly json?: boolean;
}

const MINUTE_MS = 60_000;

/** @throws UsageError */
function assertTogether({
  renew,
  every,
  headKey,
  delegate,
  keep,
  memory,
  layout,
  delta,
  threads,
  publisherKey,
  notify,
}: PublishCommandOptions): void {
  if (!renew && (every !== undefined || headKey !== undefined))
    throw new UsageError('--every and --head-key belong to --renew', 'Add --renew.');
  if (renew && delegate !== undefined)
    throw new UsageError('--delegate needs a new statement', 'Run it without --renew.');
  if (renew && notify !== undefined)
    throw new UsageError('--notify has no effect with --renew', 'Leave it out: a renewal reads no runs.');
  if (renew && (keep ?? memory ?? layout ?? delta ?? threads) !== undefined)
    throw new UsageError(
      '--keep, --memory, --layout, --delta and --threads have no effect with --renew',
      'Leave them out.',
    );
  if (headKey !== undefined && publisherKey !== undefined)
    throw new UsageError('either --head-key or --publisher-key renews', 'Leave one of them out.');
}

/** @throws UsageError for a dataset whose key alone makes its heads */
function assertSigned({ parameters }: Dataset): void {
  if (parameters.publisher === undefined)
    throw new UsageError(
      '--delegate does not apply to a dataset without signatures',
      'Its key renews it. For a head key, create a dataset with: credveil init --sign',
    );
}

export function addPublish(program: Command): void {
  const command = program
    .command('publish')
    .description('publish all ingested sources as a new snapshot')
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option(...PUBLISHER_KEY)
    .option('--memory <size>', 'memory limit of the process (default: 1GiB)', parseMemory)
    .option('--threads <n>', 'threads, at most (default: one per core)', parseCount('--threads'))
    .addOption(
      new Option(
        '--layout <name>',
        'files of the snapshot: slots, or sqlite (default: as before; slots at first)',
      ).choices(Object.keys(LAYOUTS)),
    )
    .option(
      '--delta',
      'write added sources alone, as a further layer of the snapshot; layers are merged when that is worth it',
    )
    .option('--keep <n>', 'snapshots to keep, including the new one (default: 2)', parseCount('--keep'))
    .option(
      '--valid-for <time>',
      'how long clients accept the snapshot without a renewal (default: 25h; at most 7d)',
      parseDuration('--valid-for', MINUTE_MS, MAX_HEAD_LIFE_MS),
    )
    .option(
      '--delegate <key>',
      'head key that may renew from now on: its key file or public line, or a file with that line',
    )
    .option('--renew', 'write nothing but a new head for the current snapshot, so that clients keep accepting it')
    .option(
      '--every <time>',
      'with --renew: keep running and renew at this interval',
      parseDuration('--every', MINUTE_MS, MAX_HEAD_LIFE_MS),
    )
    .option('--head-key <file>', 'with --renew: sign with this head key instead of the key of the publisher')
    .option('--json', 'print the result as JSON');
  addNotifyOptions(command).action(async (folder: string, options: PublishCommandOptions) => {
    assertTogether(options);
    const notifier = await openNotifier(options, outboxFor(folder), []);
    const interrupt = onInterrupt();
    try {
      if (options.renew) {
        await renewHeads(folder, options, interrupt.signal);
        if (interrupt.isByUser) process.exitCode = ExitCode.interrupted;
        return;
      }
      const { delegate, ...limits } = options;
      const delegated = delegate === undefined ? {} : { delegate: [openHeadKey(delegate)] };
      const summary = await withPublisher(folder, options, (opened) => {
        if (delegate !== undefined) assertSigned(opened.dataset);
        return publishWithProgress(opened, interrupt.signal, { ...limits, ...delegated, notifier });
      });
      printResult(options, summary, (published) => describePublished(published, folder));
      await notifier?.deliver(interrupt.signal);
    } finally {
      interrupt.dispose();
      notifier?.close();
    }
  });
}
