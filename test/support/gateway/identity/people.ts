// People, and sessions of theirs in a state of the test.

import { createSecretKey } from 'node:crypto';
import type { Exchange } from '../../../../gateway/exchange.ts';
import { IDENTITY_SCHEMA } from '../../../../gateway/identity/identity-schema.ts';
import { sourceOf } from '../../../../gateway/identity/known-people.ts';
import type { Person } from '../../../../gateway/identity/person.ts';
import { Seal } from '../../../../gateway/identity/sessions/seal.ts';
import type { SessionPlace } from '../../../../gateway/identity/sessions/session.ts';
import type { Durations } from '../../../../gateway/identity/sessions/session-record.ts';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE, Sessions } from '../../../../gateway/identity/sessions/sessions.ts';
import { OwnCookie } from '../../../../gateway/request/own-cookies.ts';
import type { State } from '../../../../gateway/state/state.ts';

const KEY = createSecretKey(Buffer.alloc(32, 5));
const HOUR = 3_600_000;
export const DURATIONS: Durations = { absoluteMs: 24 * HOUR, idleMs: 8 * HOUR };

/** As most tests configure them. */
const SOURCES = sourcesOf({
  staff: { oidc: 'https://idp.example', clientId: 'gateway' },
  guests: { oidc: 'https://guests.example', clientId: 'gateway' },
});

function sourcesOf(identity: object): ReadonlyMap<string, string> {
  const parsed = Object.entries(IDENTITY_SCHEMA.parse(identity));
  return new Map(parsed.map(([name, config]) => [name, sourceOf(config)]));
}

export const personOf = (name: string, more: Partial<Person> = {}): Person => ({
  provider: 'staff',
  source: SOURCES.get(more.provider ?? 'staff') ?? '-',
  subject: `subject of ${name}`,
  email: `${name}@example.com`,
  groups: ['all'],
  claims: new Map([['team', ['red', 'blue']]]),
  amr: ['pwd'],
  ...more,
});

export const placeOf = (name: string, more: Partial<Durations> = {}, providers = ['staff']): SessionPlace => ({
  name,
  sessionRules: { ...DURATIONS, ...more, hosts: new Set([name]), providers: new Set(providers), grainMs: 60_000 },
});

export function sessionsOver(state: State) {
  const store = new SessionStore(state, KEY);
  const seal = new Seal(KEY);
  const sessions = new Sessions({
    store,
    seal,
    identity: () => ({ origin: 'https://auth.example', ofPerson: DURATIONS, knows: () => true }),
  });
  return { store, seal, sessions };
}

/** @returns the values of both cookies */
export async function signIn(store: SessionStore, person: Person, app: string, providerSession?: string) {
  const now = Date.now();
  const [own, ofApp] = [OwnCookie.draw(), OwnCookie.draw()];
  const record = { person, signedInAt: now, authenticatedAt: now, seenAt: now, untilMs: now + DURATIONS.absoluteMs };
  await store.createPerson(own, record, DURATIONS, { providerSession, browser: 'Firefox on Linux' });
  await store.createApp(ofApp, { host: app, personId: SessionStore.idOf(own), seenAt: now, person }, DURATIONS);
  return { own, ofApp };
}

/** A request with the cookie of an application's session. */
export function requestWith(value: string | undefined, more: object = {}, headers: object = {}): Exchange {
  const [pair = ''] = value === undefined ? [] : APP_COOKIE.format(value, true).split(';');
  const [name = '', cookie = ''] = pair.split('=');
  const head = {
    ownCookies: new Map([[name, cookie]]),
    authority: 'app.example',
    host: 'app.example',
    method: 'GET',
    target: '/',
    ...more,
  };
  return { head, message: { headers }, isSecure: true } as unknown as Exchange;
}
