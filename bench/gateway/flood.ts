// npm run bench:gateway:flood [-- --attempts N --bans N]: what random usernames and networks take
// of the process that counts: memory, disk, time, and the longest turn of its event loop.
//
// Each attempt has a username and a network of IPv6 that no other has. The process makes them
// itself, 2,000 at a time, and counts them as for a worker.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BanTable } from '../../gateway/limits/ban-table.ts';
import { BANS_TOPIC, type BanChange } from '../../gateway/limits/bans.ts';
import { LimitBook } from '../../gateway/limits/limit-book.ts';
import type { LimitNeed } from '../../gateway/limits/limit-messages.ts';
import { openSqliteState } from '../../gateway/state/sqlite-state.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { peakResidentBytes } from '../harness/process-peaks.ts';

const { values } = parseArgs({
  options: {
    attempts: { type: 'string', default: '1000000' },
    bans: { type: 'string', default: '1100000' },
  },
});
type Kind = 'failures' | 'bans';

const MIB = 2 ** 20;
const AT_ONCE = 2_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Two sweeps of what has ended. */
const AFTERWARDS_MS = 12_000;
const WORKER = {};

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const file = path.join(home, 'state.sqlite');
const open = () => openSqliteState({ file, onEvent: (event) => console.error(event) });
let state = open();
const book = new LimitBook(state);
/** As each worker has it. */
const table = new BanTable();
state.subscribe(BANS_TOPIC, (message) => {
  const { place, forMs } = JSON.parse(message) as BanChange;
  table.set(place, forMs);
});
const banned: string[] = [];
const figures: Figure[] = [{ name: 'resident at the start', value: process.memoryUsage().rss / MIB, unit: 'MiB' }];
try {
  await measure('failures', Number(values.attempts), 'random usernames and networks');
  await measure('bans', Number(values.bans), 'bans of random networks');
  const inForce = banned.filter((place) => table.remaining(place) > 0 && state.read('ban', `a.${place}`)).length;
  figures.push({ name: 'bans in force', value: state.sizeOf('ban'), unit: '' });
  figures.push({ name: 'of the first 1,000', value: inForce, unit: '' });
  state.close();
  const startedAt = performance.now();
  state = open();
  figures.push({ name: 'the next start', value: performance.now() - startedAt, unit: 'ms' });
  console.log(describeMachine());
  console.log(formatFigures(figures));
} finally {
  state.close();
  fs.rmSync(home, { recursive: true, force: true });
}

function hash(): string {
  return randomBytes(16).toString('base64url');
}

/** As of the preset `failures` in an hour, or of a limit whose first failure bans for a day. */
function needsOf(kind: Kind): LimitNeed[] {
  const times = { windowMs: 60 * MINUTE_MS, banMs: 60 * MINUTE_MS };
  const need = { ...times, allow: 5, isConsecutive: false, acts: true, isForAll: false, sparesDevices: true };
  const network = `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::/64`;
  const address = { ...need, limit: 'failures-address', network };
  if (kind === 'bans')
    return [{ ...address, place: hash(), allow: 1, windowMs: MINUTE_MS, banMs: DAY_MS, isForAll: true }];
  return [
    ...[1, 4, 16].map((more) => ({ ...address, place: hash(), allow: 5 * more })),
    { ...need, limit: 'failures-username', place: hash(), name: hash() },
  ];
}

async function attempt(kind: Kind): Promise<void> {
  const needs = needsOf(kind);
  const names = needs.flatMap(({ name }) => name ?? []);
  const answer = await book.admit(WORKER, { app: 'app.example', names, needs });
  if ('refused' in answer) throw new Error(`an attempt was refused by ${answer.refused.limit}`);
  const counts = needs.map(({ limit }) => limit);
  await book.settle(WORKER, { reservation: answer.reservation, counts, isSuccess: false });
  if (kind === 'bans' && banned.length < 1_000) banned.push(needs[0]?.place ?? '');
}

async function measure(kind: Kind, attempts: number, name: string): Promise<void> {
  const turns = monitorEventLoopDelay({ resolution: 1 });
  turns.enable();
  const [startedAt, processor] = [performance.now(), process.cpuUsage()];
  for (let made = 0; made < attempts; made += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => attempt(kind)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(processor);
  await sleep(AFTERWARDS_MS);
  turns.disable();
  const { heapUsed, rss } = process.memoryUsage();
  const figure = (what: string, value: number, unit: string): Figure => ({ name: what, value, unit });
  figures.push(
    figure(`${name}: attempts`, attempts, ''),
    figure('time', seconds, 's'),
    figure('processor time of an attempt', (user + system) / attempts, 'µs'),
    figure('longest turn, with 2,000 attempts', turns.max / 1e6, 'ms'),
    figure('counted keys', state.windows.size, ''),
    figure('heap', heapUsed / MIB, 'MiB'),
    figure('resident', rss / MIB, 'MiB'),
    figure('resident at its peak', peakResidentBytes(process.pid) / MIB, 'MiB'),
    figure('state.sqlite', fs.statSync(file).size / MIB, 'MiB'),
    figure('state.sqlite-wal', fs.statSync(`${file}-wal`).size / MIB, 'MiB'),
  );
}
