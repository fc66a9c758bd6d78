// credveil sources: lists the sources of a dataset. credveil remove: removes one.

import type { Command } from 'commander';
import { type RejectCounts, splitRejects, sumRejects } from '../../ingest/rejects.ts';
import { RANGES } from '../../protocol/bucket-id.ts';
import { type Dataset, openDataset } from '../../store/dataset.ts';
import { type ExpiringSource, type Expiry, isExpired, listExpiries, setExpiry } from '../../store/retention/expiry.ts';
import { formatFirstSpans } from '../../store/run/range-set.ts';
import { deleteRun, openRuns, type Run, sourceMissing } from '../../store/run/run.ts';
import { assertSourceName, type MirrorFacts } from '../../store/run/run-facts.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { gapsOfSource } from '../mirror.ts';
import { type KeyFileOptions, withLock, withPublisher } from '../open.ts';
import { formatTable, printResult } from '../output.ts';
import { printable, shellWord } from '../printable.ts';
import { describePublished, PUBLISHER_KEY } from '../publish/published.ts';
import { parseExpiry } from '../retention/expires.ts';
import { describeEachText } from '../text-report.ts';
import { formatBytes, formatCount, formatCounted } from '../units.ts';

/** @throws StoreError `SOURCE_NAME`, `SOURCE_MISSING` */
export function findSource(dataset: Dataset, name: string): Run {
  assertSourceName(name);
  const run = openRuns(dataset).find(({ facts }) => facts.source === name);
  if (!run) throw sourceMissing(dataset, name);
  return run;
}

/** @param expiries of those that expire */
function summarize({ facts, bytes, sha256 }: Run, expiries: readonly ExpiringSource[]) {
  const expires = expiries.find(({ source }) => source === facts.source)?.expires ?? null;
  const expired = expires !== null && isExpired(expires, Date.now());
  const { source: name, date, format, files, lines, credentials, rejects, mirror } = facts;
  const gaps = mirror ? gapsOfSource(mirror).size : null;
  const records = facts.sections.reduce((sum, section) => sum + section.records, 0);
  return {
    ...{ name, date: date ?? null, expires, expired, format, files, lines, credentials, rejects, gaps, records },
    ...{ bytes, sha256 },
  };
}

/** Spans of gaps to print. */
const SPANS = 20;

function describeGaps(mirror: MirrorFacts): string[] {
  const gaps = gapsOfSource(mirror);
  return [
    `mirror       ${mirror.index}, ${formatCount(RANGES - gaps.size)} of ${formatCount(RANGES)} ranges`,
    ...(gaps.size > 0 ? [`gaps         ${formatCount(gaps.size)}: ${formatFirstSpans(gaps, SPANS)}`] : []),
  ];
}

const describeExpiry = (expires: string): string =>
  `expires      ${expires}${isExpired(expires, Date.now()) ? ', so the next publish leaves it out' : ''}`;

const describeCounts = (what: string, counts: RejectCounts): string[] => [
  `${what.padEnd(12)} ${formatCount(sumRejects(counts))}`,
  ...Object.entries(counts).map(([reason, count]) => `  ${printable(reason)}: ${formatCount(count)}`),
];

/** The metadata of a source, for people. */
function describeSource({ facts, bytes, sha256 }: Run, expires: string | undefined): string {
  const { source, date, format, files, lines, credentials, rejects, sections, mirror } = facts;
  const { options = {}, report } = facts;
  const { rejected, withheld } = splitRejects(rejects);
  const noun = format === 'sha1' || format === 'ntlm' ? 'hash' : 'credential';
  return [
    `source       ${source}`,
    `date         ${date ?? 'unknown'}`,
    ...(expires === undefined ? [] : [describeExpiry(expires)]),
    `format       ${printable(format)}`,
    `lines        ${formatCount(lines)}`,
    `${`${noun}${noun === 'hash' ? 'es' : 's'}`.padEnd(12)} ${formatCount(credentials)}`,
    ...describeCounts('rejected', rejected),
    ...(sumRejects(withheld) > 0 ? describeCounts('withheld', withheld) : []),
    ...Object.entries(options).map(([name, text]) => `stated       ${printable(`${name} ${text}`)}`),
    ...(report ? ['texts', ...describeEachText(report).map((line) => `  ${line}`)] : []),
    ...(report?.leftOut ?? []).map(({ why, count, names }) =>
      printable(`left out     ${formatCount(count)}, ${why}: ${names.join(', ')}`),
    ),
    ...(mirror ? describeGaps(mirror) : []),
    ...(report?.planted ?? []).map(
      ({ id, names, pairs }) =>
        `canary       ${id}: ${formatCounted(names, 'line')}, ${formatCount(pairs)} with its password`,
    ),
    'records',
    ...sections.map(({ index, records }) => `  ${index}: ${formatCount(records)}`),
    `run          ${formatBytes(bytes)}, SHA-256 ${sha256}`,
    'files',
    formatTable(
      ['  NAME', 'BYTES', 'SHA-256'],
      files.map((file) => [`  ${printable(file.name)}`, file.bytes, file.sha256]),
    ),
  ].join('\n');
}

function tableOf(sources: readonly ReturnType<typeof summarize>[]): string {
  const hasMirror = sources.some(({ gaps }) => gaps !== null);
  const hasExpiry = sources.some(({ expires }) => expires !== null);
  return formatTable(
    [
      'SOURCE',
      'DATE',
      ...(hasExpiry ? ['EXPIRES'] : []),
      'FORMAT',
      'LINES',
      'CREDENTIALS',
      'REJECTED',
      ...(hasMirror ? ['GAPS'] : []),
      'SIZE',
    ],
    sources.map((source) => [
      source.name,
      source.date ?? '-',
      ...(hasExpiry ? [source.expired ? `${source.expires} (left out)` : (source.expires ?? '-')] : []),
      printable(source.format),
      source.lines,
      source.credentials,
      sumRejects(splitRejects(source.rejects).rejected),
      ...(hasMirror ? [source.gaps ?? '-'] : []),
      formatBytes(source.bytes),
    ]),
  );
}

interface SourcesOptions {
  show?: string;
  source?: string;
  expires?: Expiry;
  json?: boolean;
}

/** @throws UsageError, StoreError `SOURCE_MISSING` */
async function setExpiryOf(folder: string, options: SourcesOptions): Promise<void> {
  const { source, expires, show } = options;
  if (source === undefined || expires === undefined || show !== undefined)
    throw new UsageError('--source and --expires belong together', 'Name the source and its day, without --show.');
  const dataset = openDataset(folder);
  await withLock(folder, async () => {
    findSource(dataset, source);
    setExpiry(dataset, source, expires);
  });
  const isNow = expires !== 'never' && isExpired(expires, Date.now());
  printResult(options, { source, expires, expired: isNow }, () =>
    isNow
      ? `source ${source} expired on ${expires}: credveil publish ${shellWord(folder)} leaves it out`
      : `source ${source} expires ${expires === 'never' ? expires : `on ${expires}`}`,
  );
}

export function addSources(program: Command): void {
  program
    .command('sources')
    .description('list the sources of a dataset, show one, or set when one expires')
    .argument('<dataset>', 'folder of the dataset')
    .option('--show <source>', 'show one source: rejects by reason, files and checksums')
    .option('--source <name>', 'source whose expiry --expires sets')
    .option(
      '--expires <day>',
      'with --source: day from which on publishing leaves it out: YYYY-MM-DD, 90d from today, or never',
      parseExpiry,
    )
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: SourcesOptions) => {
      if (options.source !== undefined || options.expires !== undefined) return setExpiryOf(folder, options);
      const dataset = openDataset(folder);
      if (options.show !== undefined) {
        const run = findSource(dataset, options.show);
        const expires = listExpiries(dataset, [run])[0]?.expires;
        const facts = { ...run.facts, ...(expires !== undefined && { expires }), bytes: run.bytes, sha256: run.sha256 };
        printResult(options, facts, () => describeSource(run, expires));
        return;
      }
      const runs = openRuns(dataset);
      const expiries = listExpiries(dataset, runs);
      const sources = runs.map((run) => summarize(run, expiries));
      printResult(options, sources, (list) =>
        list.length === 0
          ? `no sources; add one with: credveil ingest ${shellWord(folder)} <file...> --source <name>`
          : tableOf(list),
      );
    });
}

export function addRemove(program: Command): void {
  program
    .command('remove')
    .description('remove a source and publish without it')
    .argument('<dataset>', 'folder of the dataset')
    .argument('<source>', 'name of the source')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option(...PUBLISHER_KEY)
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, source: string, options: KeyFileOptions & { json?: boolean }) => {
      // A list of sources does without what publishes. Loaded before anything is deleted.
      const { publishWithProgress } = await import('./publish.ts');
      const interrupt = onInterrupt();
      try {
        const published = await withPublisher(folder, options, async (opened) => {
          const { dataset } = opened;
          assertSourceName(source);
          // Resume an interrupted removal: the run is deleted, the snapshot still has its entries.
          const published = openCurrent(dataset)?.facts.sources.some(({ name }) => name === source) ?? false;
          if (!published || openRuns(dataset).some(({ facts }) => facts.source === source)) deleteRun(dataset, source);
          setExpiry(dataset, source, undefined);
          return publishWithProgress(opened, interrupt.signal, { keep: 1 });
        });
        printResult(options, { removed: source, published }, (result) =>
          [
            `source ${result.removed} removed, along with all older snapshots; servers close those within a minute`,
            describePublished(result.published, folder),
          ].join('\n'),
        );
      } finally {
        interrupt.dispose();
      }
    });
}
