// npm run fuzz:adapters [-- --requests N --seed S --adapter NAME --jobs J]: generated logins
// through each adapter. A handler that reads a leaked pair in its framework's way must never get
// `clean` or `allow`, and a login that fails must cost no check. Ctrl-C ends with what is done.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { formatTable } from '../cli/output.ts';
import { createLoginWorld, LOGIN_APPS } from '../test/support/logins/fuzz.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    // The slowest first.
    adapter: { type: 'string', multiple: true, default: Object.keys(LOGIN_APPS).reverse() },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  },
});
const [first = '', ...others] = values.adapter;
await (others.length === 0 ? fuzzOne(first) : fuzzEach([first, ...others], Number(values.jobs)));

/** Runs a process an adapter, `jobs` at once. */
async function fuzzEach(adapters: string[], jobs: number): Promise<void> {
  console.log(`${values.requests} logins through each of ${adapters.join(', ')}: --seed ${values.seed}`);
  const work = async (): Promise<void> => {
    for (let adapter = adapters.shift(); adapter; adapter = adapters.shift()) await runProcess(adapter);
  };
  // The processes have the terminal's signal too.
  process.once('SIGINT', () => adapters.splice(0));
  await Promise.all(Array.from({ length: jobs }, work));
}

function runProcess(adapter: string): Promise<void> {
  const args = ['--requests', values.requests, '--seed', values.seed, '--adapter', adapter];
  const child = spawn(process.execPath, [import.meta.filename, ...args], { stdio: 'inherit' });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      if (code !== 0) process.exitCode = 1;
      resolve();
    });
  });
}

async function fuzzOne(adapter: string): Promise<void> {
  // Parsers throw for most odd bodies; nobody reads where.
  Error.stackTraceLimit = 0;
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  const world = await createLoginWorld();
  const { mistakes, requests, read, leaked, checks, retried, verdicts } = await world.fuzz(
    adapter,
    Number(values.requests),
    Number(values.seed),
    ended.signal,
  );
  await world.close();
  const { user, system } = process.cpuUsage();
  const counts = [...verdicts].sort(([, a], [, b]) => b - a).map(([key, times]) => `${key} ${times}`);
  for (const mistake of mistakes) console.log(mistake);
  console.log(`${adapter}: ${counts.join(', ')}`);
  const titles = ['adapter', 'logins', 'read', 'of leaked pairs', 'checks', 'sent again', 'CPU s'];
  console.log(
    formatTable(titles, [[adapter, requests, read, leaked, checks, retried, ((user + system) / 1e6).toFixed(0)]]),
  );
  if (mistakes.length === 0) return;
  console.log(`${mistakes.length} logins with a leaked pair were let through, or cost a check too many.`);
  process.exitCode = 1;
}
