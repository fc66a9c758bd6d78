// The worker pool with a test service: the pool knows nothing of the leak-check service.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { FromWorker, ServerEvent } from '../../runtime/events.ts';
import { openChannel } from '../../runtime/ipc.ts';
import type { BeatOptions } from '../../runtime/workers/heartbeat.ts';
import { startPool, type WorkerPool } from '../../runtime/workers/primary.ts';
import type { CountAnswers, CountAsks, CountOrder } from '../support/programs/pool-worker.ts';
import { isAlive, pause } from '../support/served-workers.ts';

const COUNTING_WORKER = new URL('../support/programs/pool-worker.ts', import.meta.url);
const SERVICE_WORKER = new URL('../../server/workers/worker.ts', import.meta.url);

let pool: WorkerPool<CountOrder, number, CountAnswers, CountAsks> | undefined;
let events: (ServerEvent & FromWorker)[] = [];

async function start(options: CountOrder['options'], workers = 2, beats?: BeatOptions) {
  events = [];
  pool = await startPool<CountOrder, number, CountAnswers, CountAsks>({
    entry: COUNTING_WORKER,
    workers,
    order: { options },
    follow: (order) => ({ options: { from: order.options.from + 100 } }),
    connect: (channel) => channel.handle('increment', (value) => value + 1),
    onEvent: (event) => events.push(event),
    ...(beats && { beats }),
  });
  return pool;
}

const pidsOf = (event: string): number[] =>
  events.flatMap((seen) => (seen.event === event && 'pid' in seen ? [seen.pid] : []));

afterEach(() => pool?.close({ deadlineMs: 100 }));

describe('the worker pool', () => {
  test('the pool starts the first worker with the order and the others with the follow-up order', async () => {
    const { started, channels } = await start({ from: 5 });
    expect(await Promise.all(channels().map((channel) => channel.ask('next', null)))).toEqual([5, 105]);
    expect(pidsOf('worker-ready')).toContain(started);
    expect(await channels()[1]?.ask('viaPrimary', 41)).toBe(42);
  });

  test('the pool replaces a dead worker with one that has the reloaded options', async () => {
    const { channels, reload, started } = await start({ from: 0 });
    reload((options) => ({ ...options, from: 700 }));
    process.kill(started, 'SIGKILL');
    while (pidsOf('worker-ready').length < 3) await pause();
    expect(pidsOf('worker-exited')).toEqual([started]);
    expect(await Promise.all(channels().map((channel) => channel.ask('next', null)))).toEqual([700, 700]);
  });

  test('the pool fails to start with the error of the failed worker', async () => {
    await expect(start({ from: 0, fail: true })).rejects.toMatchObject({
      code: 'DATASET_MISSING',
      message: 'nothing to count',
    });
  });

  test.each([
    ['is stopped', async (pid: number) => void process.kill(pid, 'SIGSTOP')],
    ['blocks its own loop', async (_: number, block: () => void) => block()],
  ])('the pool replaces a worker that %s', async (_, hang) => {
    const { channels, started } = await start({ from: 0 }, 2, { everyMs: 20, misses: 150 });
    // The first is asked first, and never answers.
    await hang(
      started,
      () =>
        void channels()[0]
          ?.ask('block', null)
          .catch(() => undefined),
    );
    while (pidsOf('worker-ready').length < 3) await pause();
    expect(events.filter(({ event }) => event === 'worker-hung')).toMatchObject([
      { worker: 1, pid: started, silentMs: 3_000 },
    ]);
    expect(pidsOf('worker-exited')).toEqual([started]);
    expect(await Promise.all(channels().map((channel) => channel.ask('next', null)))).toEqual([100, 100]);
  });

  test('closing the pool ends all its processes', async () => {
    const { close } = await start({ from: 0 });
    await close();
    expect(pidsOf('worker-ready').filter(isAlive)).toEqual([]);
    expect(pidsOf('worker-exited')).toEqual([]);
  });
});

test.each([
  ['counting', COUNTING_WORKER, 'next'],
  ['service', SERVICE_WORKER, 'metrics'],
])('a %s worker that has not started replies with WORKER_NOT_STARTED', async (_, entry, name) => {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const channel = openChannel<{ [name: string]: (payload: null) => unknown }, object>(child);
    const failure = { code: 'WORKER_NOT_STARTED', hint: expect.stringContaining('start') };
    await expect(channel.ask(name, null)).rejects.toMatchObject({ code: 'PEER_FAILED', failure });
    await expect(channel.ask('close', null)).rejects.toMatchObject({ failure });
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
});
