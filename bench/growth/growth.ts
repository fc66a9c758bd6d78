// npm run bench:growth [-- --most N --rounds N --seconds N --layout NAME --folder DIR]: bucket GETs
// of datasets of 10^5 entries and more, up to `most`, on one core. The datasets alternate in
// rounds; figures are medians of the rounds, and ratios are to the smallest dataset in the same
// round.
//
// Needs taskset and wrk. With --folder, datasets are kept and used again.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { formatCount } from '../../cli/units.ts';
import { describeMachine } from '../harness/machine.ts';
import { processorSeconds } from '../harness/process-peaks.ts';
import { type Contender, startCredveil } from '../http/http-contenders.ts';
import { measureWrk, type WrkResult } from '../http/wrk.ts';
import { type GrowthDataset, growDataset } from './growth-dataset.ts';

const LEAST = 100_000;
const CONNECTIONS = 16;
const [SERVER_CORE, LOAD_CORE] = [0, 1];

const { values } = parseArgs({
  options: {
    most: { type: 'string', default: '100000000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    layout: { type: 'string', default: 'slots' },
    folder: { type: 'string' },
  },
});
const [most, rounds, seconds] = [Number(values.most), Number(values.rounds), Number(values.seconds)];
const home = values.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));

interface Slice extends WrkResult {
  readonly cpuMicroseconds: number;
}

interface Size extends GrowthDataset {
  readonly server: Contender;
  readonly readySeconds: number;
  readonly slices: Slice[];
}

const sizes: Size[] = [];
try {
  console.log(describeMachine());
  for (let entries = LEAST; entries <= most; entries *= 10) {
    const dataset = await growDataset(home, entries, values.layout);
    const started = performance.now();
    const server = await startCredveil(dataset.folder, SERVER_CORE);
    sizes.push({ ...dataset, server, readySeconds: (performance.now() - started) / 1000, slices: [] });
  }
  for (const size of sizes) await measure(size, 0);
  for (let round = 1; round <= rounds; round++) for (const size of sizes) size.slices.push(await measure(size, round));
  console.log(table());
} finally {
  for (const { server } of sizes) server.stop();
  if (values.folder === undefined) fs.rmSync(home, { recursive: true, force: true });
}

async function measure({ server, paths }: Size, seed: number): Promise<Slice> {
  const before = processorSeconds(server.pid);
  const order = { port: server.port, paths, seed, cores: String(LOAD_CORE), threads: 1 };
  const result = await measureWrk({ ...order, connections: CONNECTIONS, seconds });
  const cpuSeconds = processorSeconds(server.pid) - before;
  return { ...result, cpuMicroseconds: (1e6 * cpuSeconds) / (result.requestsPerSecond * seconds) };
}

function table(): string {
  const median = (numbers: readonly number[]): number =>
    numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
  const row = (name: string, of: (slice: Slice) => number, digits: number): string[] => [
    name,
    ...sizes.map(({ slices }) => median(slices.map(of)).toFixed(digits)),
  ];
  const ratio = (name: string, of: (slice: Slice) => number): string[] => [
    name,
    ...sizes.map(({ slices }) =>
      median(slices.map((slice, at) => of(slice) / of(sizes[0]?.slices[at] as Slice))).toFixed(2),
    ),
  ];
  return formatTable(
    ['', ...sizes.map(({ entries }) => `${formatCount(entries)} entries`)],
    [
      ['ready after, s', ...sizes.map(({ readySeconds }) => readySeconds.toFixed(2))],
      row('requests/s', (slice) => slice.requestsPerSecond, 0),
      row('processor time, µs', (slice) => slice.cpuMicroseconds, 1),
      row('p50, ms', (slice) => slice.p50, 2),
      row('p99, ms', (slice) => slice.p99, 2),
      ratio('requests/s, ratio', (slice) => slice.requestsPerSecond),
      ratio('processor time, ratio', (slice) => slice.cpuMicroseconds),
      ratio('p50, ratio', (slice) => slice.p50),
      ratio('p99, ratio', (slice) => slice.p99),
    ],
  );
}
