// credveil verify: reads a whole dataset, verifies every checksum and seal, and compares the runs
// with each other.

import fs from 'node:fs';
import type { Command } from 'commander';
import { openDataset } from '../../store/dataset.ts';
import { readNameList } from '../../store/retention/name-file.ts';
import { type VerifyReport, verifyDataset } from '../../store/verify.ts';
import { UsageError } from '../exit.ts';
import { keyFileFor, withDataset, withLock } from '../open.ts';
import { printResult } from '../output.ts';
import { printable, shellWord } from '../printable.ts';
import { warnOfHead } from '../publish/renew.ts';
import { formatCounted } from '../units.ts';

interface VerifyOptions {
  keyFile?: string;
  withoutKey?: boolean;
  json?: boolean;
}

function describe(report: VerifyReport, folder: string): string {
  const { runs, records, expired, snapshot, buckets, entries, ranges, hashes, filtered, keyed, matched } = report;
  const sealed = (what: string): string =>
    keyed ? `${what} the seal of this key` : 'seals not verified without a key';
  return [
    runs === null
      ? 'no runs here: a copy for a server; verify the runs where the dataset is published'
      : `${formatCounted(runs, 'run')} with ${formatCounted(records, 'record')}: all checksums match, no run contradicts another`,
    ...(expired.length > 0 ? [`expired, and left out of the snapshot: ${expired.map(printable).join(', ')}`] : []),
    snapshot === null
      ? 'not published yet'
      : `snapshot ${snapshot}: checksum matches, ${formatCounted(buckets, 'bucket')} with ${formatCounted(entries, 'entry')}: all decode and fit the facts; ${sealed('all carry')}`,
    ...(matched === null
      ? []
      : [
          matched
            ? 'it holds what these runs make, and nothing else: buckets, ranges and filters'
            : `the runs changed since; bring it up to date with: credveil publish ${shellWord(folder)}`,
        ]),
    ...(filtered === null
      ? []
      : [`password filter of ${formatCounted(filtered, 'entry')}: checksum matches; ${sealed('it carries')}`]),
    ...(ranges > 0 ? [`${formatCounted(ranges, 'range')} with ${formatCounted(hashes, 'entry')}: all decode`] : []),
  ].join('\n');
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description(
      'verify the checksums and seals of every run, the snapshot and its buckets, and that no run contradicts another',
    )
    .argument('<dataset>', 'folder of the dataset')
    .option('--key-file <file>', 'key of the dataset (default: <dataset>.key)')
    .option('--without-key', 'verify what needs no key: runs, checksums and figures, but no seals')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: VerifyOptions) => {
      if (options.withoutKey && options.keyFile !== undefined)
        throw new UsageError('--without-key cannot be combined with --key-file', 'Leave one of them out.');
      if (!options.withoutKey && options.keyFile === undefined && !fs.existsSync(keyFileFor(folder)))
        throw new UsageError(
          'verify needs the key of the dataset',
          'Name its file with --key-file, or pass --without-key: that verifies checksums and figures, but no seals.',
        );
      const report = options.withoutKey
        ? await withLock(folder, () => verifyDataset(openDataset(folder)))
        : await withDataset(folder, options, ({ dataset, key }) =>
            verifyDataset(dataset, key.createSuite(), readNameList(dataset, key)),
          );
      if (report.head) warnOfHead(folder, report.head);
      printResult(options, report, () => describe(report, folder));
    });
}
