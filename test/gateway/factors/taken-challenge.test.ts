// Where a factor, or somebody, is taken away: what was asked before is over, and so are sessions.

import { describe, expect, test } from 'vitest';
import { SessionBook } from '../../../gateway/identity/sessions/session-book.ts';
import { SessionStore } from '../../../gateway/identity/sessions/session-store.ts';
import { OwnCookie } from '../../../gateway/request/own-cookies.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { AUTH, type FactorPage, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { DURATIONS, personOf, sessionsOver, signIn } from '../../support/gateway/identity/people.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { openTestState } from '../../support/gateway/state/states.ts';

const ANN = 'ann@example.com';
const APP = 'http://app.example/page';

/** Ann has two keys. */
async function opened() {
  const world = await startWorld({ more: 'factors: { methods: [security_key] }' });
  const { admin } = world.kept;
  const { browser: ann, own } = await signedIn(world);
  const [first, second] = [new Authenticator(AUTH), new Authenticator(AUTH)];
  for (const key of [first, second])
    expect((await own.enrolKey(key, 'security_key', await admin.makeCode(ANN))).code).toBe(200);
  return { ...world, admin, ann, own, first, second };
}

async function challenged(own: FactorPage) {
  const { body } = await own.manage();
  return body.challenge;
}

type Opened = Awaited<ReturnType<typeof opened>>;
const idOf = ({ admin }: Opened): string => admin.find(ANN)?.factors[0]?.id ?? '';

const TAKING: { readonly [how: string]: (of: Opened) => Promise<unknown> } = {
  'its owner removes one': async (world) => {
    const { own } = await signedIn(world);
    await own.confirm(world.second);
    await own.read();
    expect((await own.form('/factors/remove', { factor: idOf(world) })).code).toBe(303);
  },
  'factors remove ID': (world) => world.admin.remove(ANN, idOf(world)),
  'factors remove --all': ({ admin }) => admin.remove(ANN),
  'users remove': ({ admin }) => admin.forget(ANN),
};

describe('a challenge is over', () => {
  test.each(Object.entries(TAKING))('%s', async (how, take) => {
    const world = await opened();
    const { own, second } = world;
    const challenge = await challenged(own);
    await take(world);
    const reply = await own.answerKey(challenge, second);
    expect(reply.body.code).toBe('CHALLENGE_GONE');
    expect(world.state.list('once', 'challenge.', 10)).toHaveLength(0);
    // With what is left, they go on; there is nothing left to go on with otherwise.
    if (how.includes('ID')) expect((await own.answerKey(await challenged(own), second)).code).toBe(200);
  });

  test('and those of others go on', async () => {
    const world = await opened();
    const eve = await signedIn(world, 'eve');
    const key = new Authenticator(AUTH);
    await eve.own.enrolKey(key, 'security_key', await world.admin.makeCode('eve@example.com'));
    const challenge = await challenged(eve.own);
    await world.admin.forget(ANN);
    expect((await eve.own.answerKey(challenge, key)).code).toBe(200);
    expect((await eve.browser.open(APP)).url.pathname).toBe('/page');
  });
});

describe('users remove', () => {
  test('ends every session of theirs, here and at applications', async () => {
    const world = await opened();
    const { ann, own, admin, state } = world;
    expect((await ann.open(APP)).url.pathname).toBe('/page');
    const other = await signedIn(world);
    await admin.forget(ANN);
    for (const [page, theirs] of [
      [own, ann],
      [other.own, other.browser],
    ] as const) {
      expect((await page.read()).token).toBe('');
      const reply = await theirs.open(APP, { stopAt: ({ pathname }) => pathname === '/sign-in' });
      expect(reply.url.pathname).toBe('/sign-in');
    }
    expect(state.list('session', 'person.', 10)).toHaveLength(0);
  });

  test('of somebody whose session just goes on under another id ends it', async () => {
    const { state } = openTestState();
    const { store } = sessionsOver(state);
    const ann = personOf('ann');
    const { own } = await signIn(store, ann, 'app.example');
    const id = SessionStore.idOf(own);
    const record = await store.readPerson(id);
    const before = Date.now();
    if (!record) throw new Error('no session');
    // All of hers are listed now, and the new one is not yet there.
    await store.endSignInsOf(ann.email ?? '');
    const value = OwnCookie.draw();
    expect(await store.raise(id, value, record, DURATIONS)).toBe(false);
    expect(await store.readPerson(SessionStore.idOf(value))).toBe(undefined);
    expect(await store.wasEnded(ann, undefined, before)).toBe(true);
    expect(await store.wasEnded(personOf('ben'), undefined, 0)).toBe(false);
    expect(await new SessionBook(state, store).end({ user: ann.email ?? '' })).toBe(0);
  });

  test('finds people without an e-mail by what the gateway calls them', async () => {
    const { state } = openTestState();
    const { store } = sessionsOver(state);
    const ann = { ...personOf('ann'), email: undefined };
    await signIn(store, ann, 'app.example');
    const book = new SessionBook(state, store);
    expect(await book.end({ user: `other:${ann.subject}` })).toBe(0);
    expect(await book.end({ user: `${ann.provider}:${ann.subject}` })).toBe(1);
  });
});
