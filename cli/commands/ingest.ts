// credveil ingest: a corpus becomes a source of a dataset.

import type { Command } from 'commander';
import { type Ingested, ingest } from '../../ingest/ingest.ts';
import { addCorpusOptions, type CorpusOptions, openCorpus } from '../corpus.ts';
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
  /** The most memory that the process had resident, its threads and publishing included. */
  readonly peakMemoryBytes: number;
  readonly published?: PublishSummary;
}

function describe(summary: IngestSummary): string {
  const { source, changed, lines, credentials, rejects, seconds, peakMemoryBytes, published } = summary;
  if (!changed) {
    const already = `source ${source}: already ingested from this file`;
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
  if (!published) text.push('not published yet: credveil publish makes it part of the answers');
  return text.join('\n');
}

export function addIngest(program: Command): void {
  const command = program
    .command('ingest')
    .description('read a corpus into a dataset as one source, and publish')
    .argument('<dataset>', 'folder of the dataset');
  addCorpusOptions(command)
    .option('--source <name>', 'name of the source, by which it can be removed; only --dry-run does without')
    .option('--date <YYYY-MM>', 'month of the breach')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--memory <size>', 'bound for the memory of the process (default: 1GiB)', parseMemory)
    .option('--threads <n>', 'worker threads (default: one a core)', parseCount('--threads'))
    .option('--keep <n>', 'snapshots to keep, the new one among them (default: 2)', parseCount('--keep'))
    .option('--no-publish', 'leave the snapshot as it is')
    .option('--dry-run', 'read a sample, say what it looks like and would take, and write nothing')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, files: string[], options: IngestOptions) => {
      const { source, date } = options;
      if (source === undefined && !options.dryRun)
        throw new UsageError('--source is missing', 'Name the source: --source collection1-2019.');
      const interrupt = onInterrupt();
      try {
        const corpus = await openCorpus(files, options, interrupt.signal);
        if (source === undefined || options.dryRun) {
          await printDryRun(folder, corpus, options, interrupt.signal);
          return;
        }
        const { inputs, format } = corpus;
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
          // Also of an earlier ingest that was interrupted before it came to this.
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
