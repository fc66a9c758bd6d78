// credveil sources: what a dataset was made from. credveil remove: takes a source out again.

import type { Command } from 'commander';
import { openCurrent } from '../../store/current.ts';
import { openDataset } from '../../store/dataset.ts';
import { deleteRun, openRuns, type Run } from '../../store/run.ts';
import { assertSourceName } from '../../store/run-facts.ts';
import { onInterrupt } from '../interrupt.ts';
import { withDataset } from '../open.ts';
import { formatTable, printResult } from '../output.ts';
import { describePublished, publishWithProgress } from './publish.ts';

function summarize({ facts, bytes, sha256 }: Run) {
  const { source: name, date, format, files, lines, credentials, rejects } = facts;
  const records = facts.sections.reduce((sum, section) => sum + section.records, 0);
  return { name, date: date ?? null, format, files, lines, credentials, rejects, records, bytes, sha256 };
}

export function addSources(program: Command): void {
  program
    .command('sources')
    .description('list the sources of a dataset')
    .argument('<dataset>', 'folder of the dataset')
    .option('--json', 'print the result as JSON')
    .action((folder: string, options: { json?: boolean }) => {
      const sources = openRuns(openDataset(folder)).map(summarize);
      printResult(options, sources, (list) =>
        list.length === 0
          ? 'no sources yet: credveil ingest adds one'
          : formatTable(
              ['SOURCE', 'DATE', 'FORMAT', 'LINES', 'CREDENTIALS', 'REJECTED', 'RECORDS', 'BYTES'],
              list.map((source) => [
                source.name,
                source.date ?? '-',
                source.format,
                source.lines,
                source.credentials,
                source.lines - source.credentials,
                source.records,
                source.bytes,
              ]),
            ),
      );
    });
}

export function addRemove(program: Command): void {
  program
    .command('remove')
    .description('remove a source, and publish without it')
    .argument('<dataset>', 'folder of the dataset')
    .argument('<source>', 'name of the source')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, source: string, options: { keyFile?: string; json?: boolean }) => {
      const interrupt = onInterrupt();
      try {
        const published = await withDataset(folder, options, async ({ dataset, key }) => {
          assertSourceName(source);
          // A removal that was interrupted goes on: its run is gone, and the snapshot still has its entries.
          const published = openCurrent(dataset)?.facts.sources.some(({ name }) => name === source) ?? false;
          if (!published || openRuns(dataset).some(({ facts }) => facts.source === source)) deleteRun(dataset, source);
          return publishWithProgress(dataset, key, interrupt.signal, 1);
        });
        printResult(options, { removed: source, published }, (result) =>
          [
            `source ${result.removed} is removed, and no older snapshot is kept`,
            describePublished(result.published),
          ].join('\n'),
        );
      } finally {
        interrupt.dispose();
      }
    });
}
