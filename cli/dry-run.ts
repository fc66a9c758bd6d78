// credveil ingest --dry-run: what a corpus looks like and what it would take, with nothing written.

import { type DryRun, dryRun, type Prediction } from '../ingest/dry-run.ts';
import { openDataset } from '../store/dataset.ts';
import { openKeyFile } from '../store/key-file.ts';
import type { Corpus } from './corpus.ts';
import { keyFileFor } from './open.ts';
import { formatTable, type OutputOptions, printResult } from './output.ts';
import { formatBytes, formatCount, formatCounted, formatSeconds } from './units.ts';

export async function printDryRun(
  folder: string,
  { inputs, format }: Corpus,
  options: OutputOptions & { readonly keyFile?: string },
  signal: AbortSignal,
): Promise<void> {
  const { parameters } = openDataset(folder);
  const key = openKeyFile(keyFileFor(folder, options.keyFile));
  printResult(options, await dryRun(parameters, key, format, inputs, signal), describe);
}

function describe(found: DryRun): string {
  const { format, inputs, sampledInputs, totalBytes, sampledBytes, lines, credentials, rejects, prediction } = found;
  const of = totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`;
  const where = inputs === 1 ? '' : ` in ${formatCount(sampledInputs)} of ${formatCounted(inputs, 'file')}`;
  const text = [
    `format ${format}`,
    `sample: ${formatBytes(sampledBytes)}${of}${where}, ${formatCounted(lines, 'line')}, ${formatCounted(credentials, 'credential')}`,
  ];
  if (rejects.length === 0) text.push('rejected: none');
  else
    text.push(
      'rejected, with letters as x and digits as 9:',
      formatTable(
        ['REASON', 'LINES', 'EXAMPLES'],
        rejects.map(({ reason, count, examples }) => [reason, count, examples.join('   ')]),
      ),
    );
  text.push(prediction ? describePrediction(prediction) : 'the length of a stream is not known: nothing is predicted');
  return text.join('\n');
}

function describePrediction({ credentials, seconds, workBytes, runBytes, snapshotBytes }: Prediction): string {
  return [
    `all of it: about ${formatCounted(credentials, 'credential')} in ${formatSeconds(seconds)}`,
    `disk: ${formatBytes(workBytes)} while it works, then a run of ${formatBytes(runBytes)}, and at most ${formatBytes(snapshotBytes)} of snapshot`,
  ].join('\n');
}
