// npm run bench:oracle [-- --checks N --ways NAMES]: checks of the SDK against a plain set, through
// each way that a bucket takes to it: slots, SQLite, layers, and a replica of layers; under `oprf`
// a thousandth as many. It ends with an error at the first wrong verdict.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { addClient } from '../../access/client-file.ts';
import { createLeakChecker, type LeakChecker, type Verdict } from '../../client-sdk/index.ts';
import { createReplica } from '../../client-sdk/replica/replica.ts';
import { createSodiumOprf } from '../../client-sdk/sodium.ts';
import type { SuiteName } from '../../protocol/suite.ts';
import { startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../../test/support/dataset.ts';
import { pinOf } from '../../test/support/pins.ts';
import { createRandom, type Random, testSeed } from '../../test/support/random.ts';

const PAIRS = 20_000;
/** Of each source that is added: three stay layers, and are less than a tenth. */
const ADDED = 600;
const AT_ONCE = 16;
const HELD_BYTES = 2 ** 28;
const OPRF_SHARE = 1 / 1000;

const WAYS = ['slots', 'sqlite', 'layers', 'replica'] as const;
type Way = (typeof WAYS)[number];

const { values } = parseArgs({
  options: { checks: { type: 'string', default: '10000000' }, ways: { type: 'string', default: WAYS.join(',') } },
});
const ways = WAYS.filter((way) => values.ways.split(',').includes(way));
const seed = testSeed('oracle');
const SOURCES = [seededPairs(PAIRS, seed), ...[1, 2, 3].map((place) => seededPairs(ADDED, seed + place))];
const LEAKED: readonly Pair[] = SOURCES.flat();

const pairKey = ({ username, password }: Pair): string => `${username}\n${password}`;
const [usernames, passwords, pairs] = [
  new Set(LEAKED.map(({ username }) => username)),
  new Set(LEAKED.map(({ password }) => password)),
  new Set(LEAKED.map(pairKey)),
];

/** What the plain set says. */
function expected(asked: Pair): string {
  if (pairs.has(pairKey(asked))) return 'pair';
  if (passwords.has(asked.password)) return 'password';
  return usernames.has(asked.username) ? 'username' : 'clean';
}

/** Leaked pairs, pairs of two people, and strangers to the list. */
function askedPair(random: Random): Pair {
  const { username, password } = random.pick(LEAKED);
  const number = random.below(1_000_000);
  return {
    username: random.below(3) > 0 ? username : `${username}.${number}`,
    password: [password, random.pick(LEAKED).password, `${password} ${number}`][random.below(3)] as string,
  };
}

/** @returns how often there was each verdict */
async function compare(leaks: LeakChecker, checks: number, random: Random): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let done = 0; done < checks; done += AT_ONCE) {
    const asked = Array.from({ length: Math.min(AT_ONCE, checks - done) }, () => askedPair(random));
    const verdicts = await Promise.all(asked.map((pair) => leaks.check(pair)));
    for (const [place, verdict] of verdicts.entries()) {
      const pair = asked[place] as Pair;
      const { status, reason } = verdict.status === 'unknown' ? await again(leaks, pair, verdict, counts) : verdict;
      if (status !== expected(pair)) throw new Error(`wrong verdict: ${status} (${reason})`);
      counts[status] = (counts[status] ?? 0) + 1;
    }
  }
  return counts;
}

/** What has had no answer, such as on a machine that is too busy, is no verdict: once more. */
async function again(leaks: LeakChecker, pair: Pair, { reason }: Verdict, counts: Record<string, number>) {
  console.log(`unknown: ${reason}`);
  counts['asked again'] = (counts['asked again'] ?? 0) + 1;
  await sleep(10_000);
  return leaks.check(pair);
}

async function publishAs(made: MadeDataset, way: Way): Promise<void> {
  const isLayered = way === 'layers' || way === 'replica';
  const layout = way === 'sqlite' ? ('sqlite' as const) : ('slots' as const);
  if (isLayered) await made.publish({ layout });
  for (const [place, added] of SOURCES.slice(1).entries()) {
    made.addSource(`added-${place}`, { pairs: added });
    if (isLayered) await made.publish({ layout, delta: true });
  }
  if (!isLayered) await made.publish({ layout });
}

async function run(suite: SuiteName, way: Way, checks: number): Promise<void> {
  const oprf = suite === 'oprf' ? await createSodiumOprf() : undefined;
  const options = { suite, pairs: SOURCES[0] as Pair[], bucketFloor: 64, published: false } as const;
  const made = await makeDataset({ ...options, ...(oprf && { oprf }) });
  const home = path.dirname(made.folder);
  const clientsFile = path.join(home, 'oracle.clients.json');
  const started = performance.now();
  try {
    await publishAs(made, way);
    const clientKey = addClient(clientsFile, 'oracle', {}, { replica: true }).keyText as string;
    const quotaFile = path.join(home, 'oracle.quota');
    const server = await startServer(made.folder, { port: 0, clientsFile, quotaFile, ...(oprf && { key: made.key }) });
    const replica = way === 'replica' ? createReplica({ cache: path.join(home, 'oracle'), refreshMs: 0 }) : undefined;
    const leaks = createLeakChecker({
      ...{ url: server.url, clientKey, ...pinOf(made), bucketCacheBytes: HELD_BYTES, timeoutMs: 30_000 },
      ...(oprf && { engine: oprf }),
      ...(replica && { replica }),
    });
    await replica?.pull();
    const counts = await compare(leaks, checks, createRandom(seed));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const text = Object.entries(counts).map(([status, count]) => `${status} ${count}`);
    process.stdout.write(`${suite}, ${way}: ${checks} checks, none wrong (${text.sort().join(', ')}), ${seconds} s\n`);
    replica?.close();
    await server.close();
  } finally {
    made.dispose();
    fs.rmSync(home, { recursive: true, force: true });
  }
}

for (const suite of ['hmac', 'oprf'] as const)
  for (const way of ways) await run(suite, way, Math.ceil(Number(values.checks) * (suite === 'oprf' ? OPRF_SHARE : 1)));
