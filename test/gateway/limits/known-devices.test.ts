// Browsers that a user has logged in with: nobody else can fill their bucket, and theirs is small.

import { describe, expect, test } from 'vitest';
import { LimitBook } from '../../../gateway/limits/limit-book.ts';
import { attempt, HOUR_MS, letThrough, needOf, userNeed } from '../../support/gateway/state/attempts.ts';
import { createStillClock, openTestState } from '../../support/gateway/state/states.ts';

async function knownTo(user: string, device: string) {
  const { clock, pass } = createStillClock();
  const { state } = openTestState({ clock });
  const book = new LimitBook(state);
  const needs = [needOf('home'), userNeed(user)];
  await attempt(book, { needs, outcome: 'success', nextDevice: device });
  return { book, state, needs, pass };
}

describe('a known browser', () => {
  test('logs in while strangers have filled the buckets of its user and of its address', async () => {
    const { book, needs } = await knownTo('ann', 'd1');
    expect(await letThrough(book, 20, { needs })).toBe(5);
    expect(await letThrough(book, 1, { needs, device: 'd1', outcome: 'success' })).toBe(1);
    expect(await letThrough(book, 1, { needs, device: 'other' })).toBe(0);
  });

  test('has 10 failures an hour, and is a stranger then for good', async () => {
    const { book, needs, pass } = await knownTo('ann', 'd1');
    const strangers = [needOf('away'), userNeed('ann')];
    expect(await letThrough(book, 9, { needs: strangers, device: 'd1' })).toBe(9);
    expect(await letThrough(book, 9, { needs })).toBe(5);
    expect(await letThrough(book, 9, { needs: strangers, device: 'd1' })).toBe(1);
    expect(await letThrough(book, 1, { needs, device: 'd1', outcome: 'success' })).toBe(0);
    pass(HOUR_MS + 1);
    await letThrough(book, 9, { needs });
    expect(await letThrough(book, 1, { needs, device: 'd1' })).toBe(0);
  });

  test('is known for its users alone', async () => {
    const { book } = await knownTo('ann', 'd1');
    const needs = [userNeed('bob')];
    expect(await letThrough(book, 20, { needs })).toBe(5);
    expect(await letThrough(book, 5, { needs, device: 'd1' })).toBe(0);
    // Nor for a login that may be of either.
    expect(await letThrough(book, 5, { needs: [userNeed('ann'), ...needs], device: 'd1' })).toBe(0);
  });

  test('has a new cookie after each login, and the old one is worth nothing', async () => {
    const { book } = await knownTo('mallory', 'planted');
    const needs = [userNeed('ann')];
    const given = { needs, device: 'planted', outcome: 'success' as const, nextDevice: 'fresh' };
    expect(await attempt(book, given)).toEqual({ hasDevice: true });
    expect(await letThrough(book, 9, { needs })).toBe(5);
    expect(await letThrough(book, 1, { needs, device: 'planted' })).toBe(0);
    expect(await letThrough(book, 1, { needs, device: 'fresh' })).toBe(1);
    const mallory = [userNeed('mallory')];
    await letThrough(book, 9, { needs: mallory });
    expect(await letThrough(book, 1, { needs: mallory, device: 'fresh' })).toBe(1);
  });

  test('is one of 8 users, those of the last logins', async () => {
    const { book, state, pass } = await knownTo('user0', 'd0');
    for (let i = 1; i <= 9; i++) {
      pass(1_000);
      const needs = [userNeed(`user${i}`)];
      await attempt(book, { needs, outcome: 'success', device: `d${i - 1}`, nextDevice: `d${i}` });
    }
    const users = state.list('device', 'd9.', 20).map(({ key }) => key.slice(3));
    expect(users).toHaveLength(8);
    expect(users).toContain('user9');
    expect(state.sizeOf('device')).toBe(8);
  });

  test('is none of a login that may be of two users, or that failed', async () => {
    const { book } = await knownTo('ann', 'd1');
    const both = [userNeed('ann'), userNeed('bob')];
    expect(await attempt(book, { needs: both, outcome: 'success', nextDevice: 'd2' })).toEqual({ hasDevice: false });
    expect(await attempt(book, { needs: [userNeed('ann')], nextDevice: 'd2' })).toEqual({ hasDevice: false });
    expect(await attempt(book, { needs: both, outcome: 'success', nextDevice: 'd2', canonical: 'ann' })).toEqual({
      hasDevice: true,
    });
  });

  test('is forgotten when its user has another password', async () => {
    const { book, needs } = await knownTo('ann', 'd1');
    await book.forgetDevices('ann');
    await letThrough(book, 9, { needs });
    expect(await letThrough(book, 1, { needs, device: 'd1' })).toBe(0);
  });

  test('does not pass a limit that is counted by something else', async () => {
    const { book } = await knownTo('ann', 'd1');
    const needs = [userNeed('ann'), needOf('header', { sparesDevices: false })];
    expect(await letThrough(book, 20, { needs, device: 'd1' })).toBe(5);
  });
});
