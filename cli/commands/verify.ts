// credveil verify: reads a whole dataset and verifies every checksum and seal.

import type { Command } from 'commander';
import { verifyDataset } from '../../store/verify.ts';
import { withDataset } from '../open.ts';
import { printResult } from '../output.ts';
import { formatCounted } from '../units.ts';

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('verify the checksums and seals of every run, the snapshot and its buckets')
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { keyFile?: string; json?: boolean }) => {
      const report = await withDataset(folder, options, ({ dataset, key }) =>
        verifyDataset(dataset, key.createSuite()),
      );
      printResult(options, report, ({ runs, records, snapshot, buckets, entries, ranges, hashes, filtered }) =>
        [
          `${formatCounted(runs, 'run')} with ${formatCounted(records, 'record')}: all checksums match`,
          snapshot === null
            ? 'not published yet'
            : `snapshot ${snapshot}: checksum matches, ${formatCounted(buckets, 'bucket')} with ${formatCounted(entries, 'entry')}: all decode and carry the seal of this key`,
          ...(filtered === null
            ? []
            : [
                `password filter of ${formatCounted(filtered, 'entry')}: checksum matches, it carries the seal of this key`,
              ]),
          ...(ranges > 0
            ? [`${formatCounted(ranges, 'range')} with ${formatCounted(hashes, 'entry')}: all decode`]
            : []),
        ].join('\n'),
      );
    });
}
