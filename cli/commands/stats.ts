// credveil stats: the entries, users per prefix, cost and size leakage of a snapshot.

import type { Command } from 'commander';
import type { HistogramBin } from '../../protocol/service-status.ts';
import { type HeadState, headState } from '../../protocol/signed/head.ts';
import { openDataset } from '../../store/dataset.ts';
import { writeFileAtomically } from '../../store/files.ts';
import { snapshotName } from '../../store/snapshot/layout/snapshot-facts.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { readHead } from '../../store/snapshot/statement-files.ts';
import { parseUsers } from '../anonymity.ts';
import { assertNotPart } from '../open.ts';
import { print, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { warnOfHead } from '../publish/renew.ts';
import {
  describeSnapshot,
  type FilterStats,
  type IndexStats,
  type LayerStats,
  type RangeStats,
  type SnapshotStats,
} from '../stats/figures.ts';
import { statsPage } from '../stats/page.ts';
import { describeRetention, formatRetention, type RetentionStats } from '../stats/retention.ts';
import { formatBytes, formatCount, formatCounted, formatMean, formatSpan } from '../units.ts';

const BAR_CELLS = 40;

/** A bar stands for several buckets: a row for each of a few would be noise. */
const MIN_PER_BAR = 8;

function coarsen(bins: readonly HistogramBin[]): HistogramBin[] {
  const total = bins.reduce((sum, { buckets }) => sum + buckets, 0);
  const rows = Math.max(1, Math.min(bins.length, Math.floor(total / MIN_PER_BAR)));
  const each = Math.ceil(bins.length / rows);
  return Array.from({ length: Math.ceil(bins.length / each) }, (_, i) => {
    const group = bins.slice(i * each, (i + 1) * each);
    const buckets = group.reduce((sum, bin) => sum + bin.buckets, 0);
    return { from: group[0]?.from ?? 0, to: group.at(-1)?.to ?? 0, buckets };
  });
}

function formatHistogram(all: readonly HistogramBin[]): string[] {
  const bins = coarsen(all);
  const most = Math.max(...bins.map(({ buckets }) => buckets));
  return bins.map(({ from, to, buckets }) => {
    const bar = '█'.repeat(Math.ceil((buckets / most) * BAR_CELLS)).padEnd(BAR_CELLS);
    return `    ${formatSpan(from, to).padStart(15)} ${bar} ${formatCount(buckets)}`;
  });
}

function formatIndex(name: string, stats: IndexStats, { users, suite }: SnapshotStats): string {
  const { min, mean, max } = stats.anonymitySet;
  return [
    `${name}: ${formatCounted(stats.entries, 'entry')} in ${formatCounted(stats.buckets, 'bucket')} (${formatCounted(stats.prefixBits, 'prefix bit')})`,
    `  entries per prefix   ${formatCount(min)} to ${formatCount(max)}, mean ${mean.toFixed(1)}`,
    ...(stats.usernames === null ? [] : [`  usernames            ${formatCount(stats.usernames)}`]),
    ...(stats.forms === null ? [] : [`  similar forms        ${formatCount(stats.forms)}`]),
    `  users per prefix     ${formatUsers(stats, users)}`,
    ...(name === 'account' && suite === 'oprf' ? [`  named users          ${formatNamed(stats)}`] : []),
    `  bits per entry       ${stats.bitsPerEntry?.toFixed(2)} without metadata and padding, ${stats.ofInformationTheoreticLimit?.toFixed(3)} times the information-theoretic limit`,
    `  false positives      ${stats.falsePositivesPerQuery.toExponential(1)} per query`,
    `  body sizes           ${stats.bodyBytes.map((bytes) => formatBytes(bytes)).join(', ')}`,
    `  size leakage         ${stats.bitsGivenAwayBySizes.toFixed(2)} bits of the prefix`,
    '  entries per bucket',
    ...formatHistogram(stats.histogram),
  ].join('\n');
}

/** Who asks is one of the users. The entries of a bucket do not hide which. */
function formatUsers({ usersPerPrefix }: IndexStats, users: number | null): string {
  if (users === null || usersPerPrefix === null) return 'not known: pass --users with the number of your own users';
  return `${formatMean(usersPerPrefix)} of your ${formatCounted(users, 'user')} share a prefix`;
}

const formatNamed = ({ buckets }: IndexStats): string =>
  `an evaluator with a list of names learns which 1 in ${formatCount(buckets)}`;

function formatRange(name: string, stats: RangeStats): string {
  const { min, mean, max } = stats.anonymitySet;
  return [
    `${name}: ${formatCounted(stats.entries, 'entry')} in ${formatCounted(stats.ranges, 'non-empty range')}`,
    ...(stats.entries === 0 ? ['  no source feeds it: every range is answered 503'] : []),
    ...(stats.gaps > 0
      ? [`  gaps                 ${formatCounted(stats.gaps, 'range')} of a mirror, answered 503`]
      : []),
    `  entries per prefix   ${formatCount(min)} to ${formatCount(max)}, mean ${mean.toFixed(1)}`,
    `  bits per entry       ${stats.bitsPerEntry?.toFixed(2) ?? '-'} including the exact count`,
    '  entries per range',
    ...formatHistogram(stats.histogram),
  ].join('\n');
}

function formatFilter({ entries, bytes, bitsPerEntry, falsePositiveRate }: FilterStats): string {
  return [
    `password filter: ${formatCounted(entries, 'entry')} in ${formatBytes(bytes)} of client memory`,
    `  bits per entry       ${bitsPerEntry?.toFixed(2) ?? '-'}`,
    `  false positives      1 in ${formatCount(Math.round(1 / falsePositiveRate))}, which cost a bucket request`,
  ].join('\n');
}

/** Of one layer, all figures are below. */
function formatLayers(layers: readonly LayerStats[]): string[] {
  const [first] = layers;
  if (first && layers.length === 1) return [`in 1 layer (${first.layout})`];
  return [
    `in ${formatCounted(layers.length, 'layer')}, the base first`,
    ...layers.map(({ entries, sources, bytes, layout }) => {
      const counts = Object.entries(entries).map(([name, count]) => `${name} ${formatCounted(count, 'entry')}`);
      return `  ${[...counts, formatCounted(sources, 'source'), formatBytes(bytes)].join(', ')} (${layout})`;
    }),
  ];
}

interface StatsWithHead extends SnapshotStats {
  readonly retention: RetentionStats;
  /** Until when clients accept the snapshot. */
  readonly head: { readonly issuedAt: string; readonly validUntil: string; readonly state: HeadState };
}

function describe(stats: StatsWithHead): string {
  const { snapshot, published, bytes, sources, layers, indexes, ranges, filter, head } = stats;
  return [
    [
      `snapshot ${snapshot}, published ${published}, ${formatBytes(bytes)}, ${formatCounted(sources.length, 'source')}`,
      ...formatLayers(layers),
      `clients accept it until ${head.validUntil}${head.state === 'fresh' ? '' : ` (${head.state})`}`,
    ].join('\n'),
    ...Object.entries(indexes).map(([index, figures]) => formatIndex(index, figures, stats)),
    ...(filter ? [formatFilter(filter)] : []),
    ...Object.entries(ranges).map(([name, figures]) => formatRange(name, figures)),
    ...formatRetention(stats.retention),
  ].join('\n\n');
}

export function addStats(program: Command): void {
  program
    .command('stats')
    .description('show statistics of the published snapshot')
    .argument('<dataset>', 'folder of the dataset')
    .option('--users <n>', 'number of your own users (default: as given to init)')
    .option('--html <file>', 'write a self-contained HTML page with plots')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { html?: string; users?: string; json?: boolean }) => {
      const { users } = parseUsers(options);
      assertNotPart('--html', options.html);
      const dataset = openDataset(folder);
      const snapshot = await openSnapshot(dataset);
      try {
        const { head } = readHead(dataset, snapshotName(snapshot.facts.snapshot), snapshot.stated);
        const { issuedAt, validUntil } = head;
        const stats = {
          ...describeSnapshot(snapshot, users ?? dataset.parameters.users),
          retention: describeRetention(dataset, snapshot.facts),
          head: { issuedAt, validUntil, state: headState(head, Date.now()) },
        };
        warnOfHead(folder, head);
        if (options.html !== undefined) writeFileAtomically(options.html, statsPage(stats));
        if (options.html !== undefined && !options.json) print(`statistics written to ${printable(options.html)}`);
        else printResult(options, stats, describe);
      } finally {
        snapshot.close();
      }
    });
}
