// npm run bench:publish -- [--pairs N] [--threads N] [--rounds N] [--memory 1GiB] [--folder DIR]:
// publishes two sources with the default indexes on one thread and on several, in turn. The second
// source has half as many pairs, and its passwords are in the first one too.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { formatBytes, formatCount } from '../../cli/units.ts';
import { openDataset } from '../../store/dataset.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { bin } from '../../test/support/credveil.ts';
import { describeMachine } from '../harness/machine.ts';
import { type Peaks, threadSeconds, watchPeaks } from '../harness/process-peaks.ts';
import { INGEST_CASES, type IngestCase } from './ingest-cases.ts';
import { writeCorpus } from './ingest-corpus.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '8000000' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    rounds: { type: 'string', default: '3' },
    memory: { type: 'string', default: '1GiB' },
    folder: { type: 'string', default: os.tmpdir() },
  },
});
const pairs = Number(values.pairs);
const threads = Number(values.threads);
const rounds = Number(values.rounds);
const kind = INGEST_CASES.find(({ name }) => name === 'default') as IngestCase;
const { cpu, cores, memoryGiB, platform, node } = describeMachine();
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);
const flags = `--pairs ${pairs} --threads ${threads} --rounds ${rounds} --memory ${values.memory}`;
console.log(`repeat with: npm run bench:publish -- ${flags}\n`);

interface Published extends Peaks {
  readonly seconds: number;
  /**
   * Processor time of the first thread and of the busiest other one, which take turns: the time on
   * cores that nobody else uses.
   */
  readonly chainSeconds: number;
}

async function credveil(args: readonly string[], work: string): Promise<Published> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { stdio: 'ignore' });
  const pid = child.pid as number;
  const peaks = watchPeaks(pid, work);
  const threads = new Map<number, number>();
  const timer = setInterval(() => {
    for (const [id, seconds] of threadSeconds(pid)) threads.set(id, Math.max(seconds, threads.get(id) ?? 0));
  }, 100);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  const seen = peaks.stop();
  const first = threads.get(pid) ?? 0;
  threads.delete(pid);
  if (code !== 0) throw new Error(`credveil ${args[0]}: exit code ${code}`);
  const chainSeconds = first + Math.max(0, ...threads.values());
  return { ...seen, chainSeconds, seconds: (performance.now() - started) / 1000 };
}

async function ingestSources(folder: string, work: string): Promise<void> {
  await credveil(['init', folder, '--suite', 'hmac', ...kind.flags], work);
  for (const [source, count] of [['first', pairs] as const, ['second', Math.ceil(pairs / 2)] as const]) {
    const corpus = `${folder}.txt`;
    await writeCorpus(corpus, kind, count, false);
    await credveil(['ingest', folder, corpus, '--source', source, '--no-publish', '--memory', values.memory], work);
    fs.rmSync(corpus);
  }
}

/** Publishes as if for the first time. */
async function publishOn(count: number, folder: string, work: string): Promise<Published> {
  fs.rmSync(path.join(folder, 'CURRENT'), { force: true });
  fs.rmSync(path.join(folder, 'snapshots'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'snapshots'));
  return credveil(['publish', folder, '--threads', String(count), '--memory', values.memory], work);
}

async function digestSnapshot(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['account', 'password', 'filter', 'parts'])
    for await (const block of fs.createReadStream(path.join(folder, 'snapshots', `000001.${file}`))) hash.update(block);
  return hash.digest('hex');
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

const home = fs.mkdtempSync(path.join(values.folder, 'credveil-bench-'));
try {
  const folder = path.join(home, 'dataset');
  const work = path.join(folder, 'work');
  await ingestSources(folder, work);
  const results = new Map<number, Published[]>([1, threads].map((count) => [count, []]));
  const digests = new Set<string>();
  for (let round = 0; round < rounds; round++)
    for (const [count, published] of results) {
      published.push(await publishOn(count, folder, work));
      digests.add(await digestSnapshot(folder));
    }
  const records = openCurrent(openDataset(folder))?.facts.sources.reduce((sum, source) => sum + source.records, 0) ?? 0;
  const medianOf = (count: number, of: (published: Published) => number): number =>
    median((results.get(count) as Published[]).map(of));
  /** Of several threads to one, round by round. */
  const ratio = (of: (published: Published) => number): string => {
    const [one, several] = [1, threads].map((count) => (results.get(count) as Published[]).map(of));
    return median((several as number[]).map((value, round) => value / (one?.[round] as number))).toFixed(2);
  };
  const row = (name: string, of: (published: Published) => number, text: (value: number) => string): string[] => [
    name,
    ...[...results.keys()].map((count) => text(medianOf(count, of))),
    ratio(of),
  ];
  console.log(
    formatTable(
      [`${formatCount(records)} records`, ...[...results.keys()].map((count) => `${count} threads`), 'ratio'],
      [
        row(
          'time',
          ({ seconds }) => seconds,
          (value) => `${value.toFixed(1)} s`,
        ),
        row(
          'records per second',
          ({ seconds }) => records / seconds,
          (value) => formatCount(Math.round(value)),
        ),
        row(
          '  on idle cores',
          (of) => of.chainSeconds,
          (value) => `${value.toFixed(1)} s`,
        ),
        row(
          'processor time',
          (of) => of.processorSeconds,
          (value) => `${value.toFixed(1)} s`,
        ),
        row(
          '  a record',
          (of) => of.processorSeconds / records,
          (value) => `${(1e9 * value).toFixed(0)} ns`,
        ),
        row('peak memory', ({ rss }) => rss, formatBytes),
        row('work folder at its peak', ({ disk }) => disk, formatBytes),
      ],
    ),
  );
  console.log(digests.size === 1 ? 'all snapshots have the same bytes' : 'SNAPSHOTS DIFFER');
  if (digests.size !== 1) process.exitCode = 1;
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
