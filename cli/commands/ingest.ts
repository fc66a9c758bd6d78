// credveil ingest: a corpus becomes a source of a dataset.

import { type Command, Option } from 'commander';
import { type CsvColumns, csvFormat } from '../../ingest/formats/csv.ts';
import type { CorpusFormat } from '../../ingest/formats/format.ts';
import { comboFormat, countedPasswordsFormat, passwordsFormat } from '../../ingest/formats/line-format.ts';
import { type Ingested, ingest } from '../../ingest/ingest.ts';
import { openInput, streamInput } from '../../ingest/inputs.ts';
import type { IngestProgress } from '../../ingest/options.ts';
import { UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { withDataset } from '../open.ts';
import { printResult } from '../output.ts';
import { bytesFigure, ProgressBar, type ProgressState } from '../progress.ts';
import { formatCount, formatCounted, formatSeconds } from '../units.ts';
import { describePublished, type PublishSummary, publishWithProgress } from './publish.ts';

interface IngestOptions {
  source: string;
  date?: string;
  format: string;
  columns?: string;
  blank?: string;
  keyFile?: string;
  publish: boolean;
  json?: boolean;
}

const LINE_FORMATS = [comboFormat, passwordsFormat, countedPasswordsFormat];
const FORMAT_NAMES = [...LINE_FORMATS.map(({ name }) => name), 'csv'];

function parseColumns(text: string): CsvColumns {
  const columns: { username?: string; password?: string; count?: string } = {};
  for (const part of text.split(',')) {
    const [, role, name] = /^(username|password|count)=(.+)$/.exec(part) ?? [];
    if (role === undefined || name === undefined)
      throw new UsageError(
        '--columns is a list of role=NAME',
        'Write --columns username=NAME,password=NAME[,count=NAME].',
      );
    columns[role as keyof typeof columns] = name;
  }
  const { password, ...others } = columns;
  if (password === undefined)
    throw new UsageError('--columns has no password', 'Write --columns username=NAME,password=NAME[,count=NAME].');
  return { ...others, password };
}

function chooseFormat(options: IngestOptions): CorpusFormat {
  if (options.format === 'csv') {
    const columns = parseColumns(options.columns ?? 'username=username,password=password');
    return csvFormat({ columns, ...(options.blank === undefined ? {} : { blank: options.blank }) });
  }
  if (options.columns !== undefined || options.blank !== undefined)
    throw new UsageError('--columns and --blank go with --format csv', 'Leave them out, or add --format csv.');
  return LINE_FORMATS.find(({ name }) => name === options.format) as CorpusFormat;
}

function progressState(bar: ProgressBar, label: string, progress: IngestProgress): ProgressState {
  const { bytes, totalBytes, lines, rejects } = progress;
  return {
    label,
    done: bytes,
    total: totalBytes,
    figures: [
      bytesFigure(bytes, totalBytes),
      formatCounted(lines, 'line'),
      bar.rate(lines, 'lines'),
      `${formatCount(rejects)} rejected`,
    ],
  };
}

interface IngestSummary {
  readonly source: string;
  readonly changed: boolean;
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: { readonly [reason: string]: number };
  readonly seconds: number;
  readonly published?: PublishSummary;
}

function describe({ source, changed, lines, credentials, rejects, seconds, published }: IngestSummary): string {
  if (!changed) {
    const already = `source ${source}: already ingested from this file`;
    return published?.changed ? `${already}\n${describePublished(published)}` : `${already}; nothing changed`;
  }
  const reasons = Object.entries(rejects).map(([reason, count]) => `${formatCount(count)} ${reason}`);
  const text = [
    `source ${source}: ${formatCounted(credentials, 'credential')} from ${formatCounted(lines, 'line')} in ${formatSeconds(seconds)}`,
    `rejected: ${reasons.length === 0 ? 'none' : reasons.join(', ')}`,
  ];
  if (published) text.push(describePublished(published));
  else text.push('not published yet: credveil publish makes it part of the answers');
  return text.join('\n');
}

export function addIngest(program: Command): void {
  program
    .command('ingest')
    .description('read a corpus into a dataset as one source, and publish')
    .argument('<dataset>', 'folder of the dataset')
    .argument('<file...>', 'files of the corpus; - reads standard input')
    .requiredOption('--source <name>', 'name of the source, by which it can be removed')
    .option('--date <YYYY-MM>', 'month of the breach')
    .addOption(new Option('--format <format>', 'what a line is').choices(FORMAT_NAMES).default('combo'))
    .option('--columns <list>', 'csv: username=NAME,password=NAME[,count=NAME]')
    .option('--blank <text>', 'csv: a cell with this text is empty on purpose')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--no-publish', 'leave the snapshot as it is')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, files: string[], options: IngestOptions) => {
      const format = chooseFormat(options);
      if (files.includes('-') && files.length > 1)
        throw new UsageError('- stands alone', 'Give either files or standard input.');
      const inputs = files.map((file) => (file === '-' ? streamInput(process.stdin) : openInput(file)));
      const interrupt = onInterrupt();
      try {
        const summary = await withDataset(folder, options, async ({ dataset, key }): Promise<IngestSummary> => {
          const { source, date } = options;
          const bar = new ProgressBar();
          let last: IngestProgress | undefined;
          const label = `ingest ${source}`;
          let ingested: Ingested;
          try {
            ingested = await ingest(dataset, key, {
              source,
              ...(date === undefined ? {} : { date }),
              format,
              inputs,
              signal: interrupt.signal,
              onProgress: (progress) => {
                last = progress;
                bar.update(() => progressState(bar, label, progress));
              },
            });
          } catch (error) {
            bar.abandon();
            throw error;
          }
          const { facts, changed } = ingested;
          if (last && changed) bar.finish(progressState(bar, label, last));
          const { lines, credentials, rejects } = facts;
          const seconds = bar.elapsedSeconds;
          // Also of an earlier ingest that was interrupted before it came to this.
          const published = options.publish ? await publishWithProgress(dataset, key, interrupt.signal) : undefined;
          return { source, changed, lines, credentials, rejects, seconds, ...(published ? { published } : {}) };
        });
        printResult(options, summary, describe);
      } finally {
        interrupt.dispose();
      }
    });
}
