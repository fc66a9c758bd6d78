// Random usernames and networks: what they fill is bounded, and neither a ban nor the count of a
// key that is really tried leaves for them.

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { BanTable } from '../../../gateway/limits/ban-table.ts';
import { LimitBook } from '../../../gateway/limits/limit-book.ts';
import { attempt, letThrough, needOf, questionOf, userNeed, WORKER } from '../../support/gateway/state/attempts.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { createRandom } from '../../support/random.ts';

const ATTEMPTS = 20_000;
const MAX_WINDOWS = 2_000;

test('a flood of usernames and networks', async () => {
  const { state, file } = openTestState({ maxWindows: MAX_WINDOWS });
  const book = new LimitBook(state);
  const long = { windowMs: 3_600_000 };
  const [banned, tried] = [{ needs: [userNeed('banned', long)] }, { needs: [userNeed('tried', long)] }];
  await letThrough(book, 9, banned);
  await letThrough(book, 3, tried);
  const random = createRandom(1);
  for (let i = 0; i < ATTEMPTS / 500; i++)
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        const needs = [needOf(`net-${random.next()}`, long), userNeed(`user-${random.next()}`, long)];
        const answer = await book.admit(WORKER, questionOf({ needs }));
        if ('reservation' in answer)
          await book.settle(WORKER, { reservation: answer.reservation, counts: ['failures'], isSuccess: false });
      }),
    );
  expect(state.windows.size).toBe(MAX_WINDOWS);
  expect(fs.statSync(file).size + fs.statSync(`${file}-wal`).size).toBeLessThan(MAX_WINDOWS * 1_000 + 8 * 2 ** 20);
  expect(await attempt(book, banned)).toHaveProperty('retryAfterMs');
  expect(await letThrough(book, 9, tried)).toBe(2);
});

test('more bans than there may be: none leaves, and windows go on refusing', async () => {
  const { state, events } = openTestState({ maxRoomEntries: 50 });
  const book = new LimitBook(state);
  for (let i = 0; i < 60; i++) await letThrough(book, 5, { needs: [needOf(`a${i}`)] });
  expect(book.bans.page().total).toBe(50);
  for (let i = 0; i < 60; i++) expect(await letThrough(book, 1, { needs: [needOf(`a${i}`)] })).toBe(0);
  expect(events).toEqual([]);
});

test('the table of a worker has every ban, and drops those that have ended', () => {
  let now = 0;
  const table = new BanTable(() => now);
  const random = createRandom(2);
  const places = Array.from({ length: 20_000 }, () => Buffer.from(random.bytes(16)).toString('base64url'));
  expect(table.isEmpty).toBe(true);
  for (const [i, place] of places.entries()) table.set(place, i % 2 === 0 ? 60_000 : 3_600_000);
  expect(places.filter((place) => table.remaining(place) === 0)).toEqual([]);
  now = 61_000;
  expect(places.filter((place) => table.remaining(place) > 0)).toHaveLength(10_000);
  for (const place of places.slice(0, 100)) table.set(place, 0);
  expect(places.filter((place) => table.remaining(place) > 0)).toHaveLength(9_950);
  const others = Array.from({ length: 20_000 }, () => Buffer.from(random.bytes(16)).toString('base64url'));
  expect(others.filter((place) => table.remaining(place) > 0)).toEqual([]);
  for (const place of others) table.set(place, 60_000);
  expect(places.filter((place) => table.remaining(place) > 0)).toHaveLength(9_950);
});
