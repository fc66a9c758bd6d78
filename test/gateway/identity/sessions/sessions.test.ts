// Sessions of people: whose a request is, how long, and how they end on every worker.

import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../../gateway/exchange.ts';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE, type SignInRequest } from '../../../../gateway/identity/sessions/sessions.ts';
import { answerBatch, type BatchAnswer } from '../../../../gateway/state/batches.ts';
import { answerState, RemoteState, type StateQuestion } from '../../../../gateway/state/remote-state.ts';
import type { State } from '../../../../gateway/state/state.ts';
import { createTestClock } from '../../../support/clock.ts';
import {
  DURATIONS,
  personOf,
  placeOf,
  requestWith,
  sessionsOver,
  signIn,
} from '../../../support/gateway/identity/people.ts';
import { createMemoryState } from '../../../support/gateway/memory-state.ts';
import { openTestState } from '../../../support/gateway/state/states.ts';

const APP = placeOf('app.example');
const MINUTE = 60_000;

/** Sessions in a state, and those of a worker that no message reaches. */
function world() {
  const { state } = openTestState();
  return { state, ...sessionsOver(state), other: sessionsOver(workerOf(state)) };
}

/** The state as a worker has it, which sees what it asks. */
const workerOf = (state: State, see: (question: StateQuestion) => Promise<void> | void = () => undefined) =>
  new RemoteState((questions) =>
    answerBatch(questions, async (question) => {
      const answer = await answerState(state, question);
      await see(question);
      return answer;
    }),
  );

describe('a session', () => {
  test('is whose cookie it is, at its application alone', async () => {
    const { store, sessions, state } = world();
    const ann = personOf('ann');
    const { own, ofApp } = await signIn(store, ann, 'app.example');
    const found = await sessions.personOf(requestWith(ofApp), APP);
    expect(found).toMatchObject({ person: ann, personHash: SessionStore.idOf(own) });
    expect(found).toMatchObject({ sessionHash: SessionStore.idOf(ofApp) });
    // Remembered now: no question.
    expect(sessions.personOf(requestWith(ofApp), APP)).toMatchObject({ person: ann });
    expect(await sessions.personOf(requestWith(ofApp, { host: 'other.example' }), APP)).toBe('none');
    expect(await sessions.personOf(requestWith(own), APP)).toBe('none');
    expect(await sessions.personOf(requestWith(undefined), APP)).toBe('none');
    const plain = { ...requestWith(ofApp), isSecure: false } as Exchange;
    expect(await sessions.personOf(plain, APP)).toBe('none');
    const kept = state.list('session', '', 100).flatMap(({ key, value }) => [key, value]);
    expect(kept.join('\n')).not.toContain(own);
    expect(kept.join('\n')).not.toContain(ofApp);
  });

  test('counts for the providers and durations that are in force now', async () => {
    const { store, sessions } = world();
    const clock = createTestClock();
    const { ofApp } = await signIn(store, personOf('ann'), 'app.example');
    const find = (...rules: Parameters<typeof placeOf> extends [unknown, ...infer Rest] ? Rest : never) =>
      sessions.personOf(requestWith(ofApp), placeOf('app.example', ...rules));
    expect(await find({}, ['partners'])).toBe('none');
    clock.pass(20 * MINUTE);
    expect(await find({ absoluteMs: 15 * MINUTE })).toBe('none');
    expect(await find({ idleMs: 15 * MINUTE })).toBe('none');
    expect(await find()).toMatchObject({ person: { subject: 'subject of ann' } });
  });

  test('lasts as long as it is used, and no longer than it may at most', async () => {
    const { store, sessions, state } = world();
    const clock = createTestClock();
    const { ofApp, own } = await signIn(store, personOf('ann'), 'app.example');
    const find = () => sessions.personOf(requestWith(ofApp), APP);
    for (let hours = 0; hours < 21; hours += 7) {
      expect(await find()).toMatchObject({ person: {} });
      await state.settled();
      clock.pass(7 * 60 * MINUTE);
    }
    expect(await find()).toMatchObject({ person: {} });
    await state.settled();
    clock.pass(3 * 60 * MINUTE + MINUTE);
    expect(await find()).toBe('none');
    expect(await store.readPerson(SessionStore.idOf(own))).toBeUndefined();
    const { ofApp: unused } = await signIn(store, personOf('ben'), 'app.example');
    clock.pass(8 * 60 * MINUTE + 1);
    expect(await sessions.personOf(requestWith(unused), APP)).toBe('none');
  });

  test('writes at most once a minute', async () => {
    const { state } = openTestState();
    const writes: string[] = [];
    const worker = workerOf(state, ({ ask }) => {
      if (ask === 'replace') writes.push(ask);
    });
    const { store, sessions } = sessionsOver(worker);
    const clock = createTestClock();
    const { ofApp } = await signIn(store, personOf('ann'), 'app.example');
    for (let i = 0; i < 300; i++) {
      clock.pass(1_000);
      await sessions.personOf(requestWith(ofApp), APP);
    }
    // Two entries each time: the application's, and the person's.
    expect(writes.length).toBeLessThanOrEqual(10);
    expect(writes.length).toBeGreaterThan(4);
  });

  test('that was ended does not come back by being used', async () => {
    const { store, sessions, state } = world();
    const clock = createTestClock();
    const { ofApp, own } = await signIn(store, personOf('ann'), 'app.example');
    const id = SessionStore.idOf(ofApp);
    const read = await store.readApp(id);
    clock.pass(2 * MINUTE);
    await store.endPerson(SessionStore.idOf(own));
    if (read) await store.touch(id, read, DURATIONS, DURATIONS);
    await state.settled();
    expect(await sessions.personOf(requestWith(ofApp), APP)).toBe('none');
  });
});

const { provider, source } = personOf('anyone');
const STAFF = { provider, source };

describe('the end of a session', () => {
  const ways: readonly (readonly [string, (store: SessionStore, own: string, ofApp: string) => Promise<unknown>])[] = [
    ['of the application', (store, _, ofApp) => store.endApp(SessionStore.idOf(ofApp))],
    ['of the person', (store, own) => store.endPerson(SessionStore.idOf(own))],
    ['of all of a person', (store) => store.endAllOf(personOf('ann'))],
    ['of the provider', (store) => store.endByProvider({ ...STAFF, subject: undefined, providerSession: 'sid' })],
    [
      'of the person at the provider',
      (store) => store.endByProvider({ ...STAFF, subject: personOf('ann').subject, providerSession: undefined }),
    ],
  ];

  test.each(ways)('%s holds on every worker, and for nobody else', async (_, end) => {
    const { store, sessions, other } = world();
    const { own, ofApp } = await signIn(store, personOf('ann'), 'app.example', 'sid');
    const ben = await signIn(store, personOf('ben'), 'app.example', 'sid of ben');
    for (const each of [sessions, other.sessions])
      for (const value of [ofApp, ben.ofApp])
        expect(await each.personOf(requestWith(value), APP)).toMatchObject({ person: {} });
    await end(store, own, ofApp);
    expect(await sessions.personOf(requestWith(ofApp), APP)).toBe('none');
    // No message reached the other worker.
    await expect.poll(() => other.sessions.personOf(requestWith(ofApp), APP)).toBe('none');
    for (const each of [sessions, other.sessions])
      expect(await each.personOf(requestWith(ben.ofApp), APP)).toMatchObject({ person: {} });
  });

  test('of a session at the provider is that of a person too whose session there nobody knows', async () => {
    const { store, sessions } = world();
    const unknown = await signIn(store, personOf('ann'), 'app.example');
    const known = await signIn(store, personOf('ann'), 'app.example', 'another sid');
    const ben = await signIn(store, personOf('ben'), 'app.example');
    const { subject } = personOf('ann');
    expect(await store.endByProvider({ ...STAFF, subject, providerSession: 'sid' })).toBe(1);
    expect(await sessions.personOf(requestWith(unknown.ofApp), APP)).toBe('none');
    expect(await sessions.personOf(requestWith(known.ofApp), APP)).toMatchObject({ person: {} });
    expect(await sessions.personOf(requestWith(ben.ofApp), APP)).toMatchObject({ person: {} });
  });

  test('of one person is no matter how many they have: others keep theirs', async () => {
    const { store, sessions, state } = world();
    const ben = await signIn(store, personOf('ben'), 'app.example');
    const ann = await signIn(store, personOf('ann'), 'app.example', 'sid');
    for (let i = 0; i < 210; i++) await signIn(store, personOf('ann'), 'app.example', 'sid');
    const personId = SessionStore.idOf(ben.own);
    const seenAt = Date.now();
    for (let i = 0; i < 400; i++)
      await store.createApp(`${i}`, { host: 'app.example', personId, seenAt, person: personOf('ben') }, DURATIONS);
    expect(state.sizeOf('session')).toBeLessThan(1_000);
    expect(await sessions.personOf(requestWith(ann.ofApp), APP)).toBe('none');
    expect(await store.readPerson(personId)).toBeDefined();
  });

  test('holds for an application that is opened meanwhile', async () => {
    const { store, sessions } = world();
    const { own } = await signIn(store, personOf('ann'), 'app.example');
    await store.endPerson(SessionStore.idOf(own));
    const late = { host: 'app.example', personId: SessionStore.idOf(own), seenAt: Date.now(), person: personOf('ann') };
    const value = own.replace(/^./, 'x');
    await store.createApp(value, late, DURATIONS);
    expect(await sessions.personOf(requestWith(value), APP)).toBe('none');
  });

  test('is not missed by a worker that reads at the same time', async () => {
    const { state } = openTestState();
    const held: (() => void)[] = [];
    let isHolding = false;
    const slow = workerOf(state, async (question) => {
      if (isHolding && 'key' in question && question.key.startsWith('person.'))
        await new Promise<void>((resolve) => held.push(resolve));
    });
    state.topics.onAny((topic, message) => slow.receive(topic, message));
    const { store } = sessionsOver(state);
    const { sessions } = sessionsOver(slow);
    const { own, ofApp } = await signIn(store, personOf('ann'), 'app.example');
    await sessions.personOf(requestWith((await signIn(store, personOf('ben'), 'app.example')).ofApp), APP);
    isHolding = true;
    const begun = sessions.personOf(requestWith(ofApp), APP);
    await expect.poll(() => held.length).toBe(1);
    isHolding = false;
    await store.endPerson(SessionStore.idOf(own));
    for (const release of held) release();
    await begun;
    expect(await sessions.personOf(requestWith(ofApp), APP)).toBe('none');
  });
});

describe('without the state', () => {
  test('nobody passes for anybody, once what is remembered is five seconds old', async () => {
    const state = createMemoryState();
    const { store, sessions } = sessionsOver(state);
    const clock = createTestClock();
    const { ofApp } = await signIn(store, personOf('ann'), 'app.example');
    await sessions.personOf(requestWith(ofApp), APP);
    state.leave();
    clock.pass(4_000);
    expect(await sessions.personOf(requestWith(ofApp), APP)).toMatchObject({ person: {} });
    clock.pass(1_001);
    expect(await sessions.personOf(requestWith(ofApp), APP)).toBe('unavailable');
  });

  test('a process that does not answer counts as away', async () => {
    const { sessions } = sessionsOver(new RemoteState((): Promise<BatchAnswer[]> => Promise.reject(new Error('gone'))));
    expect(await sessions.personOf(requestWith('a'.repeat(43)), APP)).toBe('unavailable');
  });
});

describe('where somebody signs in', () => {
  const html = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
  const { seal, sessions } = sessionsOver(createMemoryState());
  const start = (exchange: Exchange) => {
    const { url, headers } = sessions.signInUrl(exchange, APP);
    const { origin, pathname, searchParams } = new URL(url);
    expect(origin + pathname).toBe('https://auth.example/sign-in');
    const opened = seal.open('sign-in', searchParams.get('to') ?? '');
    return { request: opened?.value as SignInRequest, headers };
  };

  test('is sealed for this application and browser, and for the request that led there', () => {
    const { request, headers } = start(requestWith(undefined, { target: '/a?b=c' }, html));
    expect(request).toMatchObject({ app: 'app.example', origin: 'https://app.example', target: '/a?b=c' });
    const [, cookie = ''] = headers;
    expect(cookie).toMatch(/^__Host-cv-start=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; Secure; SameSite=Lax$/);
    expect(request.start).toBe(SessionStore.idOf(/=([^;]*)/.exec(cookie)?.[1] ?? ''));
    const own = new Map([['__Host-cv-start', 'b'.repeat(43)]]);
    expect(start(requestWith(undefined, { ownCookies: own }, html)).request.start).toBe(
      SessionStore.idOf('b'.repeat(43)),
    );
  });

  test('leads back to a page of this host, and to nothing else', () => {
    const target = (more: object, headers: object) => start(requestWith(undefined, more, headers)).request.target;
    const api = { accept: 'application/json' };
    expect(target({ target: '/api' }, { ...api, referer: 'https://app.example/page?x=1' })).toBe('/page?x=1');
    expect(target({ target: '/api' }, { ...api, referer: 'https://evil.example/page' })).toBe('/');
    expect(target({ target: '/api' }, { ...api, referer: '%' })).toBe('/');
    expect(target({ target: '/api' }, { 'sec-fetch-mode': 'cors', accept: 'text/html' })).toBe('/');
    expect(target({ target: '/x', method: 'POST' }, { ...html, referer: 'https://app.example/form' })).toBe('/form');
    expect(target({ target: `/${'a'.repeat(2_048)}` }, html)).toBe('/');
    expect(target({ target: '*', method: 'OPTIONS' }, {})).toBe('/');
  });

  test('does not open for another purpose, key or time', () => {
    const clock = createTestClock();
    const sealed = seal.close('sign-in', { a: 1 }, 1_000);
    expect(seal.open('sign-in', sealed)).toEqual({ value: { a: 1 }, isExpired: false });
    expect(seal.open('provider', sealed)).toBeUndefined();
    for (const wrong of ['', 'A', sealed.slice(1), `${sealed}A`, sealed.replace(/^../, 'AA'), 'A'.repeat(9_000)])
      expect(seal.open('sign-in', wrong)).toBeUndefined();
    clock.pass(1_001);
    expect(seal.open('sign-in', sealed)).toMatchObject({ isExpired: true });
    expect(APP_COOKIE.in(new Map([['__Host-cv-access', 'short']]), true)).toBeUndefined();
  });
});
