// npm run bench:gateway:logins [-- --pairs N] [--rounds N] [--logins N]: what a login takes through
// the gateway with its check, without it, and at the application alone.
//
// One login at a time, in alternating rounds, each to a gateway of its own. New credentials ask the
// lookup service (suite hmac, on loopback) for buckets; those of a few users find them held.

import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { credveil, startCredveil } from '../../test/support/credveil.ts';
import { type Pair, seededPairs } from '../../test/support/dataset.ts';
import { createRandom } from '../../test/support/random.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { type Contender, processorSecondsOf, startGateway, startNpmProxy } from './contenders.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '3000000' },
    rounds: { type: 'string', default: '20' },
    logins: { type: 'string', default: '50' },
  },
});
const [rounds, logins] = [Number(values.rounds), Number(values.logins)];
const USERS = seededPairs(20, 2);
const LOCATION = `{ name: main, when: 'http.request.method == "POST"', username: 'http.request.body.form["user"][0]', password: 'http.request.body.form["pass"][0]', success: 'http.response.code == 302', proves: [success] }`;
const LOGIN = `    login: { locations: [${LOCATION}] }\n`;

interface Variant extends Contender {
  readonly agent: http.Agent;
  /** The credentials of a round. */
  readonly pairsOf: (round: number) => readonly Pair[];
  readonly took: number[];
  processorSeconds: number;
}

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const started: { stop(): void }[] = [];
try {
  const leaks = await serveLeaks();
  const origin = await startNpmProxy('login', 0, 0);
  started.push(origin);
  const variants = [
    variantOf({ ...origin, name: 'the application alone' }, newPairs),
    variantOf(await gateway('without login', {}, origin.port), newPairs),
    variantOf(await gateway('login without check', { app: LOGIN }, origin.port), newPairs),
    variantOf(await gateway('login with its check', { app: LOGIN, more: leaks }, origin.port), newPairs),
    variantOf(await gateway('the same, buckets held', { app: LOGIN, more: leaks }, origin.port), usersAgain),
  ];
  for (let round = -5; round < rounds; round++) for (const variant of variants) await runRound(variant, round);
  console.log(describeMachine());
  console.log(formatFigures(variants.flatMap(figuresOf)));
} finally {
  for (const one of started) one.stop();
  fs.rmSync(home, { recursive: true, force: true });
}

/** @returns the key `leaks` of a configuration */
async function serveLeaks(): Promise<string> {
  const [folder, corpus] = [path.join(home, 'leaks'), path.join(home, 'pairs.txt')];
  const random = createRandom(1);
  const step = 100_000;
  for (let made = 0; made < Number(values.pairs); made += step) {
    const lines = Array.from(
      { length: step },
      (_, i) => `user${made + i}@example.test:${random.next().toString(36)}\n`,
    );
    fs.appendFileSync(corpus, lines.join(''));
  }
  for (const args of [
    ['init', folder, '--suite', 'hmac'],
    ['ingest', folder, corpus, '--source', 'bench'],
  ]) {
    const { code, stderr } = await credveil(args);
    if (code !== 0) throw new Error(stderr);
  }
  const { stdout: key } = await credveil(['key', 'pin', folder, '--only', 'key']);
  fs.writeFileSync(path.join(home, 'leaks.pin'), key, { mode: 0o600 });
  const server = startCredveil(['serve', folder, '--listen', '127.0.0.1:0']);
  started.push({ stop: () => server.child.kill('SIGTERM') });
  while (!/http:\/\/[\w.]+:\d+/.test(server.written.stdout)) {
    if (server.child.exitCode !== null) throw new Error(server.written.stderr);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [url] = /http:\/\/[\w.]+:\d+/.exec(server.written.stdout) ?? [];
  return `leaks: { url: "${url}", keyFile: leaks.pin, timeoutMs: 10000 }\n`;
}

async function gateway(name: string, keys: { app?: string; more?: string }, originPort: number): Promise<Contender> {
  const contender = await startGateway({ ...keys, name, workers: 1 }, originPort, home, '0,1');
  started.push(contender);
  return contender;
}

function variantOf(contender: Contender, pairsOf: Variant['pairsOf']): Variant {
  return {
    ...contender,
    agent: new http.Agent({ keepAlive: true, maxSockets: 1 }),
    pairsOf,
    took: [],
    processorSeconds: 0,
  };
}

function newPairs(round: number): Pair[] {
  return seededPairs(logins, 10_000_000 + round);
}

function usersAgain(round: number): Pair[] {
  return Array.from({ length: logins }, (_, i) => USERS[(round * logins + i + 5 * logins) % USERS.length] as Pair);
}

/** Rounds below 0 warm up. */
async function runRound(variant: Variant, round: number): Promise<void> {
  const before = processorSecondsOf(variant.pid);
  for (const pair of variant.pairsOf(round)) {
    const startedAt = performance.now();
    await login(variant, pair);
    if (round >= 0) variant.took.push(performance.now() - startedAt);
  }
  if (round >= 0) variant.processorSeconds += processorSecondsOf(variant.pid) - before;
}

function login({ port, agent }: Variant, { username, password }: Pair): Promise<void> {
  const body = new URLSearchParams({ user: username, pass: password }).toString();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', path: '/login', headers, agent };
    const sent = http.request(options, (response) => {
      if (response.statusCode !== 302) reject(new Error(`a login was answered ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
    sent.on('error', reject).end(body);
  });
}

function figuresOf({ name, took, processorSeconds }: Variant): Figure[] {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return [
    { name, value: at(0.5), unit: 'ms, p50', note: `fastest tenth ${at(0.1).toFixed(2)}` },
    { name: '', value: (1000 * processorSeconds) / took.length, unit: 'ms of processor time' },
  ];
}
