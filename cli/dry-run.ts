// credveil ingest --dry-run: reports the format of a corpus and predicts the cost of its ingest.

import { type DryRun, dryRun, type Prediction } from '../ingest/dry-run.ts';
import { WITHHELD_REASONS } from '../ingest/rejects.ts';
import { describeAlarm } from '../ingest/report/alarms.ts';
import { openDataset } from '../store/dataset.ts';
import { readNameList } from '../store/retention/name-file.ts';
import type { Corpus } from './corpus.ts';
import { ExitCode } from './exit.ts';
import { openKeyFile } from './key-files.ts';
import { noteLeftOut } from './left-out.ts';
import { keyFileFor } from './open.ts';
import { formatTable, type OutputOptions, printResult } from './output.ts';
import { printable } from './printable.ts';
import { noteAlarm } from './retention/canaries.ts';
import { describeTexts } from './text-report.ts';
import { formatBytes, formatCount, formatCounted, formatSeconds } from './units.ts';

export async function printDryRun(
  folder: string,
  { inputs, reading, leftOut }: Corpus,
  options: OutputOptions & { readonly keyFile?: string; readonly mirror?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const dataset = openDataset(folder);
  const key = openKeyFile(keyFileFor(folder, options.keyFile));
  const names = readNameList(dataset, key);
  const { mirror = false } = options;
  const found = await dryRun(dataset.parameters, key, {
    ...{ ...reading, inputs, leftOut, mirror, signal },
    ...(names && { names }),
    onPlanted: (planted) => noteAlarm('the sample', planted),
  });
  noteLeftOut(leftOut);
  printResult(options, { ...found, leftOut: leftOut.groups }, describe);
  if (found.canaries.length > 0) process.exitCode = ExitCode.alarm;
}

function describe(found: DryRun): string {
  const { format, inputs, sampledInputs, totalBytes, sampledBytes, lines, credentials } = found;
  const rejects = found.rejects.filter(({ reason }) => !WITHHELD_REASONS.includes(reason));
  const withheld = found.rejects.filter(({ reason }) => WITHHELD_REASONS.includes(reason));
  const { texts, alarms, prediction } = found;
  const of = totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`;
  const where = inputs === 1 ? '' : ` in ${formatCount(sampledInputs)} of ${formatCounted(inputs, 'file')}`;
  const text = [
    `format ${format}${texts.length === 1 ? ` (${texts[0]?.reasons.join('; ')})` : ''}`,
    `sample: ${formatBytes(sampledBytes)}${of}${where}, ${formatCounted(lines, 'line')}, ${formatCounted(credentials, 'credential')}`,
  ];
  if (rejects.length === 0) text.push('rejected: none');
  else
    text.push(
      'rejected (examples show letters as x, digits as 9, and the first and last character):',
      formatTable(
        ['REASON', 'LINES', 'EXAMPLES'],
        rejects.map(({ reason, count, examples }) => [reason, count, examples.join('   ')]),
      ),
    );
  if (withheld.length > 0)
    text.push(`withheld: ${withheld.map(({ reason, count }) => `${formatCount(count)} ${reason}`).join(', ')}`);
  if (texts.length > 1) text.push(...describeTexts({ texts, otherTexts: 0 }));
  if (alarms.length > 0)
    text.push(
      'alarms, which refuse the ingest unless --accept names them:',
      ...alarms.map((alarm) => `  ${printable(describeAlarm(alarm))}`),
    );
  text.push(prediction ? describePrediction(prediction) : 'no prediction: the length of standard input is unknown');
  return text.join('\n');
}

function describePrediction({ credentials, seconds, workBytes, runBytes, snapshotBytes }: Prediction): string {
  return [
    `full ingest: about ${formatCounted(credentials, 'credential')} in ${formatSeconds(seconds)}`,
    `disk: ${formatBytes(workBytes)} of work files, then a run of ${formatBytes(runBytes)} and at most ${formatBytes(snapshotBytes)} of snapshot entries`,
  ].join('\n');
}
