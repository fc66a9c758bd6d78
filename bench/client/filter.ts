// npm run bench:filter: password checks with a filter in memory, compared with bloom-filters 3 on
// the same passwords.
//
// Rates are per second of processor time, so that other load does not change them. Contenders
// alternate.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import bloom from 'bloom-filters';
import { HmacKernel } from '../../accel/hmac-kernel.ts';
import { formatBytes } from '../../cli/units.ts';
import { createLeakChecker, type LeakChecker } from '../../client-sdk/index.ts';
import { createFileSource } from '../../client-sdk/node.ts';
import type { PrivateInput } from '../../protocol/brands.ts';
import { normalizePassword } from '../../protocol/normalize.ts';
import { passwordInput } from '../../protocol/private-input.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { DEFAULT_FILTER_ONE_IN } from '../../store/dataset-parameters.ts';
import { seededKey } from '../../test/support/dataset.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { FILTER_DATASET, outputOf, readFilter, seededWords, writeFilter } from './filter-set.ts';

const { values } = parseArgs({
  options: {
    passwords: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '10000000' },
    json: { type: 'string' },
  },
});
const PASSWORDS = Number(values.passwords);
const LARGE = Number(values.large);
const SEED = 1;
const ABSENT_SEED = 2;
const ABSENT = 300_000;
const ROUNDS = 11;
const A_ROUND = 30_000;

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const key = seededKey('hmac', SEED);
const suite: KeyedSuite = key.createSuite();
const absent = [...seededWords(ABSENT, ABSENT_SEED)];

/** Nothing listens at this URL: a check that sends a request fails. */
const open = (file: string): LeakChecker =>
  createLeakChecker({
    url: 'http://127.0.0.1:1',
    key: key.revealPin(FILTER_DATASET) as string,
    passwordFilter: { source: createFileSource(file), refreshMs: 2 ** 31 - 1 },
  });

interface Contender {
  readonly name: string;
  readonly note: string;
  run(password: string, at: number): unknown;
}

/** Runs the contenders in turn. @returns median calls per second of processor time */
async function measureRates(contenders: readonly Contender[]): Promise<Figure[]> {
  const rates = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS + 1; round++)
    for (const [i, { run }] of contenders.entries()) {
      // Each contender pays only for its own garbage collection.
      globalThis.gc?.();
      const before = process.cpuUsage();
      for (let at = 0; at < A_ROUND; at++) await run(absent[(round * A_ROUND + at) % ABSENT] as string, at);
      const { user, system } = process.cpuUsage(before);
      // The first round warms up.
      if (round > 0) rates[i]?.push((A_ROUND * 1e6) / (user + system));
    }
  return contenders.map(({ name, note }, i) => {
    const value = rates[i]?.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
    return { name, value, unit: 'per second', note };
  });
}

const share = (name: string, found: number): Figure => ({
  name: `false positives, ${name}`,
  value: found > 0 ? ABSENT / found : Number.POSITIVE_INFINITY,
  unit: 'passwords to one',
  note: `${found} of ${ABSENT.toLocaleString('en-US')} absent passwords; configured: one in ${DEFAULT_FILTER_ONE_IN}`,
});

async function compare(): Promise<Figure[]> {
  const file = path.join(home, 'passwords.filter');
  const facts = await writeFilter(file, suite, PASSWORDS, SEED, DEFAULT_FILTER_ONE_IN);
  const leaks = open(file);
  await leaks.loadFilter();
  const filter = readFilter(file, suite);
  const inputs = absent.slice(0, A_ROUND).map((password) => passwordInput(normalizePassword(password)));
  const kernelPrf = createKernelPrf();
  const outputs = absent.slice(0, A_ROUND).map((password) => outputOf(suite, password));

  const theirs = bloom.BloomFilter.create(PASSWORDS, 1 / DEFAULT_FILTER_ONE_IN);
  for (const word of seededWords(PASSWORDS, SEED)) theirs.add(word);
  for (const word of seededWords(1000, SEED))
    if (!filter.mayHold(outputOf(suite, word)) || !theirs.has(word)) throw new Error('a leaked password was not found');

  const holding = `${PASSWORDS.toLocaleString('en-US')} passwords`;
  const figures = await measureRates([
    {
      name: 'SDK check',
      note: `whole check({ password }) of an absent password, ${holding}`,
      run: (password) => leaks.check({ password }),
    },
    {
      name: 'bloom-filters 3, has',
      note: 'the same passwords, the same rate',
      run: (password) => theirs.has(password),
    },
    { name: 'keyed PRF, noble', note: "the SDK's", run: (_, at) => suite.evaluate(inputs[at] as PrivateInput) },
    {
      name: 'keyed PRF, our kernel',
      note: 'uses one of its four lanes',
      run: (_, at) => kernelPrf(inputs[at] as PrivateInput),
    },
    {
      name: 'our filter alone',
      note: 'for an output in the filter',
      run: (_, at) => filter.mayHold(outputs[at] as never),
    },
  ]);
  const [ours, others] = figures;
  return [
    ...figures,
    {
      name: 'SDK check to bloom-filters 3',
      value: (ours?.value ?? 0) / (others?.value ?? 1),
      unit: 'times',
      note: 'goal: 3',
    },
    share('ours', absent.filter((password) => filter.mayHold(outputOf(suite, password))).length),
    share('bloom-filters 3', absent.filter((password) => theirs.has(password)).length),
    { name: 'bits per entry, ours', value: (8 * facts.bytes) / facts.entries, unit: 'bits' },
    { name: 'bits per entry, bloom-filters 3', value: theirs.size / PASSWORDS, unit: 'bits' },
  ];
}

/** The HMAC of ingest, one message at a time. The key is arbitrary: only the time matters. */
function createKernelPrf(): (input: PrivateInput) => Uint8Array {
  const kernel = new HmacKernel(suite.sealKey, 1);
  return (input) => {
    kernel.bytes.set(input, kernel.messageAt);
    kernel.commitMessage(input.length);
    kernel.run();
    return kernel.bytes.slice(kernel.digestAt(0), kernel.digestAt(1));
  };
}

async function measureLarge(): Promise<Figure[]> {
  const file = path.join(home, 'large.filter');
  const { bytes } = await writeFilter(file, suite, LARGE, SEED, DEFAULT_FILTER_ONE_IN);
  const leaks = open(file);
  globalThis.gc?.();
  const before = process.memoryUsage();
  const startedAt = performance.now();
  await leaks.loadFilter();
  const loadedMs = performance.now() - startedAt;
  // The chunks read from the file are freed over a few turns of the event loop.
  for (let turn = 0; turn < 5; turn++) {
    await new Promise(setImmediate);
    globalThis.gc?.();
  }
  const after = process.memoryUsage();
  const holding = `${LARGE.toLocaleString('en-US')} passwords`;
  const [rate] = await measureRates([
    { name: 'SDK check, large filter', note: holding, run: (password) => leaks.check({ password }) },
  ]);
  return [
    ...(rate ? [rate] : []),
    { name: 'file, large filter', value: bytes, unit: 'bytes', note: formatBytes(bytes) },
    {
      name: 'memory, large filter',
      value: after.arrayBuffers - before.arrayBuffers,
      unit: 'bytes',
      note: `added by loading; resident ${formatBytes(after.rss - before.rss)}`,
    },
    { name: 'loading, large filter', value: loadedMs, unit: 'ms', note: 'from a file, seal verified' },
  ];
}

const machine = describeMachine();
console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; repeat with: npm run bench:filter\n`);
try {
  const figures = [...(await compare()), ...(await measureLarge())];
  console.log(formatFigures(figures));
  if (values.json !== undefined) fs.writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
