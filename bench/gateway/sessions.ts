// npm run bench:gateway:sessions [-- --sessions N --sign-ins N --ends N]: what people who have
// signed in take: memory of their sessions, processor time of a sign-in, and how long a session
// that was ended is still taken for one by a worker under full load.
//
// The gateway runs on core 0 with two workers; the provider, the application and the clients on
// core 1. Needs wrk and taskset.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { askGateway } from '../../gateway/admin/admin-client.ts';
import { IDENTITY_SCHEMA, type OidcConfig } from '../../gateway/identity/identity-schema.ts';
import { sourceOf } from '../../gateway/identity/known-people.ts';
import { SessionStore } from '../../gateway/identity/sessions/session-store.ts';
import { CLIENT } from '../../test/support/gateway/identity/provider-configuration.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { runWrk } from '../http/wrk.ts';
import { childrenOf, firstLine, processorSecondsOf, startGateway, startNpmProxy } from './contenders.ts';
import { type BenchSession, writeSessions } from './session.ts';
import { createVisitor } from './visitor.ts';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '100000' },
    'sign-ins': { type: 'string', default: '2000' },
    ends: { type: 'string', default: '40' },
  },
});
const [PROXY_CORE, LOAD_CORE] = [0, 1];
const AT_ONCE = 16;
/** Of requests with a session that is ended: some reach each worker. */
const PROBES = 16;
/** Requests of one session before memory is measured. */
const WARM_UP = 20_000;
const IDLE_MS = 30_000;
const MIB = 2 ** 20;
/** As wrk names it. */
const APP = '127.0.0.1';

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const secretFile = path.join(home, 'client.secret');
fs.writeFileSync(secretFile, CLIENT.secret, { mode: 0o600 });
const state = path.join(home, 'gateway.state');
const figures: Figure[] = [];
const add = (name: string, value: number, unit: string): void => void figures.push({ name, value, unit });

const program = fileURLToPath(new URL('./identity-provider.ts', import.meta.url));
const provider = spawn('taskset', ['-c', String(LOAD_CORE), process.execPath, program], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const issuer = await firstLine(provider);
const origin = await startNpmProxy('origin', 0, LOAD_CORE);
const { staff } = IDENTITY_SCHEMA.parse({ staff: { oidc: issuer, clientId: CLIENT.id } });
const people = { source: sourceOf(staff as OidcConfig) };
const sessions = await writeSessions(state, APP, Number(values.sessions), people);
const identity = `auth: auth.example\nidentity: { staff: { oidc: "${issuer}", clientId: ${CLIENT.id}, clientSecretFile: "${secretFile}" } }`;
const access =
  '    access: { hosts: [127.0.0.1], policies: [{ name: all, action: allow, include: [{ everyone: true }] }] }\n';
const variant = { name: 'gateway', workers: 2, more: identity, app: access };
const gateway = await startGateway(variant, origin.port, home, String(PROXY_CORE));
try {
  console.log(describeMachine());
  // What a process takes anyway once it has answered so many is no session's.
  const [first] = sessions;
  if (first) await useAll(Array.from({ length: WARM_UP }, () => first));
  const before = residentMib();
  await useAll(sessions);
  add(`${sessions.length} sessions, each used once`, residentMib() - before, 'MiB more in all three processes');
  // Garbage of these requests is no session's either: an idle process gives it back.
  await sleep(IDLE_MS);
  add('the same, after half a minute without requests', residentMib() - before, 'MiB more');
  add('state.sqlite', fs.statSync(path.join(state, 'state.sqlite')).size / MIB, 'MiB');
  await measureEnds(sessions.slice(0, Number(values.ends)), sessions.at(-1)?.cookie ?? '');
  await measureSignIns(Number(values['sign-ins']));
  console.log(formatFigures(figures));
} finally {
  gateway.stop();
  origin.stop();
  provider.kill('SIGTERM');
  await sleep(500);
  fs.rmSync(home, { recursive: true, force: true });
}

function residentMib(): number {
  const of = (pid: number): number => {
    const [, kib = '0'] = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) / 1_024;
  };
  return [gateway.pid, ...childrenOf(gateway.pid)].reduce((sum, pid) => sum + of(pid), 0);
}

/** @returns the status of a page of the application */
async function ask(agent: http.Agent, cookie: string): Promise<number> {
  const { status } = await createVisitor(gateway.port, agent).get(`http://${APP}/page`, { Cookie: cookie });
  return status;
}

/** @param tasks of which some run at the same time */
async function eachOf<Item>(tasks: readonly Item[], run: (item: Item, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < tasks.length) {
      const at = next++;
      await run(tasks[at] as Item, at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function useAll(all: readonly BenchSession[]): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  await eachOf(all, async ({ cookie }) => {
    const status = await ask(agent, cookie);
    if (status !== 200) throw new Error(`a session was answered with ${status}`);
  });
  agent.destroy();
}

/** How long after the command somebody still passes, with both workers busy all the time. */
async function measureEnds(ended: readonly BenchSession[], cookie: string): Promise<void> {
  const paths = path.join(home, 'paths.txt');
  fs.writeFileSync(paths, '/page');
  let isOver = false;
  const load = (async () => {
    let requests = 0;
    while (!isOver) {
      const order = { paths, cores: String(LOAD_CORE), threads: 1, connections: 128, seconds: 2, seed: 1 };
      requests = await runWrk({ ...order, port: gateway.port, cookie });
    }
    return requests;
  })();
  const lasted: number[] = [];
  try {
    await sleep(1_000);
    for (const session of ended) lasted.push(await lastPassAfterEnd(session));
  } finally {
    isOver = true;
    add('under a load of', await load, 'requests a second');
  }
  lasted.sort((a, b) => a - b);
  add(`an ended session passes for, median of ${ended.length}`, lasted[lasted.length >> 1] ?? 0, 'ms');
  add('at most', lasted.at(-1) ?? 0, 'ms');
}

/** Milliseconds from the operator's command to the last request that still passed. */
async function lastPassAfterEnd({ cookie, value }: BenchSession): Promise<number> {
  const agents = Array.from({ length: PROBES }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const statuses = await Promise.all(agents.map((agent) => ask(agent, cookie)));
  if (statuses.some((status) => status !== 200)) throw new Error('a session had ended before');
  const startedAt = performance.now();
  let lastPass = startedAt;
  const id = SessionStore.idOf(value);
  const asked = askGateway(path.join(state, 'admin.sock'), 'POST', '/sessions/end', { id });
  await Promise.all(
    agents.map(async (agent) => {
      for (let status = 200; status === 200; ) {
        status = await ask(agent, cookie);
        if (status === 200) lastPass = Math.max(lastPass, performance.now());
      }
    }),
  );
  const { status } = await asked;
  if (status !== 200) throw new Error(`the gateway ended nothing: ${status}`);
  for (const agent of agents) agent.destroy();
  return lastPass - startedAt;
}

async function measureSignIns(count: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const signIn = async (): Promise<void> => {
    const { status, url } = await createVisitor(gateway.port, agent).open(`http://${APP}/page`);
    if (status !== 200 || url.host !== APP) throw new Error(`a sign-in ended with ${status} at ${url.host}`);
  };
  await eachOf(Array.from({ length: count / 4 }), signIn);
  const [before, startedAt] = [processorSecondsOf(gateway.pid), performance.now()];
  await eachOf(Array.from({ length: count }), signIn);
  const processor = processorSecondsOf(gateway.pid) - before;
  add(`${count} sign-ins`, count / ((performance.now() - startedAt) / 1_000), 'a second');
  add('processor time of a sign-in', (1e6 * processor) / count, 'µs');
  add('sign-ins that a core could take', count / processor, 'a second');
}
