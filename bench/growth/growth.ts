// npm run bench:growth [-- --most N --beyond N --rounds N --seconds N --layout NAME --folder DIR]:
// bucket GETs of datasets of 10^5 entries and more, up to `most`, on one core; and of longer ones,
// up to `beyond`, of which one of 256 parts is made. The datasets alternate in rounds; figures are
// medians of the rounds, and ratios are to the smallest dataset in the same round.
//
// Needs taskset and wrk. With --folder, datasets are kept and used again. 10^11 entries need 12 GiB
// for a while.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { formatBytes, formatCount } from '../../cli/units.ts';
import { describeMachine } from '../harness/machine.ts';
import { processorSeconds } from '../harness/process-peaks.ts';
import { type Contender, startCredveil } from '../http/http-contenders.ts';
import { measureWrk, type WrkResult } from '../http/wrk.ts';
import { type GrowthDataset, growDataset } from './growth-dataset.ts';
import { growOnePart, type PartFigures } from './one-part.ts';
import { PARTS } from './part-run.ts';

const LEAST = 100_000;
/** The holes of a shorter file would be checked at the start. */
const LEAST_OF_PARTS = 1_000_000_000;
const CONNECTIONS = 16;
/** Buckets that are read beforehand: twice as many as a served file has parts. */
const PARTS_READ = 10_000;
const [SERVER_CORE, LOAD_CORE] = [0, 1];
/** As the server holds them by default. */
const HELD_BYTES = 2 ** 27;

const { values } = parseArgs({
  options: {
    most: { type: 'string', default: '100000000' },
    beyond: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    layout: { type: 'string', default: 'slots' },
    folder: { type: 'string' },
  },
});
const [most, beyond] = [Number(values.most), Number(values.beyond)];
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const home = values.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));

interface Slice extends WrkResult {
  readonly cpuMicroseconds: number;
}

interface Size extends GrowthDataset {
  readonly figures?: PartFigures;
  readonly server: Contender;
  readonly readySeconds: number;
  readonly slices: Slice[];
}

const sizes: Size[] = [];
try {
  console.log(describeMachine());
  for (let entries = LEAST; entries <= Math.max(most, beyond); entries *= 10) {
    const isPart = entries > most;
    if (isPart && entries < LEAST_OF_PARTS) continue;
    const dataset = isPart ? await growOnePart(home, entries) : await growDataset(home, entries, values.layout);
    const started = performance.now();
    // A part has its share of what is held.
    const server = await startCredveil(dataset.folder, SERVER_CORE, isPart ? { maxHeldBytes: HELD_BYTES / PARTS } : {});
    sizes.push({ ...dataset, server, readySeconds: (performance.now() - started) / 1000, slices: [] });
  }
  for (const size of sizes) await readEachPart(size);
  for (const size of sizes) await measure(size, 0);
  for (let round = 1; round <= rounds; round++) for (const size of sizes) size.slices.push(await measure(size, round));
  console.log(table());
  for (const { entries, figures } of sizes) if (figures) console.log(describePart(entries, figures));
} finally {
  for (const { server } of sizes) server.stop();
  if (values.folder === undefined) fs.rmSync(home, { recursive: true, force: true });
}

/** A part of a file is checked when it is first read: once, and none of what a request costs. */
async function readEachPart({ server, paths }: Size): Promise<void> {
  const all = fs.readFileSync(paths, 'utf8').split('\n').slice(0, -1);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let at = 0; at < all.length; at += Math.ceil(all.length / PARTS_READ)) {
    const [response] = await once(http.get({ port: server.port, path: all[at], agent }), 'response');
    if (response.statusCode !== 200) throw new Error(`a bucket was answered with ${response.statusCode}`);
    await once(response.resume(), 'end');
  }
  agent.destroy();
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

function describePart(entries: number, figures: PartFigures): string {
  const { recordsPerSecond, records, bytesPerEntry, snapshotBytes, prefixBits } = figures;
  const [own = 0, ...others] = recordsPerSecond;
  const apart = others.map((rate) => `${((100 * rate) / own - 100).toFixed(0)}%`).join(', ');
  const hours = entries / own / 3_600;
  return `${formatCount(entries)} entries, ${prefixBits} bits, ${formatBytes(snapshotBytes)}: one part of ${PARTS} has ${formatCount(records)}, merged and encoded at ${formatCount(Math.round(own))} a second of one core (other parts: ${apart || 'not made'}), all in ${hours.toFixed(1)} h of one core; ${bytesPerEntry.toFixed(2)} B an entry`;
}
