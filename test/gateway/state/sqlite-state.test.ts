// Entries and windows of the state in SQLite: expiry, bounds, atomicity, and restarts.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { createStillClock, openTestState } from '../../support/gateway/state/states.ts';

describe('entries', () => {
  test('expire, and are the same after a restart', async () => {
    const { clock, pass } = createStillClock();
    const { state, file } = openTestState({ clock });
    await state.set('session', 'a', 'one', { ttlMs: 1_000 });
    await state.set('session', 'b', 'two', { ttlMs: 5_000 });
    await state.set('session', 'b', 'three', { ttlMs: 5_000 });
    pass(1_000);
    state.close();
    const { state: again } = openTestState({ file, clock });
    expect(await again.get('session', 'a')).toBeUndefined();
    expect(await again.get('session', 'b')).toBe('three');
    expect(await again.get('handle', 'b')).toBeUndefined();
    again.sweep();
    await again.set('handle', 'x', '', { ttlMs: 1 });
    expect(again.sizeOf('session')).toBe(1);
  });

  test('are taken once, by one of many', async () => {
    const { state } = openTestState();
    await state.set('once', 'a', 'step', { ttlMs: 60_000 });
    const taken = await Promise.all(Array.from({ length: 20 }, () => state.takeOnce('once', 'a')));
    expect(taken.filter((value) => value !== undefined)).toEqual(['step']);
    expect(await state.takeOnce('once', 'a')).toBeUndefined();
  });

  test('are added by one of many, and replaced only where they are', async () => {
    const { clock, pass } = createStillClock();
    const { state } = openTestState({ clock });
    const added = await Promise.all(
      Array.from({ length: 20 }, (_, i) => state.add('once', 'a', `${i}`, { ttlMs: 1_000 })),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await state.get('once', 'a')).toBe('0');
    expect(await state.replace('session', 'a', 'other', 1_000)).toBe(false);
    pass(1_000);
    expect(await state.replace('once', 'a', 'late', 1_000)).toBe(false);
    expect(await state.add('once', 'a', 'again', { ttlMs: 1_000, owner: 'u' })).toBe(true);
    expect(await state.replace('once', 'a', 'longer', 5_000)).toBe(true);
    pass(4_000);
    expect(await state.get('once', 'a')).toBe('longer');
    expect(await state.deleteOwned('once', 'u')).toBe(1);
    expect(await state.replace('once', 'a', 'late', 1_000)).toBe(false);
  });

  test('that have expired count as used', async () => {
    const { clock, pass } = createStillClock();
    const { state } = openTestState({ clock });
    await state.set('once', 'a', 'step', { ttlMs: 1_000 });
    pass(1_000);
    expect(await state.takeOnce('once', 'a')).toBeUndefined();
  });

  test('of an owner end together, and the ones that end first leave above a number', async () => {
    const { state } = openTestState();
    for (const [key, ttlMs] of Object.entries({ a: 3_000, b: 1_000, c: 2_000 }))
      await state.set('device', key, '', { ttlMs, owner: 'u', maxOwned: 2 });
    await state.set('device', 'd', '', { ttlMs: 1_000, owner: 'v', maxOwned: 2 });
    expect(state.list('device', '', 10).map(({ key }) => key)).toEqual(['a', 'c', 'd']);
    expect(await state.listOwned('device', 'u', 10)).toEqual([
      { key: 'a', value: '' },
      { key: 'c', value: '' },
    ]);
    expect(await state.listOwned('device', 'u', 1)).toHaveLength(1);
    expect(await state.listOwned('session', 'u', 10)).toEqual([]);
    expect(await state.deleteOwned('device', 'u')).toBe(2);
    expect(await state.listOwned('device', 'u', 10)).toEqual([]);
    expect(state.sizeOf('device')).toBe(1);
  });

  test('of a full room leave for new ones, and bans never do', async () => {
    const { clock, pass } = createStillClock();
    const { state, events } = openTestState({ maxRoomEntries: 3, clock });
    for (const [i, ttlMs] of [5_000, 1_000, 4_000, 3_000].entries()) {
      await state.set('handle', `${i}`, '', { ttlMs });
      if (i < 3) await state.set('ban', `${i}`, '', { ttlMs, isDurable: true });
    }
    expect(state.list('handle', '', 10).map(({ key }) => key)).toEqual(['0', '2', '3']);
    await expect(state.set('ban', '3', '', { ttlMs: 9_000 })).rejects.toMatchObject({ code: 'STATE_FULL' });
    await state.set('ban', '2', 'longer', { ttlMs: 9_000 });
    pass(1_000);
    await state.set('ban', '3', '', { ttlMs: 9_000 });
    expect(state.list('ban', '', 10).map(({ key }) => key)).toEqual(['0', '2', '3']);
    expect(events).toEqual([]);
  });

  test('list by the beginning of their keys', async () => {
    const { state } = openTestState();
    for (const key of ['a', 'a.1', 'a.2', 'ab', 'b.1']) await state.set('device', key, key, { ttlMs: 1_000 });
    expect(state.list('device', 'a.', 10).map(({ key }) => key)).toEqual(['a.1', 'a.2']);
    expect(state.list('device', 'a.', 1)).toHaveLength(1);
  });

  test('have a bounded length', async () => {
    const { state } = openTestState();
    await expect(state.set('handle', 'a', 'x'.repeat(2 ** 18 + 1), { ttlMs: 1 })).rejects.toMatchObject({
      code: 'STATE_VALUE_TOO_LONG',
    });
  });
});

describe('slots', () => {
  const need = (key: string, allow: number) => ({ key, allow, windowMs: 60_000 });

  test('are taken in every window or in none', async () => {
    const { state } = openTestState();
    expect(await state.takeSlots([need('a', 2), need('b', 1)])).toMatchObject({ taken: true });
    expect(await state.takeSlots([need('a', 2), need('b', 1)])).toEqual({ taken: false, full: 1 });
    expect(await state.takeSlots([need('a', 2)])).toMatchObject({ taken: true });
    expect(await state.takeSlots([need('a', 2)])).toEqual({ taken: false, full: 0 });
  });

  test('are given out exactly as often as allowed to many at once', async () => {
    const { state } = openTestState();
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => state.takeSlots([need('a', 7)])));
    expect(answers.filter(({ taken }) => taken)).toHaveLength(7);
  });

  test('slide: no period of the length of the window has more', async () => {
    const { clock, pass } = createStillClock();
    const { state } = openTestState({ clock });
    const taken: number[] = [];
    for (let i = 0; i < 600; i++) {
      if ((await state.takeSlots([need('a', 5)])).taken) taken.push(clock());
      pass(1_000);
    }
    expect(taken.length).toBe(50);
    for (const at of taken) expect(taken.filter((other) => other > at - 60_000 && other <= at).length).toBeLessThan(6);
  });

  test('come back, and survive a restart', async () => {
    const { state, file } = openTestState();
    const first = await state.takeSlots([need('a', 2), need('b', 2)]);
    await state.takeSlots([need('a', 2)]);
    if (first.taken) await state.giveBack(['b'], first.at);
    state.close();
    const { state: again } = openTestState({ file });
    expect(await again.takeSlots([need('a', 2)])).toMatchObject({ taken: false });
    expect(await again.takeSlots([need('b', 1)])).toMatchObject({ taken: true });
  });
});

test('windows that end at once leave a few in each turn, from the file too', async () => {
  const { clock, pass } = createStillClock();
  const { state, file } = openTestState({ clock });
  const needs = Array.from({ length: 7_000 }, (_, i) => ({ key: `k${i}`, allow: 2, windowMs: 60_000 }));
  await state.takeSlots(needs);
  pass(30_000);
  await state.takeSlots(needs.slice(0, 10));
  pass(30_000);
  state.sweep();
  expect(state.windows.size).toBe(5_000);
  await expect.poll(() => state.windows.size).toBe(10);
  await state.settled();
  state.close();
  const { state: again } = openTestState({ file, clock });
  expect(again.windows.size).toBe(10);
});

describe('the clock of the state', () => {
  test('does not follow one that is set', async () => {
    const clock = createTestClock();
    const { state } = openTestState();
    await state.set('ban', 'a', '', { ttlMs: 60_000 });
    await state.takeSlots([{ key: 'k', allow: 1, windowMs: 60_000 }]);
    for (const jump of [3_600_000, -86_400_000, 30 * 86_400_000]) {
      clock.sleep(jump);
      expect(await state.get('ban', 'a')).toBe('');
      expect(await state.takeSlots([{ key: 'k', allow: 1, windowMs: 60_000 }])).toMatchObject({ taken: false });
    }
    clock.pass(60_001);
    expect(await state.get('ban', 'a')).toBeUndefined();
    expect(await state.takeSlots([{ key: 'k', allow: 1, windowMs: 60_000 }])).toMatchObject({ taken: true });
  });

  test('does not go back over a restart, so that an expired entry stays so', async () => {
    const clock = createTestClock();
    const { state, file } = openTestState();
    await state.set('session', 'a', '', { ttlMs: 60_000 });
    clock.pass(60_001);
    await state.set('session', 'b', '', { ttlMs: 60_000 });
    state.close();
    clock.sleep(-86_400_000);
    const { state: again } = openTestState({ file });
    expect(await again.get('session', 'a')).toBeUndefined();
    expect(await again.get('session', 'b')).toBe('');
  });
});

test('the files of the state are for their user alone', async () => {
  const { state, file } = openTestState();
  await state.set('ban', 'a', '', { ttlMs: 1_000 });
  for (const name of [file, `${file}-wal`]) expect(fs.statSync(name).mode & 0o777).toBe(0o600);
});
