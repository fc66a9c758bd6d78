// credveil verify: reads a dataset whole and compares every checksum and seal.

import type { Command } from 'commander';
import { verifyDataset } from '../../store/verify.ts';
import { withDataset } from '../open.ts';
import { printResult } from '../output.ts';
import { formatCounted } from '../units.ts';

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('check every run, the snapshot and all of its buckets')
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { keyFile?: string; json?: boolean }) => {
      const report = await withDataset(folder, options, ({ dataset, key }) =>
        verifyDataset(dataset, key.createSuite()),
      );
      printResult(options, report, ({ runs, records, snapshot, buckets, entries, ranges, hashes, filtered }) =>
        [
          `${formatCounted(runs, 'run')} with ${formatCounted(records, 'record')}: every checksum fits`,
          snapshot === null
            ? 'not published yet'
            : `snapshot ${snapshot}: checksum fits, ${formatCounted(buckets, 'bucket')} with ${formatCounted(entries, 'entry')} checked: every one decodes and carries this key's seal`,
          ...(filtered === null
            ? []
            : [`password filter of ${formatCounted(filtered, 'entry')}: checksum fits, it carries this key's seal`]),
          ...(ranges > 0
            ? [`${formatCounted(ranges, 'range')} with ${formatCounted(hashes, 'entry')} checked: every one decodes`]
            : []),
        ].join('\n'),
      );
    });
}
