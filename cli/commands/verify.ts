// credveil verify: reads a dataset whole and compares every checksum and seal.

import type { Command } from 'commander';
import { verifyDataset } from '../../store/verify.ts';
import { withDataset } from '../open.ts';
import { printResult } from '../output.ts';
import { formatCount } from '../units.ts';

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
      printResult(options, report, ({ runs, records, snapshot, buckets, entries }) =>
        [
          `${formatCount(runs)} runs with ${formatCount(records)} records: every checksum fits`,
          snapshot === null
            ? 'not published yet'
            : `snapshot ${snapshot}: checksum fits, ${formatCount(buckets)} buckets with ${formatCount(entries)} entries decode and carry this key's seal`,
        ].join('\n'),
      );
    });
}
