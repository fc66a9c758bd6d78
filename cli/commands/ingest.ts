// credveil ingest: adds a corpus to a dataset as one source.

import type { Command } from 'commander';
import { type Ingested, ingest } from '../../ingest/ingest.ts';
import { addCorpusOptions, type CorpusOptions, DETECTED, openCorpus } from '../corpus.ts';
import { printDryRun } from '../dry-run.ts';
import { UsageError } from '../exit.ts';
import { createIngestBars, type IngestSeconds, reasonFigures } from '../ingest-bars.ts';
import { onInterrupt } from '../interrupt.ts';
import { parseCount, parseMemory } from '../memory.ts';
import { withDataset } from '../open.ts';
import { printResult } from '../output.ts';
import { formatBytes, formatCount, formatCounted, formatSeconds } from '../units.ts';
import { describePublished, type PublishSummary, publishWithProgress } from './publish.ts';

interface IngestOptions extends CorpusOptions {
  source?: string;
  dryRun?: boolean;
  date?: string;
  keyFile?: string;
  publish: boolean;
  memory?: number;
  threads?: number;
  keep?: number;
  json?: boolean;
}

interface IngestSummary {
  readonly source: string;
  readonly changed: boolean;
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: { readonly [reason: string]: number };
  readonly seconds: IngestSeconds;
  /** Peak resident memory of the process, including its threads and publishing. */
  readonly peakMemoryBytes: number;
  readonly published?: PublishSummary;
}

function describe(summary: IngestSummary): string {
  const { source, changed, lines, credentials, rejects, seconds, peakMemoryBytes, published } = summary;
  if (!changed) {
    const already = `source ${source}: already ingested`;
    return published?.changed ? `${already}\n${describePublished(published)}` : `${already}; nothing changed`;
  }
  const whole = seconds.read + seconds.merge;
  const stages = [`reading ${formatSeconds(seconds.read)}`, `merging ${formatSeconds(seconds.merge)}`];
  if (published) stages.push(`publishing ${formatSeconds(published.seconds)}`);
  const text = [
    `source ${source}: ${formatCounted(credentials, 'credential')} from ${formatCounted(lines, 'line')} in ${formatSeconds(whole)}, ${formatCount(Math.round(lines / Math.max(0.001, whole)))} lines/s`,
    `rejected: ${reasonFigures(rejects)}`,
  ];
  if (published) text.push(describePublished(published));
  text.push(`time: ${stages.join(', ')}; peak memory ${formatBytes(peakMemoryBytes)}`);
  if (!published) text.push('not published; publish it with: credveil publish <dataset>');
  return text.join('\n');
}

export function addIngest(program: Command): void {
  const command = program
    .command('ingest')
    .description('add a corpus to a dataset as one source, and publish it')
    .argument('<dataset>', 'folder of the dataset');
  addCorpusOptions(command)
    .option('--source <name>', 'name of the source, needed to remove it later (required, except with --dry-run)')
    .option('--date <YYYY-MM>', 'month of the breach')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--memory <size>', 'memory limit of the process (default: 1GiB)', parseMemory)
    .option('--threads <n>', 'worker threads (default: one per core)', parseCount('--threads'))
    .option('--keep <n>', 'snapshots to keep, including the new one (default: 2)', parseCount('--keep'))
    .option('--no-publish', 'do not publish a new snapshot')
    .option('--dry-run', 'read a sample, report its format and the estimated cost, and write nothing')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, files: string[], options: IngestOptions) => {
      const { source, date } = options;
      if (source === undefined && !options.dryRun)
        throw new UsageError('--source is missing', 'Name the source, such as --source collection1-2019.');
      const interrupt = onInterrupt();
      try {
        const corpus = await openCorpus(files, options, interrupt.signal);
        if (source === undefined || options.dryRun) {
          await printDryRun(folder, corpus, options, interrupt.signal);
          return;
        }
        const { inputs, format, isDetected } = corpus;
        if (isDetected) process.stderr.write(`format ${format.name}${DETECTED}\n`);
        const summary = await withDataset(folder, options, async ({ dataset, key }): Promise<IngestSummary> => {
          const bars = createIngestBars(source);
          let ingested: Ingested;
          try {
            ingested = await ingest(dataset, key, {
              source,
              ...(date === undefined ? {} : { date }),
              format,
              inputs,
              ...(options.memory === undefined ? {} : { memoryBytes: options.memory }),
              ...(options.threads === undefined ? {} : { threads: options.threads }),
              signal: interrupt.signal,
              onProgress: bars.update,
            });
          } catch (error) {
            bars.abandon();
            throw error;
          }
          const { facts, changed } = ingested;
          const { lines, credentials, rejects } = facts;
          const seconds = bars.finish();
          // An unchanged source still needs this if an earlier ingest was interrupted before
          // publishing.
          const published = options.publish
            ? await publishWithProgress(dataset, key, interrupt.signal, options)
            : undefined;
          const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
          return {
            ...{ source, changed, lines, credentials, rejects, seconds, peakMemoryBytes },
            ...(published ? { published } : {}),
          };
        });
        printResult(options, summary, describe);
      } finally {
        interrupt.dispose();
      }
    });
}
