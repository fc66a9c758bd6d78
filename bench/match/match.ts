// npm run bench:match -- [--accounts N] [--pairs N] [--seconds N] [--rounds N]: matches
// seeded users against a seeded source by the real command, with time and memory, and compares the
// rate of verifications with that of the bare hashes.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { formatBytes, formatCount, formatSeconds } from '../../cli/units.ts';
import { bin } from '../../test/support/credveil.ts';
import { describeMachine } from '../harness/machine.ts';
import { watchPeaks } from '../harness/process-peaks.ts';
import { writeMatchFiles } from './match-files.ts';
import { KINDS, matchRate, type Rate, rawRate } from './match-rate.ts';

const PLANTS = 1000;
const LARGE = 100_000_000;

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '100000' },
    pairs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
  },
});
const [accounts, pairs, seconds, rounds] = [values.accounts, values.pairs, values.seconds, values.rounds].map(
  Number,
) as [number, number, number, number];
const threads = os.availableParallelism();
const { cpu, cores, memoryGiB, platform, node } = describeMachine();
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
try {
  await measureCandidates();
  await compareRates();
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}

async function run(args: readonly string[]): Promise<{ seconds: number; peakBytes: number; stdout: string }> {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, 'match', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (block) => {
    stdout += String(block);
  });
  const peaks = watchPeaks(child.pid as number, path.join(home, 'state'));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const { rss: peakBytes } = peaks.stop();
  if (code !== 0) throw new Error(`credveil match: exit code ${code}`);
  return { seconds: (performance.now() - started) / 1000, peakBytes, stdout };
}

async function measureCandidates(): Promise<void> {
  const { users, source, planted } = writeMatchFiles(home, accounts, pairs, PLANTS);
  const args = [users, '--columns', 'id=id,username=login,email=mail,hash=hash', '--against', source];
  const plan = await run([...args, '--dry-run', '--json']);
  const whole = await run([...args, '--state', path.join(home, 'state')]);
  const found = whole.stdout.trimEnd().split('\n').slice(1);
  const wrong = found.filter((row) => !planted.has(row.split(',')[0] as string)).length;
  const { candidates } = (JSON.parse(plan.stdout) as { figures: { candidates: number } }).figures;
  console.log(
    [
      `${formatCount(accounts)} accounts, ${formatCount(pairs)} pairs: ${formatCount(candidates)} candidates in ${formatSeconds(plan.seconds)}, peak memory ${formatBytes(plan.peakBytes)}`,
      `with verification (salted SHA-1): ${formatSeconds(whole.seconds)}, peak memory ${formatBytes(whole.peakBytes)}`,
      `found ${formatCount(found.length - wrong)} of ${formatCount(planted.size)} planted accounts, ${formatCount(wrong)} others`,
      `candidates in ${formatCount(LARGE)} pairs would take ${formatSeconds((plan.seconds * LARGE) / pairs)}`,
    ].join('\n'),
  );
}

/** In alternating rounds: the machine may be busy. */
async function compareRates(): Promise<void> {
  const rows: string[][] = [];
  for (const kind of KINDS) {
    // A first round of a few finds out how many take as long as asked for, on an idle machine.
    const { perProcessorSecond } = await rawRate(kind, 4 * threads, threads);
    const verifications = threads * Math.ceil(seconds * perProcessorSecond);
    const raw: Rate[] = [];
    const ours: Rate[] = [];
    for (let round = 0; round < rounds; round++) {
      raw.push(await rawRate(kind, verifications, threads));
      ours.push(await matchRate(kind, verifications, threads, path.join(home, 'rate')));
    }
    const ratio = (of: keyof Rate): string =>
      median(ours.map((rate, i) => rate[of] / (raw[i]?.[of] ?? Number.NaN))).toFixed(3);
    const rate = (rates: readonly Rate[]): string => median(rates.map(({ perSecond }) => perSecond)).toFixed(1);
    rows.push([kind, rate(raw), rate(ours), ratio('perSecond'), ratio('perProcessorSecond')]);
  }
  console.log(`\n${formatTable(['hash', 'bare/s', 'match/s', 'ratio', 'by processor time'], rows)}`);
}
