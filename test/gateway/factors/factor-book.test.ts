// The factors of people, as the process keeps them that has the state.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openSqliteState } from '../../../gateway/state/sqlite-state.ts';
import { appCode, enrolTotp, factorsOver, keyCredential, openBook } from '../../support/gateway/factors/book.ts';
import { openTestState } from '../../support/gateway/state/states.ts';

const ANN = 'ann@example.com';
const BOB = 'bob@example.com';
const DAY = 86_400_000;
const keyOf = (id: string) => ({ method: 'security_key', name: `key ${id}`, key: keyCredential(id) }) as const;

describe('a code of an app', () => {
  test('counts once, of many at once', async () => {
    const opened = openBook();
    const { secret, factor } = await enrolTotp(opened, ANN);
    const code = appCode(secret, opened.now());
    const answers = await Promise.all(Array.from({ length: 20 }, () => opened.book.tryTotp(ANN, code, 'session')));
    expect(answers.filter((each) => 'given' in each)).toEqual([
      { given: { factor: factor.id, trustedFrom: factor.trustedFrom } },
    ]);
  });

  test('is not the one that it was enrolled with', async () => {
    const opened = openBook();
    const { secret } = await enrolTotp(opened, ANN);
    expect(await opened.book.tryTotp(ANN, appCode(secret, opened.now() - 30_000), 'session')).toEqual({
      refused: 'wrong',
    });
  });

  test('waits after five wrong ones, longer each time, and the owner hears of it once', async () => {
    const opened = openBook();
    const { book, now, pass, told } = opened;
    const { secret } = await enrolTotp(opened, ANN);
    const right = () => appCode(secret, now());
    const wrong = () => String((Number(right()) + 1) % 1e6).padStart(6, '0');
    for (let i = 0; i < 5; i++) expect(await book.tryTotp(ANN, wrong(), 'session')).toEqual({ refused: 'wrong' });
    expect(await book.tryTotp(ANN, right(), 'session')).toEqual({ refused: 'wait', waitMs: 30_000 });
    pass(30_000);
    expect(await book.tryTotp(ANN, wrong(), 'session')).toEqual({ refused: 'wrong' });
    expect(await book.tryTotp(ANN, right(), 'session')).toEqual({ refused: 'wait', waitMs: 60_000 });
    // In a month of guessing, a few hundred guesses.
    let guesses = 0;
    for (const end = now() + 30 * DAY; now() < end; guesses++) {
      const answer = await book.tryTotp(ANN, wrong(), 'session');
      if ('waitMs' in answer) pass(answer.waitMs);
    }
    expect(guesses).toBeLessThan(1_500);
    pass(3_600_000);
    expect(await book.tryTotp(ANN, right(), 'session')).toHaveProperty('given');
    expect(told.filter(({ change }) => change === 'guessed')).toHaveLength(1);
    expect(await book.tryTotp(BOB, right(), 'session')).toEqual({ refused: 'wrong' });
  });
});

test('wrong codes for logins that are held back keep nobody from their sessions, nor these from those', async () => {
  const opened = openBook();
  const { secret } = await enrolTotp(opened, ANN);
  const right = () => appCode(secret, opened.now());
  const wrong = () => String((Number(right()) + 1) % 1e6).padStart(6, '0');
  for (let i = 0; i < 9; i++) await opened.book.tryTotp(ANN, wrong(), 'release');
  expect(await opened.book.tryTotp(ANN, right(), 'release')).toHaveProperty('waitMs');
  expect(await opened.book.tryTotp(ANN, right(), 'session')).toHaveProperty('given');
  // Nor does a right one elsewhere give anybody more guesses.
  expect(await opened.book.tryTotp(ANN, wrong(), 'release')).toHaveProperty('waitMs');
  opened.pass(3_600_000);
  for (let i = 0; i < 9; i++) await opened.book.tryTotp(ANN, wrong(), 'session');
  expect(await opened.book.tryTotp(ANN, right(), 'release')).toHaveProperty('given');
});

describe('recovery codes', () => {
  test('count once each, of many at once', async () => {
    const opened = openBook();
    await enrolTotp(opened, ANN);
    const codes = await opened.book.drawRecovery(ANN);
    expect(new Set(codes).size).toBe(10);
    const [first = '', second = ''] = codes;
    const answers = await Promise.all(Array.from({ length: 20 }, () => opened.book.tryRecovery(ANN, first)));
    expect(answers.filter((each) => 'given' in each)).toHaveLength(1);
    expect(await opened.book.tryRecovery(BOB, second)).toEqual({ refused: 'wrong' });
    expect(await opened.book.tryRecovery(ANN, second.toUpperCase().replaceAll('-', ' '))).toHaveProperty('given');
    expect((await opened.book.describe(ANN)).recoveryLeft).toBe(8);
    expect(opened.told.filter(({ change }) => change === 'recovery-used')).toHaveLength(2);
  });

  test('are worth nothing once others were drawn, or the last factor is gone', async () => {
    const opened = openBook();
    const { book, admin } = opened;
    const none = await book.drawRecovery(ANN);
    expect(none).toEqual([]);
    await enrolTotp(opened, ANN);
    const [old = ''] = await book.drawRecovery(ANN);
    const [current = ''] = await book.drawRecovery(ANN);
    expect(await book.tryRecovery(ANN, old)).toEqual({ refused: 'wrong' });
    await admin.remove(ANN);
    expect(await book.tryRecovery(ANN, current)).toEqual({ refused: 'wrong' });
  });

  test('are not kept away by guesses at codes of apps', async () => {
    const opened = openBook();
    await enrolTotp(opened, ANN);
    const [code = ''] = await opened.book.drawRecovery(ANN);
    for (let i = 0; i < 9; i++) await opened.book.tryTotp(ANN, '000000', 'session');
    expect(await opened.book.tryRecovery(ANN, code)).toHaveProperty('given');
  });
});

describe('a first factor', () => {
  test('needs more than a session: nothing but a code, a window or a mail opens it', async () => {
    const { book, admin } = openBook();
    const factor = keyOf('one');
    const kinds = [{ kind: 'factor', by: [''] }, { kind: 'recovery', mark: '' }, { kind: 'window' }] as const;
    for (const authority of kinds)
      expect(await book.enrol({ user: ANN, authority, factor })).toEqual({ refused: 'closed' });
    for (const kind of ['code', 'mail'] as const)
      expect(await book.enrol({ user: ANN, authority: { kind, hash: '' }, factor })).toEqual({ refused: 'closed' });
    const code = await admin.makeCode(BOB);
    expect(await book.checkCode(ANN, code)).toEqual({ refused: 'wrong' });
    const ofBob = await book.checkCode(BOB, code);
    if (!('authority' in ofBob)) throw new Error('not taken');
    expect(await book.enrol({ user: ANN, authority: ofBob.authority, factor })).toEqual({ refused: 'closed' });
  });

  test('by a code: five tries, 24 hours, one factor, of two at once', async () => {
    const { book, admin, pass } = openBook();
    const tried = await admin.makeCode(ANN);
    for (let i = 0; i < 5; i++) expect(await book.checkCode(ANN, '0000-0000-0000-0000')).toEqual({ refused: 'wrong' });
    expect(await book.checkCode(ANN, tried)).toEqual({ refused: 'wrong' });
    const late = await admin.makeCode(ANN);
    pass(DAY);
    expect(await book.checkCode(ANN, late)).toEqual({ refused: 'wrong' });
    const checked = await book.checkCode(ANN, await admin.makeCode(ANN));
    if (!('authority' in checked)) throw new Error('not taken');
    const { authority } = checked;
    const answers = await Promise.all(['a', 'b'].map((id) => book.enrol({ user: ANN, authority, factor: keyOf(id) })));
    expect(answers[0]).toHaveProperty('factor');
    expect(answers[1]).toEqual({ refused: 'closed' });
  });

  test('in the window after the first import, which no later one opens again', async () => {
    const { book, admin, pass } = openBook({ windowMs: 3 * DAY });
    const enrol = (id: string) => book.enrol({ user: ANN, authority: { kind: 'window' }, factor: keyOf(id) });
    expect(await admin.importUsers([{ email: ANN, app: 'wiki', user: 'Ann' }])).toBe(1);
    pass(3 * DAY);
    expect(await enrol('late')).toEqual({ refused: 'closed' });
    expect(await admin.importUsers([{ email: ANN }, { email: BOB }])).toBe(1);
    expect(await enrol('later')).toEqual({ refused: 'closed' });
    const answer = await book.enrol({ user: BOB, authority: { kind: 'window' }, factor: keyOf('bob') });
    expect(answer).toHaveProperty('factor');
    await admin.remove(BOB);
    expect(await book.enrol({ user: BOB, authority: { kind: 'window' }, factor: keyOf('bob2') })).toEqual({
      refused: 'closed',
    });
    expect(await admin.userOf('wiki', 'Ann')).toBe(ANN);
    expect(await admin.userOf('wiki', 'ann')).toBeUndefined();
    expect(await admin.userOf('other', 'Ann')).toBeUndefined();
  });

  test('by mail where that is allowed: five an hour, five tries, never after a factor was removed', async () => {
    const { book, admin, mails, pass } = openBook({ byMail: true });
    for (let i = 0; i < 7; i++) await book.mailCode(ANN);
    await book.mailCode('staff:subject');
    expect(mails).toHaveLength(5);
    for (let i = 0; i < 5; i++) await book.checkCode(ANN, '00000000');
    expect(await book.checkCode(ANN, mails[4]?.code ?? '')).toEqual({ refused: 'wrong' });
    pass(3_600_000);
    await book.mailCode(ANN);
    const checked = await book.checkCode(ANN, mails[5]?.code ?? '');
    if (!('authority' in checked)) throw new Error('not taken');
    const { authority } = checked;
    const answer = await book.enrol({ user: ANN, authority, factor: keyOf('a') });
    expect(answer).toHaveProperty('factor');
    await admin.remove(ANN);
    await book.mailCode(ANN);
    expect(mails).toHaveLength(6);
    expect(await book.enrol({ user: ANN, authority, factor: keyOf('b') })).toEqual({ refused: 'closed' });
    expect((await book.describe(ANN)).firstBy).toBeUndefined();
  });
});

describe('further factors', () => {
  test('are trusted a day later, or with a code of an administrator at once', async () => {
    const opened = openBook();
    const { factor } = await enrolTotp(opened, ANN);
    expect(factor.trustedFrom).toBe(factor.createdAt);
    const authority = { kind: 'factor', by: [factor.id] } as const;
    const answer = await opened.book.enrol({ user: ANN, authority, factor: keyOf('a') });
    if (!('factor' in answer)) throw new Error(answer.refused);
    expect(answer.factor.trustedFrom).toBe(opened.now() + DAY);
  });

  test('of an authenticator that somebody else has are refused, until it is removed there', async () => {
    const opened = openBook();
    const by = [(await enrolTotp(opened, ANN)).factor.id, (await enrolTotp(opened, BOB)).factor.id];
    const enrol = (user: string) =>
      opened.book.enrol({ user, authority: { kind: 'factor', by }, factor: keyOf('same') });
    const answer = await enrol(ANN);
    if (!('factor' in answer)) throw new Error(answer.refused);
    expect(await enrol(BOB)).toEqual({ refused: 'taken' });
    await opened.admin.remove(ANN, answer.factor.id);
    expect(await enrol(BOB)).toHaveProperty('factor');
  });

  test('are few', async () => {
    const opened = openBook();
    const by = [(await enrolTotp(opened, ANN)).factor.id];
    const enrol = (id: number) =>
      opened.book.enrol({ user: ANN, authority: { kind: 'factor', by }, factor: keyOf(String(id)) });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, id) => enrol(id)));
    expect(answers.filter((each) => 'factor' in each)).toHaveLength(15);
    expect(answers.at(-1)).toEqual({ refused: 'limit' });
  });

  test('take none away that was there before, on their first day', async () => {
    const opened = openBook();
    const { book, now, pass, removed } = opened;
    const { factor: old } = await enrolTotp(opened, ANN);
    const authority = { kind: 'factor', by: [old.id] } as const;
    const answer = await book.enrol({ user: ANN, authority, factor: keyOf('new') });
    if (!('factor' in answer)) throw new Error(answer.refused);
    const { id } = answer.factor;
    const remove = (factor: string, by: string[]) => book.remove({ user: ANN, factor, by });
    expect(await remove(old.id, [id])).toBe('untrusted');
    expect(await remove(old.id, [old.id])).toBe('untrusted');
    expect(await remove('other', [old.id])).toBe('missing');
    expect(await book.remove({ user: BOB, factor: old.id, by: [old.id] })).toBe('missing');
    pass(DAY);
    expect(now()).toBeGreaterThanOrEqual(answer.factor.trustedFrom);
    expect(await remove(old.id, [id])).toBe('removed');
    expect(await remove(id, [id])).toBe('last');
    expect(removed).toEqual([old.id]);
  });

  test('of WebAuthn count upwards', async () => {
    const opened = openBook();
    const authority = { kind: 'factor', by: [(await enrolTotp(opened, ANN)).factor.id] } as const;
    const answer = await opened.book.enrol({ user: ANN, authority, factor: keyOf('a') });
    if (!('factor' in answer)) throw new Error(answer.refused);
    const { id } = answer.factor;
    const use = (counter: number, user = ANN) => opened.book.useKey(user, id, counter);
    expect(await use(0)).toBeDefined();
    expect(await use(7)).toBeDefined();
    expect(await use(7)).toBeUndefined();
    expect(await use(6)).toBeUndefined();
    expect(await use(0)).toBeUndefined();
    expect(await use(8, BOB)).toBeUndefined();
    expect(await use(8)).toBeDefined();
  });
});

describe('in the file of the state', () => {
  test('stand no name and no secret, and another key opens none of it', async () => {
    const { state, file } = openTestState();
    const opened = factorsOver(state);
    const { secret } = await enrolTotp(opened, ANN);
    const codes = await opened.book.drawRecovery(ANN);
    await opened.admin.importUsers([{ email: BOB, app: 'wiki', user: 'robert' }]);
    const bytes = ['', '-wal'].map((end) => fs.readFileSync(file + end).toString('latin1')).join('');
    for (const text of [ANN, BOB, 'robert', secret, 'telephone', ...codes]) expect(bytes).not.toContain(text);
    const [entry] = state.list('factor', 'user.', 1);
    const key = `user.${'a'.repeat(43)}`;
    await state.keep('factor', [{ key, value: entry?.value }]);
    // In the place of somebody else, it opens nothing.
    expect(() => opened.admin.page()).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });

  test('outlives its process', async () => {
    const { state, file } = openTestState();
    const opened = factorsOver(state);
    const { secret, factor } = await enrolTotp(opened, ANN);
    const used = appCode(secret, opened.now());
    await opened.book.tryTotp(ANN, used, 'session');
    state.close();
    const again = openSqliteState({ file, onEvent: () => undefined });
    const { book, admin } = factorsOver(again);
    expect(admin.page().users).toMatchObject([{ user: ANN, factors: [{ id: factor.id }], hadFactor: true }]);
    expect(await book.tryTotp(ANN, used, 'session')).toEqual({ refused: 'wrong' });
    again.close();
  });
});
