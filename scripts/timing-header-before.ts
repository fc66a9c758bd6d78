// npm run timing:header-before [-- --logins N --minutes N --seed S]: failing logins through a
// gateway with `header: before`, half of them with a leaked password. Does the time of the answer
// tell which?
//
// Logins come in pairs: one with a leaked password and one that differs in its last letter, one
// right behind the other, in random order. What else the machine does then changes both alike, and
// a test on the differences (its sign; Wilcoxon's signed ranks) needs no idle machine: noise hides
// a small difference, and makes none.

import { once } from 'node:events';
import fs from 'node:fs';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfig } from '../gateway/config/load.ts';
import { startGateway } from '../gateway/gateway.ts';
import { startServer } from '../server/server.ts';
import { makeDataset, seededPairs, seededRandom } from '../test/support/dataset.ts';
import { keyPinOf } from '../test/support/pins.ts';

const { values } = parseArgs({
  options: { logins: { type: 'string' }, minutes: { type: 'string' }, seed: { type: 'string' } },
});
const logins = Number(values.logins ?? 100_000);
const endsAt = performance.now() + Number(values.minutes ?? 120) * 60_000;
const seed = Number(values.seed ?? 20_261_129);
/** Each waits for a slot most of the time: together they keep half a core busy. */
const IN_PARALLEL = 12;
/** The gateway's first slot, with half of one for the way. */
const FIRST_SLOT_MS = 150;
const WARM_UP = 200;

const pairs = seededPairs(1_000, seed);
const made = await makeDataset({ pairs });
const service = await startServer(made.folder, { port: 0 });
const keyFile = path.join(path.dirname(made.folder), 'leaks.pin');
fs.writeFileSync(keyFile, keyPinOf(made).key, { mode: 0o600 });
const origin = http.createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(403).end('wrong'));
});
const originPort = await listen(origin);
const location = `{ name: main, when: 'http.request.method == "POST"', username: 'http.request.body.form["user"][0]', password: 'http.request.body.form["pass"][0]', success: 'http.response.code == 302', failure: 'http.response.code == 403' }`;
const { config, faults } = parseConfig(
  `listen: 127.0.0.1:0\nleaks: { url: "${service.url}", keyFile: "${keyFile}" }\napps:\n  "*": { to: "http://127.0.0.1:${originPort}", login: { locations: [${location}], header: before } }\n`,
);
if (!config) throw new Error(JSON.stringify(faults));
const gateway = await startGateway({ config });
const agent = new http.Agent({ keepAlive: true, maxSockets: IN_PARALLEL });

const random = seededRandom(seed);
/** Milliseconds of a leaked and of another password. */
const measured: (readonly [leaked: number, other: number])[] = [];
let begun = -WARM_UP;
await Promise.all(Array.from({ length: IN_PARALLEL }, attackOn));
console.log(`${2 * measured.length} failing logins in pairs, seed ${seed}`);
for (const [i, name] of ['leaked', 'not leaked'].entries()) {
  const times = measured.map((pair) => pair[i] as number);
  const late = times.filter((time) => time > FIRST_SLOT_MS).length;
  console.log(`${name}: median ${medianOf(times).toFixed(3)} ms, ${late} after the first slot`);
}
const differences = measured.map(([one, other]) => one - other);
const late = measured.map(([one, other]) => Number(one > FIRST_SLOT_MS) - Number(other > FIRST_SLOT_MS));
console.log(`median difference ${medianOf(differences).toFixed(4)} ms`);
console.log(`sign test z = ${signZ(differences).toFixed(2)}, of the slots alone z = ${signZ(late).toFixed(2)}`);
console.log(`Wilcoxon z = ${signedRankZ(differences).toFixed(2)} (beyond 4 either way is a difference)`);
agent.destroy();
await gateway.close({ deadlineMs: 100 });
await service.close();
origin.close();
made.dispose();

async function attackOn(): Promise<void> {
  while (2 * begun < logins && performance.now() < endsAt) {
    const at = begun++;
    const { password } = pairs[Math.floor(random() * pairs.length)] as { password: string };
    // As long, as often asked, and with as little to decode.
    const other = `${password.slice(0, -1)}z`;
    const isLeakedFirst = random() < 0.5;
    const first = await timed(at, isLeakedFirst ? password : other);
    const second = await timed(at, isLeakedFirst ? other : password);
    if (at >= 0) measured.push(isLeakedFirst ? [first, second] : [second, first]);
  }
}

async function timed(at: number, guess: string): Promise<number> {
  const startedAt = performance.now();
  await post(`user=user${at}&pass=${encodeURIComponent(guess)}`);
  return performance.now() - startedAt;
}

async function post(body: string): Promise<void> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(body) };
  const request = http.request({ port: gateway.ports[0], method: 'POST', path: '/login', headers, agent });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 403) throw new Error(`a failing login was answered ${response.statusCode}`);
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function medianOf(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** More above 0 than below, as a standard normal. */
function signZ(values: readonly number[]): number {
  const [above, below] = [values.filter((value) => value > 0).length, values.filter((value) => value < 0).length];
  return above + below === 0 ? 0 : (above - below) / Math.sqrt(above + below);
}

/** The ranks of those above 0, as a standard normal. Times are fine enough to have hardly a tie. */
function signedRankZ(values: readonly number[]): number {
  const ranked = values.filter((value) => value !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = ranked.length;
  const sum = ranked.reduce((total, value, i) => total + (value > 0 ? i + 1 : 0), 0);
  return (sum - (n * (n + 1)) / 4) / Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
}
