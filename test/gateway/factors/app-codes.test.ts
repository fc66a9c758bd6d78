// Apps for codes: two of a person, and guesses that keep nobody from their own browser.

import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { appCode, enrolTotp, openBook } from '../../support/gateway/factors/book.ts';
import { AUTH, type FactorPage, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';

const ANN = 'ann@example.com';
const wrongOf = (right: string): string => String((Number(right) + 1) % 1e6).padStart(6, '0');

describe('a second app', () => {
  test('shows codes beside the first one, each once, and a third one is too many', async () => {
    const opened = openBook();
    const [old, fresh] = [await enrolTotp(opened, ANN), await enrolTotp(opened, ANN)];
    const { book, now, pass } = opened;
    for (const { secret, factor } of [old, fresh]) {
      const code = appCode(secret, now());
      expect(await book.tryTotp(ANN, code, 'session')).toMatchObject({ given: { factor: factor.id } });
      expect(await book.tryTotp(ANN, code, 'session')).toEqual({ refused: 'wrong' });
    }
    await expect(enrolTotp(opened, ANN)).rejects.toThrow('limit');
    // The old telephone leaves, and its codes with it.
    expect(await book.remove({ user: ANN, factor: old.factor.id, by: [fresh.factor.id] })).toBe('removed');
    pass(30_000);
    expect(await book.tryTotp(ANN, appCode(old.secret, now()), 'session')).toEqual({ refused: 'wrong' });
    expect(await book.tryTotp(ANN, appCode(fresh.secret, now()), 'session')).toHaveProperty('given');
  });
});

describe('wrong codes', () => {
  test('in one browser keep nobody from another one that is known, nor give they more guesses', async () => {
    const opened = openBook();
    const { secret } = await enrolTotp(opened, ANN);
    const { book, now, pass, told } = opened;
    const right = () => appCode(secret, now());
    for (let i = 0; i < 9; i++) await book.tryTotp(ANN, wrongOf(right()), 'session');
    for (let i = 0; i < 9; i++) await book.tryTotp(ANN, wrongOf(right()), 'browser of a thief');
    expect(await book.tryTotp(ANN, right(), 'session')).toHaveProperty('waitMs');
    expect(await book.tryTotp(ANN, right(), 'browser of a thief')).toHaveProperty('waitMs');
    expect(await book.tryTotp(ANN, right(), 'browser of ann')).toHaveProperty('given');
    // Strangers still wait.
    expect(await book.tryTotp(ANN, right(), 'session')).toHaveProperty('waitMs');
    expect(told.filter(({ change }) => change === 'guessed')).toHaveLength(2);
    pass(3_600_000);
    for (let i = 0; i < 100; i++) await book.tryTotp(ANN, wrongOf(right()), `browser ${i}`);
    expect(await book.tryTotp(ANN, right(), 'browser 0')).toHaveProperty('given');
  });

  test('in sessions that somebody stole keep their owner from nothing', async () => {
    const clock = createTestClock();
    const world = await startWorld({ more: 'factors: { methods: [totp] }' });
    const { own } = await signedIn(world);
    const { secret } = await own.enrolApp(await world.kept.admin.makeCode(ANN));
    const right = () => appCode(secret, Date.now());
    const eve = await signedIn(world, 'eve');
    const { secret: ofEve } = await eve.own.enrolApp(await world.kept.admin.makeCode('eve@example.com'));
    clock.pass(60_000);
    expect((await answer(own, right())).code).toBe(200);
    expect((await answer(eve.own, appCode(ofEve, Date.now()))).code).toBe(200);
    for (let i = 0; i < 5; i++) {
      const thief = (await signedIn(world)).own;
      expect((await answer(thief, wrongOf(right()))).code).toBe(403);
    }
    clock.pass(15_000);
    const thief = (await signedIn(world)).own;
    expect((await answer(thief, wrongOf(right()))).code).toBe(429);
    clock.pass(15_000);
    // In a session of another day, too.
    own.browser.jarOf(new URL(AUTH)).delete('cv-session');
    await own.browser.open('http://app.example/page', { stopAt: ({ pathname }) => pathname === '/step-up' });
    expect((await answer(own, wrongOf(right()))).code).toBe(403);
    expect((await answer(own, right())).code).toBe(200);
    // Whoever has the cookie of one person is a stranger as another one.
    expect((await answer((await signedIn(world)).own, wrongOf(right()))).code).toBe(403);
    const last = (await signedIn(world)).own;
    const cookie = eve.own.browser.jarOf(new URL(AUTH)).get('cv-shown') ?? '';
    expect(cookie).toMatch(/^[\w-]{43}$/);
    last.browser.jarOf(new URL(AUTH)).set('cv-shown', cookie);
    expect((await answer(last, right())).code).toBe(429);
  });
});

async function answer(own: FactorPage, code: string) {
  const { body } = await own.manage();
  return own.answerCode(body.challenge, code);
}
