// npm run bench:lists: lists of a gateway: building, memory, look-ups, and how long the event loop
// waits while a list of a million networks is swapped.
//
// The addresses are generated with a seed; one in ten is of IPv6.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Address, formatAddress, parseAddress } from '../../gateway/addresses/address.ts';
import { createLists, type Lists } from '../../gateway/lists/lists.ts';
import { createRandom, type Random } from '../../test/support/random.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: '100000' },
    lists: { type: 'string', default: '10' },
    large: { type: 'string', default: '1000000' },
    swaps: { type: 'string', default: '3' },
  },
});
const NETWORKS = Number(values.networks);
const LISTS = Number(values.lists);
const LARGE = Number(values.large);
const SWAPS = Number(values.swaps);
const SIX_IN_TEN = 1;
const LOOKUPS = 1_000_000;
const SEED = 1;
const HOUR = 3_600_000;
const MEBIBYTE = 2 ** 20;

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const random = createRandom(SEED);

/** Global ones: others would be left out of a list. */
function randomAddress(random: Random): Address {
  const words = [0x2a000000 + random.below(0x20000), random.next(), random.next(), random.next()] as const;
  if (random.below(10) < SIX_IN_TEN) return { family: 6, words };
  return { family: 4, word: 0x0b000000 + random.below(0x59000000) };
}

function writeList(name: string, count: number): string {
  const file = path.join(home, name);
  const lines = Array.from({ length: count }, () => `${formatAddress(randomAddress(random))}\n`);
  fs.writeFileSync(`${file}.new`, lines.join(''));
  fs.renameSync(`${file}.new`, file);
  return file;
}

const newLists = (files: readonly string[], every: number, directory: string): Lists => {
  const config = files.map((file, i) => [`list${i}`, { kind: 'ip', file, every, maxEntries: 5_000_000 }] as const);
  return createLists(Object.fromEntries(config), {
    directory: path.join(home, directory),
    onEvent: ({ event }) => {
      if (event !== 'list-loaded') throw new Error(event);
    },
  });
};

/** Of typed arrays, which are outside the heap, and of the heap. */
async function measureMemory(): Promise<number> {
  // What a turn of the event loop still holds is garbage in the next one.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Builds the lists and keeps their copies. @returns milliseconds */
async function buildAll(files: readonly string[]): Promise<number> {
  const lists = newLists(files, HOUR, 'ten');
  const started = performance.now();
  await lists.start();
  while (lists.stats().some(({ isKnown }) => !isKnown)) await new Promise((resolve) => setTimeout(resolve, 10));
  const ms = performance.now() - started;
  await lists.close();
  return ms;
}

/** Nanoseconds of processor time a look-up. */
function measureLookups(lists: Lists, count: number, probes: readonly Address[]): number {
  const all = Array.from({ length: count }, (_, i) => lists.lookup(`list${i}`));
  let found = 0;
  const before = process.cpuUsage();
  for (let i = 0; i < LOOKUPS; i++) {
    const list = all[i % count];
    if (list?.kind === 'ip' && list.has(probes[i % probes.length] as Address)) found++;
  }
  const { user, system } = process.cpuUsage(before);
  if (found > LOOKUPS / 2) throw new Error('the probes are no strangers');
  return ((user + system) * 1000) / LOOKUPS;
}

async function benchTen(): Promise<Figure[]> {
  const files = Array.from({ length: LISTS }, (_, i) => writeList(`small${i}`, NETWORKS));
  const buildMs = (await buildAll(files)) / LISTS;
  // As a worker, which reads the copies.
  const before = await measureMemory();
  const lists = newLists(files, HOUR, 'ten');
  await lists.start();
  const bytes = (await measureMemory()) - before;
  const probes = Array.from({ length: 10_000 }, () => randomAddress(random));
  measureLookups(lists, LISTS, probes);
  const lookupNs = measureLookups(lists, LISTS, probes);
  const texts = probes.map(formatAddress);
  const parsing = process.cpuUsage();
  for (const text of texts) parseAddress(text);
  const { user, system } = process.cpuUsage(parsing);
  await lists.close();
  const note = `${LISTS} lists of ${NETWORKS} networks`;
  return [
    { name: 'build, sort and keep a list', value: buildMs, unit: 'ms', note: `a list, ${note}` },
    { name: 'memory', value: bytes / MEBIBYTE, unit: 'MiB', note },
    { name: 'look-up', value: lookupNs, unit: 'ns', note },
    {
      name: 'parsing an address',
      value: ((user + system) * 1000) / texts.length,
      unit: 'ns',
      note: 'once a connection',
    },
  ];
}

/**
 * The longest time that the event loop took for what was due at once, in milliseconds. The
 * processor time of the thread leaves out when other processes ran.
 */
function watchHolds(): { stop(): { readonly cpuMs: number; readonly wallMs: number } } {
  let [cpuMs, wallMs] = [0, 0];
  let before = process.threadCpuUsage();
  let at = performance.now();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    const now = performance.now();
    cpuMs = Math.max(cpuMs, (user + system) / 1000);
    wallMs = Math.max(wallMs, now - at);
    before = process.threadCpuUsage();
    at = now;
  }, 1);
  return {
    stop: () => {
      clearInterval(timer);
      return { cpuMs, wallMs };
    },
  };
}

async function benchSwap(): Promise<Figure[]> {
  const file = writeList('large', LARGE);
  const lists = newLists([file], 50, 'swapped');
  await lists.start();
  const holds = watchHolds();
  let swapMs = 0;
  for (let i = 0; i < SWAPS; i++) {
    const fresh = formatAddress({ family: 4, word: 0x09000000 + i });
    fs.appendFileSync(file, `${fresh}\n`);
    const address = parseAddress(fresh) as Address;
    const started = performance.now();
    const list = lists.lookup('list0');
    while (list?.kind !== 'ip' || list.has(address) !== true) await new Promise((resolve) => setTimeout(resolve, 5));
    swapMs += performance.now() - started;
  }
  const { cpuMs, wallMs } = holds.stop();
  await lists.close();
  const note = `${SWAPS} swaps of ${LARGE} networks`;
  return [
    { name: 'a swap, from the change of the file', value: swapMs / SWAPS, unit: 'ms', note },
    { name: 'longest turn of the event loop', value: cpuMs, unit: 'ms', note: `processor time, ${note}` },
    { name: 'the same by the clock', value: wallMs, unit: 'ms', note: 'other processes take their share' },
  ];
}

try {
  const { cpu, cores, node } = describeMachine();
  console.log(`${cpu}, ${cores} cores, Node ${node}, load ${os.loadavg()[0]?.toFixed(1)}`);
  console.log(formatFigures([...(await benchTen()), ...(await benchSwap())]));
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
