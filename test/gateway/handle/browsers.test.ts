// Handles of browsers: what the cookie has, what is kept, and who is asked.

import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Browsers } from '../../../gateway/handle/browsers.ts';
import { HANDLE_COOKIE, Handles } from '../../../gateway/handle/handles.ts';
import { WaitingSessions } from '../../../gateway/handle/waiting-sessions.ts';
import type { SentName } from '../../../gateway/login/sent-sessions.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';

const handles = new Handles(createSecretKey(Buffer.alloc(32, 7)));
const APP = 'app.example';

function world() {
  const state = createMemoryState();
  return { state, browsers: new Browsers(state, handles) };
}

/** Undefined at once where nobody is asked. */
function take(browsers: Browsers, application: string, handle: string | undefined, cookies: readonly SentName[] = []) {
  const places = browsers.placesOf(application, handle, () => cookies);
  return places.length === 0 ? undefined : browsers.takeVerdict(places).then((taken) => taken?.header);
}

const sessionOf = (...users: string[]) => ({ users, isNameless: false, unnamed: new Set<string>() });
/** Of an application whose cookies name nobody. */
const unnamed = { users: [], isNameless: false, unnamed: new Set(['sid']) };

describe('a handle', () => {
  test('is 32 random bytes, and known by a keyed hash alone', async () => {
    const { state, browsers } = world();
    const values = await Promise.all(Array.from({ length: 50 }, () => browsers.begin(APP, { header: '1' })));
    expect(new Set(values).size).toBe(50);
    for (const value of values) {
      expect(Buffer.from(value, 'base64url')).toHaveLength(32);
      expect(state.text()).not.toContain(value);
    }
    const other = new Browsers(state, new Handles(createSecretKey(Buffer.alloc(32, 8))));
    expect(await other.mayHave(APP, values[0], sessionOf())).toBe(false);
  });

  test('is one of an application, and new at each login', async () => {
    const { browsers } = world();
    const first = await browsers.begin(APP, {});
    const second = await browsers.begin(APP, {});
    expect(first).not.toBe(second);
    expect(await browsers.mayHave(APP, first, sessionOf())).toBe(true);
    expect(await browsers.mayHave('other.example', first, sessionOf())).toBe(false);
    expect(await browsers.mayHave(APP, handles.draw({ mayWait: false }), sessionOf())).toBe(false);
    expect(await browsers.mayHave(APP, undefined, sessionOf())).toBe(false);
  });

  test('is read from a cookie that is whole, of the name that fits the scheme', () => {
    const value = handles.draw({ mayWait: false });
    const secure = new Map([['__Host-cv-b', value]]);
    expect(HANDLE_COOKIE.in(secure, true)).toBe(value);
    expect(HANDLE_COOKIE.in(secure, false)).toBeUndefined();
    expect(HANDLE_COOKIE.in(new Map([['cv-b', value]]), true)).toBeUndefined();
    expect(HANDLE_COOKIE.in(new Map([['cv-b', value]]), false)).toBe(value);
    for (const wrong of ['', value.slice(1), `${value}A`, `${value.slice(1)}=`, value.replace(/^./, '+')])
      expect(HANDLE_COOKIE.in(new Map([['cv-b', wrong]]), false)).toBeUndefined();
    expect(HANDLE_COOKIE.format(value, true)).toBe(
      `__Host-cv-b=${value}; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax`,
    );
    expect(HANDLE_COOKIE.format(value, false)).toBe(`cv-b=${value}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax`);
  });
});

describe('the users of a handle', () => {
  test('are those whom its logins were checked for, on the handles before it too', async () => {
    const { state, browsers } = world();
    const first = await browsers.begin(APP, { users: { ofSession: ['ann'], typed: [] } });
    const second = await browsers.begin(APP, { users: { ofSession: ['bob'], typed: [] }, before: first });
    expect(await browsers.mayHave(APP, second, sessionOf('ann', 'bob'))).toBe(true);
    expect(await browsers.mayHave(APP, first, sessionOf('bob'))).toBe(false);
    expect(await browsers.mayHave(APP, second, sessionOf('ann', 'eve'))).toBe(false);
    expect(await browsers.mayHave('other.example', second, sessionOf('ann'))).toBe(false);
    expect(await browsers.mayHave(APP, second, { users: ['ann'], isNameless: true })).toBe(false);
    expect(await browsers.mayHave(APP, undefined, sessionOf())).toBe(false);
    expect(state.text()).not.toMatch(/ann|bob/);
  });

  test('are exact where the application names them, and as they may be meant where people do', async () => {
    const { browsers } = world();
    const named = await browsers.begin(APP, { users: { ofSession: ['Ann'], typed: [] } });
    expect(await browsers.mayHave(APP, named, sessionOf('ann'))).toBe(false);
    const typed = await browsers.begin(APP, { users: { ofSession: [], typed: ['ANN '] } });
    expect(await browsers.mayHave(APP, typed, sessionOf('ann'))).toBe(true);
    expect(await browsers.mayHave(APP, typed, sessionOf('bob'))).toBe(false);
  });

  test('are the last eight, and nobody in an entry of before', async () => {
    const { state, browsers } = world();
    let before: string | undefined;
    for (let i = 0; i < 9; i++)
      before = await browsers.begin(APP, { users: { ofSession: [`user${i}`], typed: [] }, before });
    expect(await browsers.mayHave(APP, before, sessionOf('user8', 'user1'))).toBe(true);
    expect(await browsers.mayHave(APP, before, sessionOf('user0'))).toBe(false);
    const old = handles.draw({ mayWait: false });
    await state.set('handle', handles.idOf(APP, old), '1', { ttlMs: 60_000 });
    expect(await browsers.mayHave(APP, old, sessionOf())).toBe(true);
    expect(await browsers.mayHave(APP, old, sessionOf('ann'))).toBe(false);
  });

  test('are unknown while the state is away', async () => {
    const { state, browsers } = world();
    const handle = await browsers.begin(APP, { users: { ofSession: ['ann'], typed: [] } });
    state.leave();
    expect(await browsers.mayHave(APP, handle, sessionOf('ann'))).toBeUndefined();
  });
});

describe('a handle of a login', () => {
  const users = { ofSession: [], typed: ['ann'] };
  const ofAnn = sessionOf('ann');

  test('that shows nothing of the password admits no session, and ends nothing of before', async () => {
    const { browsers } = world();
    const guess = await browsers.begin(APP, { users, shows: 'nothing' });
    expect(await browsers.admits(APP, guess, ofAnn)).toBe('none');
    expect(await browsers.admits(APP, guess, unnamed)).toBe('none');
    const right = await browsers.begin(APP, { users });
    const later = await browsers.begin(APP, {
      users: { ofSession: [], typed: ['bob'] },
      shows: 'nothing',
      before: right,
    });
    expect(await browsers.admits(APP, later, ofAnn)).toBe('known');
    expect(await browsers.admits(APP, later, sessionOf('bob'))).toBe('none');
  });

  test('of two steps admits one session, of its user', async () => {
    const { state, browsers } = world();
    const step = () => browsers.begin(APP, { users, shows: 'step' });
    const twice = await step();
    const both = await Promise.all([1, 2].map(() => browsers.admits(APP, twice, unnamed)));
    expect(both.filter((admission) => admission === 'step')).toHaveLength(1);
    const other = await step();
    expect(await browsers.admits(APP, other, sessionOf('bob'))).toBe('none');
    expect(await browsers.admits(APP, other, ofAnn)).toBe('none');
    const nameless = await step();
    expect(await browsers.admits(APP, nameless, { ...sessionOf(), isNameless: true })).toBe('none');
    expect(await browsers.admits(APP, nameless, ofAnn)).toBe('step');
    expect(await browsers.admits(APP, nameless, ofAnn)).toBe('known');
    const late = await step();
    state.leave();
    expect(await browsers.admits(APP, late, ofAnn)).toBeUndefined();
  });
});

describe('a verdict', () => {
  test('waits for one request, of one application', async () => {
    const { browsers } = world();
    const handle = await browsers.begin(APP, { header: '3' });
    expect(await take(browsers, 'other.example', handle)).toBeUndefined();
    const taken = await Promise.all(Array.from({ length: 20 }, () => take(browsers, APP, handle)));
    expect(taken.filter((value) => value !== undefined)).toEqual(['3']);
  });

  test('is taken once over all workers', async () => {
    const { state, browsers } = world();
    const handle = await browsers.begin(APP, { header: '1' });
    const workers = Array.from({ length: 4 }, () => new Browsers(state, handles));
    const taken = await Promise.all(workers.map((worker) => take(worker, APP, handle)));
    expect(taken.filter((value) => value === '1')).toHaveLength(1);
  });

  test('costs no question where none waits, or after it was taken', async () => {
    const { state, browsers } = world();
    const clean = await browsers.begin(APP, {});
    const leaked = await browsers.begin(APP, { header: '1' });
    expect(await take(browsers, APP, leaked)).toBe('1');
    const before = state.calls();
    expect(take(browsers, APP, clean)).toBeUndefined();
    expect(take(browsers, APP, leaked)).toBeUndefined();
    expect(state.calls()).toBe(before);
  });

  test('may come after the answer', async () => {
    const { browsers } = world();
    const handle = browsers.reserve();
    expect(await take(browsers, APP, handle)).toBeUndefined();
    expect(await browsers.mayHave(APP, handle, sessionOf())).toBe(false);
    await browsers.finish(APP, handle, { header: '1' });
    expect(await take(browsers, APP, handle)).toBe('1');
    expect(await browsers.mayHave(APP, handle, sessionOf())).toBe(true);
  });

  test('is absent, and no login known, while the state is away', async () => {
    const { state, browsers } = world();
    const handle = await browsers.begin(APP, { header: '1' });
    state.leave();
    expect(await take(browsers, APP, handle)).toBeUndefined();
    expect(await browsers.mayHave(APP, handle, sessionOf())).toBeUndefined();
    await expect(browsers.begin(APP, {})).rejects.toMatchObject({ code: 'STATE_AWAY' });
  });

  test('waits for a session too, in every spelling and worker, and once for both', async () => {
    const { state, browsers } = world();
    const other = new Browsers(state, handles);
    const sid = (value: string, name = 'sid') => [{ name, value }];
    const handle = await browsers.begin(APP, { header: '1', sessions: sid('s:a b') });
    for (const cookie of ['s:a b', 's%3Aa%20b', '"s:a+b"'])
      expect(other.placesOf(APP, undefined, () => sid(cookie, 'SID'))).toHaveLength(1);
    expect(other.placesOf(APP, undefined, () => sid('s:a'))).toEqual([]);
    expect(other.placesOf('other.example', undefined, () => sid('s:a b'))).toEqual([]);
    expect(await take(other, APP, undefined, sid('s:a b'))).toBe('1');
    expect(await take(browsers, APP, handle, sid('s:a b'))).toBeUndefined();
    expect(state.text()).not.toContain('s:a');
  });

  test('of a session is not hidden by a lesser one', async () => {
    const { browsers } = world();
    const sessions = [{ name: 'sid', value: '1' }];
    for (const header of ['1', '4', '2', '3'] as const) await browsers.begin(APP, { header, sessions });
    const taken: unknown[] = [];
    for (let i = 0; i < 5; i++) taken.push(await take(browsers, APP, undefined, sessions));
    expect(taken).toEqual(['1', '3', '4', '2', undefined]);
  });

  test('of a guess waits for no session, until one begins', async () => {
    const { browsers } = world();
    const sessions = [{ name: 'sid', value: '1' }];
    const handle = await browsers.begin(APP, { header: '1', sessions, isSure: false });
    expect(take(browsers, APP, undefined, sessions)).toBeUndefined();
    const cookies = [{ name: 'sid', value: '2' }];
    await browsers.beganSession(APP, handle, { session: unnamed, admission: 'step', cookies });
    expect(take(browsers, APP, undefined, sessions)).toBeUndefined();
    expect(await take(browsers, APP, undefined, [{ name: 'sid', value: '2' }])).toBe('1');
  });

  test('of sessions ends', async () => {
    let now = 0;
    const state = createMemoryState();
    const waiting = new WaitingSessions(state, handles, () => now);
    const find = (value: string) => waiting.find(APP, () => [{ name: 'sid', value }]);
    const add = (values: readonly string[], id: string) =>
      waiting.add(
        APP,
        values.map((value) => ({ name: 'sid', value })),
        { header: '1', id, ttlMs: 1_000 },
      );
    await add(
      Array.from({ length: 100 }, (_, i) => `${i}`),
      'first',
    );
    expect([find('0'), find('63'), find('100')]).toEqual([['first'], ['first'], []]);
    now = 999;
    await add(['next'], 'second');
    expect(find('63')).toEqual(['first']);
    now = 1_000;
    expect([find('0'), find('63'), find('next')]).toEqual([[], [], ['second']]);
    now = 1_999;
    const unasked = () => expect.fail('nobody waits');
    expect(waiting.find(APP, unasked)).toEqual([]);
  });
});
