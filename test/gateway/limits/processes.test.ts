// Limits over several processes: exactly the quota for 10,000 attempts at once, and no ban that was
// reported is lost to SIGKILL, of workers or of the process that counts.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LimitBook } from '../../../gateway/limits/limit-book.ts';
import { attempt, needOf, userNeed } from '../../support/gateway/state/attempts.ts';
import { startKeptState, startLimitWorker, startStateWorker } from '../../support/gateway/state/limit-workers.ts';
import { openTestState, stateFolder } from '../../support/gateway/state/states.ts';
import { root } from '../../support/paths.ts';

const WAIT = { timeoutMs: 60_000 };

test('4 workers let exactly the quota of 10,000 attempts at once through', async () => {
  const { kept, events } = startKeptState(stateFolder());
  const workers = Array.from({ length: 4 }, () => startLimitWorker(kept));
  const given = { needs: [needOf('address', { allow: 40 }), userNeed('ann', { allow: 25 })] };
  const admitted = await Promise.all(workers.map(({ channel }) => channel.ask('admit', { given, count: 2_500 }, WAIT)));
  expect(admitted.flat()).toHaveLength(25);
  expect(new Set(admitted.flat()).size).toBe(25);
  // Those that succeed give their slots back, and as many more come through.
  const [first, ...others] = workers.map(({ channel }, i) => ({ channel, reservations: admitted[i] ?? [] }));
  const succeeded = first?.reservations.length ?? 0;
  await first?.channel.ask('settle', { reservations: first.reservations, given: { ...given, outcome: 'success' } });
  for (const { channel, reservations } of others) await channel.ask('settle', { reservations, given });
  const again = await Promise.all(workers.map(({ channel }) => channel.ask('admit', { given, count: 2_500 }, WAIT)));
  expect(again.flat()).toHaveLength(succeeded);
  expect(events).toEqual([]);
});

test('attempts of a killed worker count, and its bans hold for all others', async () => {
  const { kept } = startKeptState(stateFolder());
  const [doomed, other] = [startLimitWorker(kept), startLimitWorker(kept)];
  const [open, banned] = [{ needs: [needOf('open')] }, { needs: [needOf('banned')] }];
  expect(await doomed.channel.ask('admit', { given: open, count: 5 }, WAIT)).toHaveLength(5);
  const reservations = await doomed.channel.ask('admit', { given: banned, count: 5 }, WAIT);
  await doomed.channel.ask('settle', { reservations, given: banned });
  await doomed.kill();
  for (const given of [open, banned]) expect(await other.channel.ask('admit', { given, count: 5 }, WAIT)).toEqual([]);
  await expect.poll(async () => (await kept.bans()).total).toBe(2);
});

test('a value is taken once, by one of two workers', async () => {
  const { kept } = startKeptState(stateFolder());
  const workers = [startStateWorker(kept), startStateWorker(kept)];
  const keys = Array.from({ length: 200 }, (_, i) => `step-${i}`);
  for (const key of keys) await kept.here()?.state.set('once', key, 'value', { ttlMs: 60_000 });
  const question = { room: 'once', keys, times: 3 } as const;
  const taken = await Promise.all(workers.map(({ channel }) => channel.ask('take', question, WAIT)));
  expect(taken.flat().sort()).toEqual(keys.toSorted());
  expect((await workers[0]?.channel.ask('take', question, WAIT)) ?? []).toEqual([]);
});

test('no ban that was reported is lost when the counting process is killed', async () => {
  const file = path.join(stateFolder(), 'state.sqlite');
  for (let round = 0; round < 3; round++) {
    const child = fork(path.join(root, 'test/support/gateway/state/bans-until-killed.ts'), [file, `r${round}`], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    let text = '';
    for await (const piece of child.stdout?.setEncoding('utf8') ?? []) {
      text += piece as string;
      if (text.split('\n').length > 60 + 17 * round) child.kill('SIGKILL');
    }
    await exited;
    const reported = text.split('\n').slice(0, -1);
    expect(reported.length).toBeGreaterThan(59);
    const { state } = openTestState({ file });
    expect(reported.filter((place) => !state.read('ban', `l.${place}`))).toEqual([]);
    const book = new LimitBook(state);
    expect(await attempt(book, { needs: [needOf(reported[0] ?? '')] })).toHaveProperty('retryAfterMs');
    state.close();
  }
});
