// The counts of limits: exactly the quota for attempts at once, bans that last, names of one user
// together.

import { describe, expect, test } from 'vitest';
import { LimitBook } from '../../../gateway/limits/limit-book.ts';
import { MemoryLimitStore } from '../../../gateway/limits/limit-store.ts';
import {
  attempt,
  HOUR_MS,
  letThrough,
  MINUTE_MS,
  needOf,
  questionOf,
  userNeed,
  WORKER,
} from '../../support/gateway/state/attempts.ts';
import { createStillClock, openTestState } from '../../support/gateway/state/states.ts';
import { createRandom } from '../../support/random.ts';

function openBook() {
  const { clock, pass } = createStillClock();
  const { state, file } = openTestState({ clock });
  return { book: new LimitBook(state), state, file, clock, pass };
}

describe('a limit', () => {
  test('lets its number through, then bans for its time', async () => {
    const { book, pass } = openBook();
    const given = { needs: [needOf('a')] };
    expect(await letThrough(book, 20, given)).toBe(5);
    expect(await attempt(book, given)).toEqual({
      ...{ limit: 'failures', retryAfterMs: HOUR_MS, isOfUser: false },
      ban: expect.stringMatching(/^l\./),
    });
    pass(HOUR_MS - 1);
    expect(await attempt(book, given)).toMatchObject({ retryAfterMs: 1 });
    pass(1);
    expect(await letThrough(book, 20, given)).toBe(5);
  });

  test('counts failures within its window alone, and does not count successes', async () => {
    const { book, pass } = openBook();
    const given = { needs: [needOf('a')] };
    for (let i = 0; i < 20; i++) {
      expect(await attempt(book, given)).toHaveProperty('hasDevice');
      expect(await attempt(book, { ...given, outcome: 'success' })).toHaveProperty('hasDevice');
      pass(15_000);
    }
  });

  test('is one for each key, and all keys of an attempt take a slot or none', async () => {
    const { book } = openBook();
    const [address, user] = [needOf('address'), userNeed('u')];
    expect(await letThrough(book, 9, { needs: [user] })).toBe(5);
    expect(await letThrough(book, 9, { needs: [address, user] })).toBe(0);
    expect(await letThrough(book, 9, { needs: [address] })).toBe(5);
  });

  test('that does not act on an attempt counts it all the same', async () => {
    const { book } = openBook();
    expect(await letThrough(book, 7, { needs: [needOf('a', { acts: false })] })).toBe(7);
    expect(await letThrough(book, 7, { needs: [needOf('a')] })).toBe(0);
  });

  test('that is consecutive begins anew with a success', async () => {
    const { book } = openBook();
    const needs = [needOf('a', { isConsecutive: true })];
    expect(await letThrough(book, 4, { needs })).toBe(4);
    await attempt(book, { needs, outcome: 'success' });
    expect(await letThrough(book, 9, { needs })).toBe(5);
  });
});

describe('attempts at once', () => {
  test('take slots before they are decided', async () => {
    const { book } = openBook();
    const question = questionOf({ needs: [needOf('a')] });
    const answers = await Promise.all(Array.from({ length: 10_000 }, () => book.admit(WORKER, question)));
    const admitted = answers.flatMap((answer) => ('reservation' in answer ? answer.reservation : []));
    expect(admitted).toHaveLength(5);
    // Nobody is banned for what may still succeed.
    expect(answers.at(-1)).toMatchObject({ refused: { retryAfterMs: 1_000 } });
    for (const reservation of admitted.slice(1))
      await book.settle(WORKER, { reservation, counts: [], isSuccess: true });
    expect(await letThrough(book, 20, { needs: [needOf('a')] })).toBe(4);
  });

  test('of a process that ends count', async () => {
    const { book } = openBook();
    const gone = { worker: 2 };
    for (let i = 0; i < 5; i++) await book.admit(gone, questionOf({ needs: [needOf('a')] }));
    expect(await book.settle(WORKER, { reservation: 1, counts: [], isSuccess: true })).toBe(false);
    await book.release(gone);
    expect(await attempt(book, { needs: [needOf('a')] })).toMatchObject({ retryAfterMs: HOUR_MS });
  });

  test('that nobody settles count after a while', async () => {
    const { book, pass } = openBook();
    const need = needOf('a', { windowMs: HOUR_MS });
    for (let i = 0; i < 5; i++) await book.admit(WORKER, questionOf({ needs: [need] }));
    expect(await attempt(book, { needs: [need] })).toMatchObject({ retryAfterMs: 1_000 });
    pass(16 * MINUTE_MS);
    await attempt(book, { needs: [needOf('b')] });
    expect(await attempt(book, { needs: [need] })).toMatchObject({ retryAfterMs: HOUR_MS });
  });
});

describe('a restart', () => {
  test('keeps counts and bans, also of attempts that were not decided', async () => {
    const { book, state, file, clock } = openBook();
    await letThrough(book, 9, { needs: [needOf('banned')] });
    await letThrough(book, 3, { needs: [needOf('counted')] });
    for (let i = 0; i < 5; i++) await book.admit(WORKER, questionOf({ needs: [needOf('open')] }));
    state.close();
    const again = new LimitBook(openTestState({ file, clock }).state);
    expect(await letThrough(again, 9, { needs: [needOf('banned')] })).toBe(0);
    expect(await letThrough(again, 9, { needs: [needOf('counted')] })).toBe(2);
    expect(await attempt(again, { needs: [needOf('open')] })).toMatchObject({ retryAfterMs: HOUR_MS });
    expect(again.bans.page()).toMatchObject({ total: 3 });
  });
});

describe('names of one user', () => {
  test('are counted together once the application has shown its own', async () => {
    const { book } = openBook();
    const [mail, name] = [userNeed('mail'), userNeed('name')];
    expect(await letThrough(book, 3, { needs: [mail] })).toBe(3);
    expect(await letThrough(book, 1, { needs: [name] })).toBe(1);
    await attempt(book, { needs: [mail], outcome: 'success', canonical: 'name' });
    expect(await letThrough(book, 9, { needs: [mail] })).toBe(1);
    expect(await letThrough(book, 9, { needs: [name] })).toBe(0);
    expect(book.bans.page().bans).toHaveLength(1);
    expect(await book.lift({ name: 'mail' })).toBe(true);
    expect(await letThrough(book, 9, { needs: [name] })).toBe(5);
  });
});

test('of several names that were typed, none becomes another user', async () => {
  const { book } = openBook();
  const [own, other] = [userNeed('own'), userNeed('other')];
  await attempt(book, { needs: [own, other], outcome: 'success', canonical: 'own' });
  expect(await letThrough(book, 9, { needs: [own] })).toBe(5);
  expect(await letThrough(book, 9, { needs: [other] })).toBe(5);
});

describe('lifting', () => {
  test('ends a ban and its count', async () => {
    const { book } = openBook();
    await letThrough(book, 9, { needs: [needOf('a', { network: '192.0.2.1' })] });
    const [ban] = book.bans.page().bans;
    expect(ban).toMatchObject({ app: 'app.example', limit: 'failures', network: '192.0.2.1', forMs: HOUR_MS });
    expect(await book.lift({ id: ban?.id ?? '' })).toBe(true);
    expect(await book.lift({ id: ban?.id ?? '' })).toBe(false);
    expect(await letThrough(book, 9, { needs: [needOf('a')] })).toBe(5);
  });

  test('tells workers of bans that act on all requests', async () => {
    const { book, state } = openBook();
    const told: unknown[] = [];
    state.subscribe('bans', (message) => told.push(JSON.parse(message)));
    await letThrough(book, 9, { needs: [needOf('a', { isForAll: true }), needOf('b', { limit: 'other' })] });
    expect(told).toEqual([{ place: 'a', forMs: HOUR_MS }]);
    expect(book.bans.places()).toEqual({ places: [['a', HOUR_MS]] });
    const ban = book.bans.page().bans.find(({ limit }) => limit === 'failures');
    await book.lift({ id: ban?.id ?? '' });
    expect(told.at(-1)).toEqual({ place: 'a', forMs: 0 });
  });
});

test('a book in memory has the same quota', async () => {
  const book = new LimitBook(new MemoryLimitStore());
  expect(await letThrough(book, 20, { needs: [needOf('a'), userNeed('u')] })).toBe(5);
  expect(await attempt(book, { needs: [needOf('a')] })).toMatchObject({ limit: 'failures' });
});

test('random attempts: no window has more failures than its quota, and none is refused without a reason', async () => {
  const { book, clock, pass } = openBook();
  const random = createRandom(16);
  const pick = (max: number) => random.below(max);
  const failures: { readonly key: string; readonly at: number }[] = [];
  let refusals = 0;
  const open: { reservation: number; keys: string[]; at: number }[] = [];
  for (let i = 0; i < 4_000; i++) {
    const keys = [`a${pick(6)}`, `b${pick(6)}`];
    const needs = keys.map((key) => needOf(key, { allow: 3, windowMs: 10_000, banMs: 20_000 }));
    if (open.length < 4 && pick(10) < 7) {
      const answer = await book.admit(WORKER, questionOf({ needs }));
      if ('reservation' in answer) open.push({ reservation: answer.reservation, keys, at: clock() });
      else {
        refusals++;
        const recent = [...failures, ...open.flatMap(({ keys: all, at }) => all.map((key) => ({ key, at })))];
        const counts = keys.map(
          (key) => recent.filter((each) => each.key === key && each.at > clock() - 30_000).length,
        );
        expect(Math.max(...counts)).toBeGreaterThanOrEqual(3);
      }
    } else {
      const [done] = open.splice(pick(open.length), 1);
      if (done) {
        const isSuccess = pick(10) < 3;
        await book.settle(WORKER, {
          reservation: done.reservation,
          counts: isSuccess ? [] : ['failures'],
          isSuccess,
        });
        if (!isSuccess) failures.push(...done.keys.map((key) => ({ key, at: done.at })));
      }
    }
    pass(pick(800));
  }
  for (const { key, at } of failures) {
    const within = failures.filter((each) => each.key === key && each.at > at - 10_000 && each.at <= at);
    expect(within.length).toBeLessThanOrEqual(3);
  }
  expect(refusals).toBeGreaterThan(100);
  expect(failures.length).toBeGreaterThan(500);
});
