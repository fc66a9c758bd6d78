// credveil sources: lists the sources of a dataset. credveil remove: removes one.

import type { Command } from 'commander';
import { RANGES } from '../../protocol/bucket-id.ts';
import { type Dataset, openDataset } from '../../store/dataset.ts';
import { formatFirstSpans } from '../../store/run/range-set.ts';
import { deleteRun, openRuns, type Run, sourceMissing } from '../../store/run/run.ts';
import { assertSourceName, type MirrorFacts } from '../../store/run/run-facts.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { onInterrupt } from '../interrupt.ts';
import { gapsOfSource } from '../mirror.ts';
import { type KeyFileOptions, withPublisher } from '../open.ts';
import { formatTable, printResult } from '../output.ts';
import { printable, shellWord } from '../printable.ts';
import { describeEachText } from '../text-report.ts';
import { formatBytes, formatCount } from '../units.ts';
import { describePublished, PUBLISHER_KEY, publishWithProgress } from './publish.ts';

/** @throws StoreError `SOURCE_NAME`, `SOURCE_MISSING` */
export function findSource(dataset: Dataset, name: string): Run {
  assertSourceName(name);
  const run = openRuns(dataset).find(({ facts }) => facts.source === name);
  if (!run) throw sourceMissing(dataset, name);
  return run;
}

function summarize({ facts, bytes, sha256 }: Run) {
  const { source: name, date, format, files, lines, credentials, rejects, mirror } = facts;
  const gaps = mirror ? gapsOfSource(mirror).size : null;
  const records = facts.sections.reduce((sum, section) => sum + section.records, 0);
  return { name, date: date ?? null, format, files, lines, credentials, rejects, gaps, records, bytes, sha256 };
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

/** The metadata of a source, for people. */
function describeSource({ facts, bytes, sha256 }: Run): string {
  const { source, date, format, files, lines, credentials, rejects, sections, mirror } = facts;
  const { options = {}, report } = facts;
  const reasons = Object.entries(rejects);
  const noun = format === 'sha1' || format === 'ntlm' ? 'hash' : 'credential';
  return [
    `source       ${source}`,
    `date         ${date ?? 'unknown'}`,
    `format       ${printable(format)}`,
    `lines        ${formatCount(lines)}`,
    `${`${noun}${noun === 'hash' ? 'es' : 's'}`.padEnd(12)} ${formatCount(credentials)}`,
    `rejected     ${formatCount(lines - credentials)}`,
    ...reasons.map(([reason, count]) => `  ${printable(reason)}: ${formatCount(count)}`),
    ...Object.entries(options).map(([name, text]) => `stated       ${printable(`${name} ${text}`)}`),
    ...(report ? ['texts', ...describeEachText(report).map((line) => `  ${line}`)] : []),
    ...(report?.leftOut ?? []).map(({ why, count, names }) =>
      printable(`left out     ${formatCount(count)}, ${why}: ${names.join(', ')}`),
    ),
    ...(mirror ? describeGaps(mirror) : []),
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
  return formatTable(
    [
      'SOURCE',
      'DATE',
      'FORMAT',
      'LINES',
      'CREDENTIALS',
      'REJECTED',
      ...(hasMirror ? ['GAPS'] : []),
      'RECORDS',
      'BYTES',
    ],
    sources.map((source) => [
      source.name,
      source.date ?? '-',
      printable(source.format),
      source.lines,
      source.credentials,
      source.lines - source.credentials,
      ...(hasMirror ? [source.gaps ?? '-'] : []),
      source.records,
      source.bytes,
    ]),
  );
}

export function addSources(program: Command): void {
  program
    .command('sources')
    .description('list the sources of a dataset, or show one')
    .argument('<dataset>', 'folder of the dataset')
    .option('--show <source>', 'show one source: rejects by reason, files and checksums')
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: { show?: string; json?: boolean }) => {
      if (options.show !== undefined) {
        const run = findSource(openDataset(folder), options.show);
        if (options.json) printResult(options, { ...run.facts, bytes: run.bytes, sha256: run.sha256 }, String);
        else printResult(options, run, describeSource);
        return;
      }
      const sources = openRuns(openDataset(folder)).map(summarize);
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
      const interrupt = onInterrupt();
      try {
        const published = await withPublisher(folder, options, async (opened) => {
          const { dataset } = opened;
          assertSourceName(source);
          // Resume an interrupted removal: the run is deleted, the snapshot still has its entries.
          const published = openCurrent(dataset)?.facts.sources.some(({ name }) => name === source) ?? false;
          if (!published || openRuns(dataset).some(({ facts }) => facts.source === source)) deleteRun(dataset, source);
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
