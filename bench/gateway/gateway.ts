// npm run bench:gateway [-- --seconds N] [--rounds N] [--only NAME,…]: what a request costs through
// the gateway, through the least proxy of node:http and undici, and through others.
//
// Each proxy runs alone on core 0; the origin and wrk run on core 1. Proxies alternate in rounds,
// and the figure is processor time per request: other work on the machine hardly changes it.
// Needs wrk and taskset; nginx, caddy and haproxy are optional.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { isInstalled } from '../http/http-contenders.ts';
import { runWrk } from '../http/wrk.ts';
import { type Contender, processorSecondsOf, startGateway, startNpmProxy, startServers } from './contenders.ts';

/**
 * Of each process: with fewer, a turn of its event loop serves fewer requests, each of them dearer.
 */
const CONNECTIONS = 64;
const [PROXY_CORE, LOAD_CORE] = [0, 1];
const BARE = 'bare';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
const wanted = values.only?.split(',');

for (const command of ['taskset', 'wrk'])
  if (!isInstalled(command)) throw new Error(`${command} is not installed (Debian: util-linux, wrk)`);

/** Rules that most requests pass, of the kinds that operators write. */
const rulesOf = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) =>
      [
        `{ when: 'http.request.uri.path contains "/admin-${i}"', do: block }`,
        `{ when: 'http.user_agent contains "scanner-${i}" and not ip.src in $office', do: block }`,
        `{ when: 'starts_with(http.request.uri.path, "/private-${i}/") and ip.src in $proxies', do: block }`,
        `{ when: 'http.request.method eq "DELETE" and http.host eq "host-${i}.example"', do: log }`,
      ][i % 4] as string,
  );
const LISTS = 'lists:\n  office: { items: [192.0.2.0/24, "2001:db8::/32"] }\n  proxies: { items: [198.51.100.0/24] }';

/** Policies as operators write them, for somebody who has signed in. */
const ACCESS = `    access:
      hosts: [127.0.0.1]
      policies:
        - { name: staff, action: allow, include: [{ emailDomain: example.com }], exclude: [{ address: 203.0.113.0/24 }] }
        - { name: finance, action: allow, include: [{ group: finance }], paths: /finance }
        - { name: ci, action: service, include: [{ serviceToken: deploy }], paths: /deploy }
        - { name: gone, action: block, include: [{ email: [bob@example.com, eve@example.com] }, { address: $proxies }] }
      headers: { Remote-User: email, Remote-Groups: groups }
`;
const IDENTITY = 'auth: auth.example\nidentity: { staff: { oidc: "https://idp.example", clientId: gateway } }\n';

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const origin = await startNpmProxy('origin', 0, LOAD_CORE);
const proxies: Contender[] = [];
const add = async (name: string, started: () => Promise<Contender>): Promise<void> => {
  if (!wanted || wanted.includes(name)) proxies.push(await started());
};
try {
  await add(BARE, () => startNpmProxy(BARE, origin.port, PROXY_CORE));
  const core = String(PROXY_CORE);
  const variants = [
    { name: 'gateway', workers: 1, more: LISTS, rules: rulesOf(100) },
    { name: 'gateway without rules', workers: 1 },
    { name: 'gateway with access', workers: 1, more: IDENTITY + LISTS, app: ACCESS, hasSession: true },
    { name: 'gateway with 1000 rules', workers: 1, more: LISTS, rules: rulesOf(1_000) },
    { name: 'gateway of two workers', workers: 2, more: LISTS, rules: rulesOf(100) },
  ];
  for (const variant of variants) await add(variant.name, () => startGateway(variant, origin.port, home, core));
  await add('httpxy', () => startNpmProxy('httpxy', origin.port, PROXY_CORE));
  await add('http-proxy-3', () => startNpmProxy('http-proxy-3', origin.port, PROXY_CORE));
  if (!wanted || wanted.includes('servers')) proxies.push(...(await startServers(origin.port, home, PROXY_CORE)));

  console.log(describeMachine());
  const measured = await measure(proxies);
  console.log(formatFigures(figuresOf(measured)));
  const adds = differences(measured, 'gateway with access', 'gateway without rules');
  if (adds.length > 0) console.log(`an authorised request adds ${median(adds).toFixed(1)} µs`);
  const ratio = ratios(measured, 'gateway', BARE);
  if (ratio.length > 0) console.log(`gateway to bare ${median(ratio).toFixed(2)}`);
} finally {
  for (const proxy of [...proxies, origin]) proxy.stop();
  fs.rmSync(home, { recursive: true, force: true });
}

/** Microseconds of processor time per request, of each round. */
async function measure(all: readonly Contender[]): Promise<Map<string, number[]>> {
  const paths = path.join(home, 'paths.txt');
  fs.writeFileSync(paths, Array.from({ length: 100 }, (_, i) => `/blog/2026/post-${i}?page=${i}`).join('\n'));
  const costs = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  const load = { paths, cores: String(LOAD_CORE), threads: 1 };
  const connectionsOf = ({ workers = 1 }: Contender): number => CONNECTIONS * workers;
  // Compilers warm up.
  for (const proxy of all) await runWrk({ ...load, ...proxy, connections: connectionsOf(proxy), seed: 0, seconds: 2 });
  for (let round = 1; round <= rounds; round++)
    for (const proxy of all) {
      const { name, port, pid, cookie } = proxy;
      const before = processorSecondsOf(pid);
      const rate = await runWrk({ ...load, port, cookie, connections: connectionsOf(proxy), seed: round, seconds });
      costs.get(name)?.push((1e6 * (processorSecondsOf(pid) - before)) / (rate * seconds));
    }
  return costs;
}

function figuresOf(costs: ReadonlyMap<string, readonly number[]>): Figure[] {
  return [...costs].map(([name, each]) => {
    const toBare = ratios(costs, name, BARE);
    const note = name === BARE || toBare.length === 0 ? '' : `${median(toBare).toFixed(2)} of bare`;
    return { name, value: median(each), unit: 'µs of processor time a request', note };
  });
}

/** Of neighbours in a round. */
function ratios(costs: ReadonlyMap<string, readonly number[]>, of: string, to: string): number[] {
  const [above = [], below = []] = [costs.get(of), costs.get(to)];
  return above.flatMap((cost, i) => (below[i] === undefined ? [] : [cost / below[i]]));
}

/** Of neighbours in a round. */
function differences(costs: ReadonlyMap<string, readonly number[]>, of: string, to: string): number[] {
  const [above = [], below = []] = [costs.get(of), costs.get(to)];
  return above.flatMap((cost, i) => (below[i] === undefined ? [] : [cost - below[i]]));
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
