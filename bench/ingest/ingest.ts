// npm run bench:ingest -- [--pairs N] [--case NAME] [--lookups N] [--memory 1GiB] [--gzip]
// [--folder DIR]: takes seeded pairs from text to a published snapshot by the real commands, with
// their memory limited and measured. Then it looks up leaked and clean pairs. Of one case it shows
// smaller sizes too.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { formatBytes, formatCount } from '../../cli/units.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { runPath } from '../../store/run/run.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { contentFileBytes } from '../../store/snapshot/layout/snapshot-facts.ts';
import { bin } from '../../test/support/credveil.ts';
import { describeMachine } from '../harness/machine.ts';
import { type Peaks, watchPeaks } from '../harness/process-peaks.ts';
import { INGEST_CASES, type IngestCase } from './ingest-cases.ts';
import { writeCorpus } from './ingest-corpus.ts';
import { countFound } from './ingest-lookups.ts';

/** Smaller sizes, to show the slope. */
const STEPS = [1_000_000, 10_000_000];

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '8000000' },
    lookups: { type: 'string', default: '10000' },
    case: { type: 'string' },
    memory: { type: 'string', default: '1GiB' },
    folder: { type: 'string', default: os.tmpdir() },
    gzip: { type: 'boolean', default: false },
  },
});
const [pairs, lookups] = [Number(values.pairs), Number(values.lookups)];
const cases = INGEST_CASES.filter(({ name }) => values.case === undefined || name === values.case);
if (cases.length === 0) throw new Error(`--case is one of ${INGEST_CASES.map(({ name }) => name).join(', ')}`);
const { cpu, cores, memoryGiB, platform, node } = describeMachine();
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);
const flags = `${values.case === undefined ? '' : ` --case ${values.case}`}${values.gzip ? ' --gzip' : ''}`;
console.log(`repeat with: npm run bench:ingest -- --pairs ${pairs} --memory ${values.memory}${flags}\n`);

interface Measured {
  readonly kind: IngestCase;
  readonly pairs: number;
  readonly textBytes: number;
  readonly ingestSeconds: number;
  /** The command's two stages: reading into sorted chunks, and merging the chunks. */
  readonly stages: { readonly read: number; readonly merge: number };
  readonly publishSeconds: number;
  readonly records: number;
  readonly ingestProcessor: number;
  readonly publishProcessor: number;
  readonly peakBytes: number;
  readonly workBytes: number;
  readonly runBytes: number;
  readonly snapshotBytes: number;
  readonly membersFound: number;
  readonly strangersFound: number;
}

/** Runs a command and samples its memory and its work folder. */
async function run(
  args: readonly string[],
  work: string,
): Promise<Peaks & { readonly seconds: number; readonly stdout: string }> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (block) => {
    stdout += String(block);
  });
  const peaks = watchPeaks(child.pid as number, work);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const seen = peaks.stop();
  if (code !== 0) throw new Error(`credveil ${args[0]}: exit code ${code}`);
  return { ...seen, stdout, seconds: (performance.now() - started) / 1000 };
}

async function measure(kind: IngestCase, count: number): Promise<Measured> {
  const home = fs.mkdtempSync(path.join(values.folder, 'credveil-bench-'));
  try {
    const folder = path.join(home, 'dataset');
    const work = path.join(folder, 'work');
    const corpus = path.join(home, values.gzip ? 'pairs.txt.gz' : 'pairs.txt');
    const { textBytes } = await writeCorpus(corpus, kind, count, values.gzip);
    await run(['init', folder, '--suite', 'hmac', ...kind.flags], work);
    const memory = ['--memory', values.memory];
    const ingest = await run(
      ['ingest', folder, corpus, '--source', 'bench', '--no-publish', '--json', ...memory],
      work,
    );
    fs.rmSync(corpus);
    const publish = await run(['publish', folder, ...memory], work);
    const dataset = openDataset(folder);
    const facts = openCurrent(dataset)?.facts;
    if (!facts) throw new Error('publish wrote no snapshot');
    const suite = openKeyFile(`${folder}.key`).createSuite();
    const { membersFound, strangersFound } = await countFound(dataset, suite, kind, count, lookups);
    return {
      kind,
      pairs: count,
      textBytes,
      ingestSeconds: ingest.seconds,
      stages: (JSON.parse(ingest.stdout) as { seconds: Measured['stages'] }).seconds,
      publishSeconds: publish.seconds,
      records: facts.sources.reduce((sum, { records }) => sum + records, 0),
      ingestProcessor: ingest.processorSeconds,
      publishProcessor: publish.processorSeconds,
      peakBytes: Math.max(ingest.rss, publish.rss),
      workBytes: Math.max(ingest.disk, publish.disk),
      runBytes: fs.statSync(runPath(dataset, 'bench')).size,
      snapshotBytes: contentFileBytes(facts),
      membersFound,
      strangersFound,
    };
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

const results: Measured[] = [];
const [only] = cases;
if (only && cases.length === 1)
  for (const count of [...STEPS.filter((step) => step < pairs), pairs]) results.push(await measure(only, count));
else for (const kind of cases) results.push(await measure(kind, pairs));
const rate = (count: number, seconds: number): string => formatCount(Math.round(count / seconds));
const row = (name: string, text: (of: Measured) => string): string[] => [name, ...results.map(text)];
console.log(
  formatTable(
    ['', ...results.map((of) => (cases.length === 1 ? `${formatCount(of.pairs)} pairs` : of.kind.name))],
    [
      row('text', (of) => formatBytes(of.textBytes)),
      row('ingest, text to run', (of) => `${of.ingestSeconds.toFixed(1)} s`),
      row('  pairs per second', (of) => rate(of.pairs, of.ingestSeconds)),
      row('  reading, merging', (of) => `${of.stages.read.toFixed(1)} s, ${of.stages.merge.toFixed(1)} s`),
      row('  processor time', (of) => `${of.ingestProcessor.toFixed(1)} s`),
      row('  processor time per pair', (of) => `${((1e6 * of.ingestProcessor) / of.pairs).toFixed(2)} µs`),
      row('publish, run to snapshot', (of) => `${of.publishSeconds.toFixed(1)} s`),
      row('  records per second', (of) => rate(of.records, of.publishSeconds)),
      row('  processor time', (of) => `${of.publishProcessor.toFixed(1)} s`),
      row('peak memory', (of) => formatBytes(of.peakBytes)),
      row('work folder at its peak', (of) => formatBytes(of.workBytes)),
      row('run', (of) => formatBytes(of.runBytes)),
      row('snapshot', (of) => formatBytes(of.snapshotBytes)),
      row('  bytes per pair', (of) => (of.snapshotBytes / of.pairs).toFixed(2)),
      row('  bytes per entry', (of) => (of.snapshotBytes / of.records).toFixed(2)),
      row('leaked pairs found', (of) => `${formatCount(of.membersFound)} of ${formatCount(lookups)}`),
      row('clean pairs found', (of) => `${formatCount(of.strangersFound)} of ${formatCount(lookups)}`),
    ],
  ),
);
for (const { membersFound, strangersFound } of results)
  if (membersFound !== lookups || strangersFound !== 0) process.exitCode = 1;
