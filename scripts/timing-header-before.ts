// npm run timing:header-before [-- --logins N --seed S]: failing logins through a gateway with
// `header: before`, half of them with a leaked password. Does the time of the answer tell which?
// Mann-Whitney's U as a standard normal; it decides nothing, since a busy machine decides with it.

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

const { values } = parseArgs({ options: { logins: { type: 'string' }, seed: { type: 'string' } } });
const logins = Number(values.logins ?? 100_000);
const seed = Number(values.seed ?? 20_261_129);
/** Each waits for a slot most of the time. */
const IN_PARALLEL = 8;
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
const leaked: number[] = [];
const others: number[] = [];
let done = -WARM_UP;
await Promise.all(Array.from({ length: IN_PARALLEL }, attackOn));
console.log(`${logins} failing logins, seed ${seed}`);
for (const [name, times] of [
  ['leaked', leaked],
  ['not leaked', others],
] as const) {
  const late = times.filter((time) => time > FIRST_SLOT_MS).length;
  console.log(`${name}: ${times.length}, median ${medianOf(times).toFixed(3)} ms, ${late} after the first slot`);
}
console.log(`Mann-Whitney z = ${zOf(leaked, others).toFixed(2)} (beyond 4 either way is a difference)`);
agent.destroy();
await gateway.close({ deadlineMs: 100 });
await service.close();
origin.close();
made.dispose();

async function attackOn(): Promise<void> {
  while (done < logins) {
    const at = done++;
    const isLeaked = random() < 0.5;
    const { password } = pairs[Math.floor(random() * pairs.length)] as { password: string };
    const guess = isLeaked ? password : `${password.slice(0, -2)}${at % 90}#`;
    const startedAt = performance.now();
    await post(`user=user${at}&pass=${encodeURIComponent(guess)}`);
    if (at >= 0) (isLeaked ? leaked : others).push(performance.now() - startedAt);
  }
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

/** The rank sum of the first, as a standard normal. Times are fine enough to have hardly a tie. */
function zOf(first: readonly number[], second: readonly number[]): number {
  const all = [...first.map((time) => [time, 1] as const), ...second.map((time) => [time, 0] as const)];
  all.sort(([a], [b]) => a - b);
  const rankSum = all.reduce((sum, [, isFirst], i) => sum + isFirst * (i + 1), 0);
  const [n, m] = [first.length, second.length];
  const u = rankSum - (n * (n + 1)) / 2;
  return (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}
