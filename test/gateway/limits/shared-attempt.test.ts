// Requests with one credential at one time, which are one attempt.

import { describe, expect, test } from 'vitest';
import type { Admission, AttemptResult } from '../../../gateway/limits/limits.ts';
import { SharedAttempt } from '../../../gateway/limits/shared-attempt.ts';

const right: AttemptResult = { outcome: 'success', isProven: false };
const wrong: AttemptResult = { outcome: 'failure', isProven: true };

function world() {
  let now = 0;
  const settled: string[] = [];
  let admitted = 0;
  const shared = new SharedAttempt(() => now);
  const admit = async (): Promise<Admission> => {
    admitted++;
    return {
      settle: async ({ outcome }) => {
        settled.push(outcome);
        return ['X', 'y'];
      },
    };
  };
  const join = async () => {
    const admission = await shared.join(admit);
    if (admission.ban) throw new Error('banned');
    return admission;
  };
  const wait = (ms: number): void => {
    now += ms;
  };
  return { shared, join, settled, admitted: () => admitted, wait };
}

describe('a shared attempt', () => {
  test('takes one slot, and settles it with the last request', async () => {
    const { join, settled, admitted } = world();
    const [a, b] = await Promise.all([join(), join()]);
    expect(admitted()).toBe(1);
    expect(await a.settle(right)).toEqual([]);
    expect(settled).toEqual([]);
    expect(await b.settle(right)).toEqual(['X', 'y']);
    expect(settled).toEqual(['success']);
    await (await join()).settle(right);
    expect(admitted()).toBe(2);
  });

  test('counts if the application refused one of its requests', async () => {
    const { join, settled } = world();
    const [a, b] = await Promise.all([join(), join()]);
    await a.settle(wrong);
    await b.settle(right);
    expect(settled).toEqual(['failure']);
  });

  test('does not go on for ever', async () => {
    const { join, settled, admitted, wait } = world();
    const a = await join();
    wait(10_000);
    const b = await join();
    expect(admitted()).toBe(2);
    await a.settle(right);
    await b.settle(wrong);
    expect(settled).toEqual(['success', 'failure']);
  });

  test('is refused as a whole, and asks again then', async () => {
    const { shared, join } = world();
    const ban = { limit: 'a', code: 'LOGIN_LIMITED', answer: {} } as const;
    const refused = await Promise.all([shared.join(async () => ({ ban })), shared.join(async () => ({ ban }))]);
    expect(refused.map((one) => one.ban?.limit)).toEqual(['a', 'a']);
    await expect(shared.join(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect((await join()).ban).toBeUndefined();
  });
});
