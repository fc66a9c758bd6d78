// npm run corpora: runs complete real corpora through ingest, a running server and the SDK.
//
// Usage: node scripts/corpora.ts FOLDER [--suite oprf]. The folder contains
// passwords-304k-with-counts.txt.gz, default-credentials.csv, usernames-26k.txt and, in hibp-sha1,
// ranges of Have I Been Pwned. Every ingested credential must get its verdict and count, and
// 100,000 others must be clean. Under `oprf` everything is ingested, but only the default logins,
// every 40th password, every 20th pair and username and 2,500 others are checked: one evaluation
// costs as much as forty keyed checks.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { createSodiumOprf } from '../accel/oprf-sodium.ts';
import { createLeakChecker, type Verdict } from '../client-sdk/index.ts';
import { decodeTimes, encodeTimes } from '../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../protocol/normalize.ts';
import { startServer } from '../server/server.ts';
import { openKeyFile } from '../store/key-file.ts';
import { createRandom } from '../test/support/random.ts';
import { checkRanges } from './corpora-ranges.ts';

const SEED = 304;
const NON_MEMBERS = 100_000;
/** Under `oprf`, the share of items that is checked: one in this number. */
const OPRF_SHARE = { passwords: 40, pairs: 20, usernames: 20, strangers: 40 } as const;
const CONCURRENCY = 32;
const bin = new URL('../cli/bin.js', import.meta.url).pathname;

interface Pair {
  readonly username: string;
  readonly password: string;
}

/** The expected content of a dataset: counts by normalized text. */
class Expected {
  readonly pairs = new Map<string, number>();
  readonly usernames = new Map<string, number>();
  readonly passwords = new Map<string, number>();
  readonly #text = new TextDecoder();

  username(text: string): string {
    return this.#text.decode(normalizeUsername(text));
  }

  password(text: string): string {
    return this.#text.decode(normalizePassword(text));
  }

  pairKey({ username, password }: Pair): string {
    return `${this.username(username)}\0${this.password(password)}`;
  }

  addPassword(password: string, times: number): void {
    count(this.passwords, this.password(password), times);
  }

  addPair(pair: Pair): void {
    // An empty username makes no pair: PROTOCOL.md §11.
    if (this.username(pair.username) !== '') {
      count(this.pairs, this.pairKey(pair), 1);
      count(this.usernames, this.username(pair.username), 1);
    }
    if (pair.password !== '') this.addPassword(pair.password, 1);
  }

  statusOf({ username, password }: Pair): Verdict['status'] {
    if (this.pairs.has(this.pairKey({ username, password }))) return 'pair';
    if (this.passwords.has(this.password(password))) return 'password';
    return this.usernames.has(this.username(username)) ? 'username' : 'clean';
  }
}

function count(times: Map<string, number>, text: string, by: number): void {
  times.set(text, (times.get(text) ?? 0) + by);
}

/** The count in a verdict for the given number of times seen. */
const band = (times: number | undefined): number | undefined =>
  times === undefined ? undefined : decodeTimes(encodeTimes(times));

function credveil(...args: string[]): void {
  execFileSync(process.execPath, [bin, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Runs `check` over all items, several at a time, and stops at the first mismatch. */
async function forAll<T>(what: string, items: Iterable<T>, check: (item: T) => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  const queue = items[Symbol.iterator]();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      await check(next.value);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  console.log(
    `${what}: ${done.toLocaleString('en-US')} correct, in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
  );
}

function assertVerdict(what: string, verdict: Verdict, status: Verdict['status'], times: number | undefined): void {
  if (verdict.status !== status || verdict.timesSeen !== band(times))
    throw new Error(
      `${what}: ${verdict.status} ${verdict.timesSeen} ${verdict.reason}; expected ${status} ${band(times)}`,
    );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { suite: { type: 'string', default: 'hmac' } },
});
const oblivious = values.suite === 'oprf';
const [folder] = positionals;

/** All items under `hmac`, a part of them under `oprf`. */
function partOf<T>(items: Iterable<T>, kind: keyof typeof OPRF_SHARE): T[] {
  return [...items].filter((_, i) => !oblivious || i % OPRF_SHARE[kind] === 0);
}

if (folder === undefined || !fs.existsSync(folder)) {
  console.log('corpora: the folder does not exist; nothing to do');
  process.exit(0);
}
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-corpora-'));
try {
  const expected = new Expected();

  const passwordLines = zlib
    .gunzipSync(fs.readFileSync(path.join(folder, 'passwords-304k-with-counts.txt.gz')))
    .toString('utf8');
  const passwordsFile = path.join(work, 'passwords.txt');
  fs.writeFileSync(passwordsFile, passwordLines);
  const listed: string[] = [];
  for (const line of passwordLines.split('\n')) {
    const match = /^\s*(\d+) (.+)$/.exec(line);
    if (!match) continue;
    listed.push(match[2] as string);
    expected.addPassword(match[2] as string, Number(match[1]));
  }

  const defaultsFile = path.join(folder, 'default-credentials.csv');
  const unblank = (cell: string): string => (cell === '<blank>' ? '' : cell);
  const defaults = (parse(fs.readFileSync(defaultsFile), { columns: true, bom: true, relax_quotes: true }) as Pair[])
    .filter(({ username, password }) => username !== '' && password !== '')
    .map(({ username, password }) => ({ username: unblank(username), password: unblank(password) }));
  for (const pair of defaults) expected.addPair(pair);

  const random = createRandom(SEED);
  const names = fs.readFileSync(path.join(folder, 'usernames-26k.txt'), 'utf8').split(/\r?\n/);
  const usable = names.filter((name) => name.trim() !== '' && !name.includes(':'));
  const pairs = usable.map((username) => ({ username, password: random.pick(listed) }));
  for (const pair of pairs) expected.addPair(pair);
  const pairsFile = path.join(work, 'pairs.txt');
  fs.writeFileSync(pairsFile, pairs.map(({ username, password }) => `${username}:${password}`).join('\r\n'));

  const dataset = path.join(work, 'dataset');
  credveil('init', dataset, '--suite', values.suite);
  credveil('ingest', dataset, passwordsFile, '--source', 'passwords', '--format', 'counted-passwords', '--no-publish');
  credveil(
    'ingest',
    dataset,
    defaultsFile,
    '--source',
    'defaults',
    '--format',
    'csv',
    '--blank',
    '<blank>',
    // Some default usernames are URLs, or stand in angle brackets.
    '--accept',
    'url-fields',
    'markup',
    '--no-publish',
  );
  credveil('ingest', dataset, pairsFile, '--source', 'pairs');
  credveil('stats', dataset);

  const key = openKeyFile(`${dataset}.key`);
  const pin = execFileSync(process.execPath, [bin, 'key', 'pin', dataset]).toString().trim();
  const server = await startServer(dataset, { port: 0, ...(oblivious ? { key } : {}) });
  try {
    const checker = createLeakChecker({
      url: server.url,
      timeoutMs: 60_000,
      ...(oblivious ? { trust: pin, engine: createSodiumOprf() } : { key: pin }),
    });
    await checker.ready();

    await forAll('passwords', partOf(expected.passwords, 'passwords'), async ([password, times]) => {
      assertVerdict('a password', await checker.check({ password }), 'password', times);
    });
    const asked = [...defaults, ...partOf(pairs, 'pairs')].filter((pair) => expected.pairs.has(expected.pairKey(pair)));
    await forAll('pairs', new Map(asked.map((pair) => [expected.pairKey(pair), pair])), async ([text, pair]) => {
      assertVerdict('a pair', await checker.check(pair), 'pair', expected.pairs.get(text));
    });
    const fresh = (): string =>
      `${random.next().toString(36)}-${random.next().toString(36)}-${random.next().toString(36)}`;
    const known = partOf(expected.usernames, 'usernames');
    await forAll('usernames with another password', known, async ([username, times]) => {
      assertVerdict('a username', await checker.check({ username, password: fresh() }), 'username', times);
    });
    const strangers = Array.from({ length: NON_MEMBERS }, () => ({
      username: `${fresh()}@example.com`,
      password: fresh(),
    }));
    await forAll('credentials outside the corpus', partOf(strangers, 'strangers'), async (pair) => {
      if (expected.statusOf(pair) !== 'clean') throw new Error('the generator made a credential that is in the corpus');
      assertVerdict('a stranger', await checker.check(pair), 'clean', undefined);
    });
  } finally {
    await server.close();
  }

  const ranges = path.join(work, 'ranges');
  const hibp = path.join(folder, 'hibp-sha1');
  credveil('init', ranges, '--suite', 'hmac', '--index', 'sha1');
  credveil('ingest', ranges, hibp, '--source', 'hibp');
  await checkRanges(hibp, ranges);
  console.log(`corpora: all verdicts and counts are correct (seed ${SEED})`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
