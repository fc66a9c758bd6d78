// Which workers count as hung: those that answer nothing while the primary itself runs.

import { describe, expect, test } from 'vitest';
import { Heartbeat } from '../../runtime/workers/heartbeat.ts';

const BEATS = { everyMs: 1_000, misses: 3 };

/** A worker that answers when told to. */
function createWorker() {
  let answers: (() => void)[] = [];
  const asked = { times: 0, isGone: false };
  const heartbeat = new Heartbeat(() => {
    asked.times++;
    return asked.isGone ? Promise.reject(new Error('busy')) : new Promise<void>((resolve) => answers.push(resolve));
  }, BEATS);
  let now = 50_000;
  return {
    asked,
    /** The verdict of each beat, at their usual distance. */
    beat: (times = 1): boolean[] =>
      Array.from({ length: times }, () => {
        now += BEATS.everyMs;
        return heartbeat.beat(now);
      }),
    stall: (ms: number) => {
      now += ms;
    },
    answer: async () => {
      for (const resolve of answers.splice(0)) resolve();
      answers = [];
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('a heartbeat', () => {
  test('takes a worker for hung after enough beats without an answer', () => {
    const { beat, asked } = createWorker();
    expect(beat(4)).toEqual([false, false, false, true]);
    expect(asked.times, 'one question waits').toBe(1);
  });

  test('begins anew with every answer', async () => {
    const { beat, answer, asked } = createWorker();
    for (let i = 0; i < 5; i++) {
      expect(beat(3)).toEqual([false, false, false]);
      await answer();
    }
    expect(asked.times).toBe(5);
    expect(beat(4)).toEqual([false, false, false, true]);
  });

  test('begins anew where the primary did not run, since the worker may not have either', () => {
    const { beat, stall } = createWorker();
    for (let i = 0; i < 5; i++) {
      expect(beat(3)).toEqual([false, false, false]);
      stall(3_600_000);
    }
    expect(beat(4)).toEqual([false, false, false, true]);
  });

  test('counts a worker that takes no more questions as one that does not answer', async () => {
    const { beat, asked } = createWorker();
    asked.isGone = true;
    const verdicts: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      verdicts.push(...beat());
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(verdicts).toEqual([false, false, false, true]);
    expect(asked.times).toBe(4);
  });
});
