// Sessions in the state. Their ids are known to browsers alone; the state has hashes of them.
//
// What a session consists of is ended in any part of it: the application's entry, the person's, or
// the one that ties the person's to the session at the provider. None of them comes back.

import { hash, type KeyObject } from 'node:crypto';
import { type UserId, userIdOf } from '../../factors/factor.ts';
import type { State } from '../../state/state.ts';
import type { Person } from '../person.ts';
import { markEnded, wereEnded } from './session-ends.ts';
import {
  appKey,
  linkKey,
  PERSONS,
  personKey,
  proofKey,
  SESSION_ROOM as ROOM,
  seenKey,
  sinceKey,
} from './session-keys.ts';
import { SessionNames, type Subject } from './session-names.ts';
import {
  type AppRecord,
  type Durations,
  formatAppRecord,
  formatPersonRecord,
  idledUntil,
  type LastUse,
  type NewApp,
  type OwnedSession,
  type PersonRecord,
  type ProviderEnd,
  parseAppRecord,
  parsePersonRecord,
  type SessionOrigin,
  type StoredSession,
} from './session-record.ts';

/** Another value than before says that a session was ended, by whomever. */
const MARK = 'mark';
/** Longer than any session lasts. */
const SEEN_TTL_MS = 30 * 86_400_000;
const MARK_TTL_MS = 400 * 86_400_000;
/** How long it is known whose a session was: for a form that its browser sends afterwards. */
const KNOWN_MS = 86_400_000;
/** Of one person, and of one session at a provider; then the oldest end. */
const MAX_OF_PERSON = 100;
/** In one session of a person. */
const MAX_APPS = 200;

/** Of one person at most. */
const MAX_LISTED = 100;

/** Of a person's own sessions. Every function throws StateError without the state. */
export class SessionStore {
  readonly #state: State;
  readonly names: SessionNames;

  /** @param key derived for sessions alone */
  constructor(state: State, key: KeyObject) {
    this.#state = state;
    this.names = new SessionNames(key);
  }

  /** Of the value of a cookie: 32 random bytes need no key. */
  static idOf(value: string): string {
    return hash('sha256', value, 'base64url');
  }

  async createPerson(
    value: string,
    record: PersonRecord,
    { idleMs }: Durations,
    { providerSession, browser = '' }: SessionOrigin = {},
  ): Promise<void> {
    const id = SessionStore.idOf(value);
    const owner = this.names.link(record.person, providerSession);
    const ttlMs = left(record);
    const ofFactors = (record.factors ?? []).filter(({ factor }) => factor !== '');
    // At once: without any of them there is no session, or none with that factor.
    await Promise.all([
      this.#state.set(ROOM, linkKey(id), browser, { ttlMs, owner, maxOwned: MAX_OF_PERSON }),
      ...ofFactors.map(({ factor, method }) =>
        this.#state.set(ROOM, proofKey(id, method), '', { ttlMs, owner: this.names.factor(factor) }),
      ),
      this.#state.set(ROOM, personKey(id), formatPersonRecord({ ...record, providerSession }), {
        ttlMs: Math.min(idleMs, ttlMs),
        owner: this.names.person(record.person),
        maxOwned: MAX_OF_PERSON,
      }),
    ]);
  }

  /**
   * The same session goes on under a new id: whatever was opened in it ends.
   * @returns whether it had not ended
   */
  async raise(id: string, value: string, record: PersonRecord, durations: Durations): Promise<boolean> {
    const browser = await this.#state.get(ROOM, linkKey(id));
    const { providerSession } = record;
    await this.createPerson(value, record, durations, { providerSession, browser });
    // Behind its creation, so that none slips through while all are ended.
    const wasThere = await this.endPerson(id);
    if (wasThere && !(await this.wasEnded(record.person, providerSession, record.signedInAt))) return true;
    await this.endPerson(SessionStore.idOf(value));
    return false;
  }

  async createApp(value: string, begun: NewApp, { idleMs }: Durations): Promise<void> {
    const { person, ...rest } = begun;
    const { personId, host, seenAt } = rest;
    const idledMs = idledUntil(await this.lastUse(personId, host), seenAt);
    const record = { ...rest, untilMs: seenAt + idleMs, idledMs, who: this.names.person(person) };
    await Promise.all([
      this.#state.set(ROOM, appKey(SessionStore.idOf(value)), formatAppRecord(record), {
        ttlMs: idleMs + KNOWN_MS,
        owner: this.names.openedIn(personId),
        maxOwned: MAX_APPS,
      }),
      this.#saw(record),
    ]);
  }

  /** Undefined for one that has ended, or whose person's has. */
  async readApp(id: string): Promise<StoredSession | undefined> {
    const app = await this.readEnded(id);
    const person = app && app.untilMs > Date.now() ? await this.readPerson(app.personId) : undefined;
    return app && person && { app, person };
  }

  /** Also one that has ended, for a day: it opens nothing. */
  async readEnded(id: string): Promise<AppRecord | undefined> {
    const text = await this.#state.get(ROOM, appKey(id));
    return text === undefined ? undefined : parseAppRecord(text);
  }

  async readPerson(id: string): Promise<PersonRecord | undefined> {
    const [text, link] = await Promise.all([this.#state.get(ROOM, personKey(id)), this.#state.get(ROOM, linkKey(id))]);
    const record = text === undefined || link === undefined ? undefined : parsePersonRecord(text);
    return record && record.untilMs > Date.now() ? this.#withProven(id, record) : undefined;
  }

  /** Without factors that were removed since they were given. */
  async #withProven(id: string, record: PersonRecord): Promise<PersonRecord> {
    const { factors = [] } = record;
    if (factors.length === 0) return record;
    const proofs = await Promise.all(factors.map(({ method }) => this.#state.get(ROOM, proofKey(id, method))));
    return { ...record, factors: factors.filter(({ factor }, i) => factor === '' || proofs[i] !== undefined) };
  }

  /** No session has it any more. */
  async endFactor(factor: string): Promise<void> {
    await this.#state.deleteOwned(ROOM, this.names.factor(factor));
    await this.#tell();
  }

  /** Those of one person, the last used first; a hundred of them. */
  async listOf(person: Subject): Promise<readonly OwnedSession[]> {
    const entries = await this.#state.listOwned(ROOM, this.names.person(person), MAX_LISTED);
    const sessions = await Promise.all(entries.map(({ key }) => this.#describe(key.slice(PERSONS.length))));
    return sessions.filter((each) => each !== undefined).sort((a, b) => b.record.seenAt - a.record.seenAt);
  }

  async #describe(id: string): Promise<OwnedSession | undefined> {
    const [record, browser = '', opened] = await Promise.all([
      this.readPerson(id),
      this.#state.get(ROOM, linkKey(id)),
      this.#state.listOwned(ROOM, this.names.openedIn(id), MAX_LISTED),
    ]);
    const now = Date.now();
    const apps = opened.flatMap(({ value }) => parseAppRecord(value) ?? []).filter(({ untilMs }) => untilMs > now);
    return record && { id, record, browser, apps: apps.sort((a, b) => b.seenAt - a.seenAt) };
  }

  /** Both last longer: they were used. What was ended meanwhile stays so. */
  async touch(id: string, { app, person }: StoredSession, ofApp: Durations, ofPerson: Durations): Promise<void> {
    const now = Date.now();
    const seen = { ...app, seenAt: now, untilMs: now + ofApp.idleMs, idledMs: idledUntil(app, now) };
    await Promise.all([
      this.#state.replace(ROOM, appKey(id), formatAppRecord(seen), ofApp.idleMs + KNOWN_MS),
      this.touchPerson(app.personId, person, ofPerson),
      this.#saw(seen),
    ]);
  }

  /**
   * When a person was last seen at a host in this session of theirs; 0 if never. It outlives the
   * session there, so that an idle one is not opened again without asking.
   */
  async lastUse(personId: string, host: string): Promise<LastUse> {
    const [seenAt = 0, idledMs = 0] = ((await this.#state.get(ROOM, seenKey(personId, host))) ?? '')
      .split(' ')
      .map(Number);
    return { seenAt, idledMs };
  }

  async #saw({ personId, host, seenAt, idledMs }: Omit<AppRecord, 'untilMs' | 'who'>): Promise<void> {
    await this.#state.set(ROOM, seenKey(personId, host), `${seenAt} ${idledMs}`, { ttlMs: SEEN_TTL_MS });
  }

  async touchPerson(id: string, record: PersonRecord, { idleMs }: Durations): Promise<void> {
    const text = formatPersonRecord({ ...record, seenAt: Date.now() });
    await this.#state.replace(ROOM, personKey(id), text, Math.max(1, Math.min(idleMs, left(record))));
  }

  /** @returns whether there was one */
  async endApp(id: string): Promise<boolean> {
    const wasThere = await this.#state.delete(ROOM, appKey(id));
    if (wasThere) await this.#tell();
    return wasThere;
  }

  /** With its applications' ones. @returns whether there was one */
  async endPerson(id: string): Promise<boolean> {
    const [wasThere] = await Promise.all([
      this.#state.delete(ROOM, personKey(id)),
      this.#state.delete(ROOM, linkKey(id)),
    ]);
    if (wasThere) await this.#tell();
    return wasThere;
  }

  /** All sessions of somebody, with sign-ins that go on meanwhile. @returns how many there were */
  endAllOf(person: Subject): Promise<number> {
    return this.#endOwned([this.names.person(person)]);
  }

  /**
   * What somebody signs in with meanwhile comes to nothing, whatever provider says who they are.
   * Sessions that they have are whoever's who lists them to end.
   */
  endSignInsOf(user: UserId): Promise<void> {
    return markEnded(this.#state, [this.names.user(user)]);
  }

  /**
   * All that a provider says have ended: those of its session, and those of the person whose
   * session there nobody knows; or all of a person.
   * @returns how many there were
   */
  endByProvider({ provider, source, subject, providerSession }: ProviderEnd): Promise<number> {
    if (providerSession === undefined) return this.endAllOf({ provider, source, subject: subject ?? '' });
    const owners = [this.names.link({ provider, source, subject: '' }, providerSession)];
    if (subject !== undefined) owners.push(this.names.link({ provider, source, subject }, undefined));
    return this.#endOwned(owners);
  }

  async #endOwned(owners: readonly string[]): Promise<number> {
    await markEnded(this.#state, owners);
    const counts = await Promise.all(owners.map((owner) => this.#state.deleteOwned(ROOM, owner)));
    const count = counts.reduce((sum, each) => sum + each, 0);
    if (count > 0) await this.#tell();
    return count;
  }

  /** Whether that has ended which somebody signs in with who began at this time. */
  async wasEnded(person: Person, providerSession: string | undefined, begunAt: number): Promise<boolean> {
    const owners = [
      this.names.person(person),
      this.names.link(person, providerSession),
      this.names.user(userIdOf(person)),
    ];
    return wereEnded(this.#state, owners, begunAt);
  }

  /** Whoever signed in for an application before has to do so again. */
  async endBefore(app: string, time: number): Promise<void> {
    await this.#state.set(ROOM, sinceKey(app), String(time), { ttlMs: MARK_TTL_MS });
  }

  /** @returns the time of the above; 0 without one */
  async validSince(app: string): Promise<number> {
    return Number((await this.#state.get(ROOM, sinceKey(app))) ?? 0);
  }

  /** Changes with every end of a session. */
  async readMark(): Promise<string> {
    return (await this.#state.get(ROOM, MARK)) ?? '';
  }

  /** @returns a function that ends it */
  onEnd(listener: () => void): () => void {
    return this.#state.subscribe(ROOM, listener);
  }

  /** The mark first: a message may be lost, and workers look for it anyway. */
  async #tell(): Promise<void> {
    await this.#state.set(ROOM, MARK, crypto.randomUUID(), { ttlMs: MARK_TTL_MS });
    await this.#state.publish(ROOM, '');
  }
}

const left = ({ untilMs }: PersonRecord): number => Math.max(1, untilMs - Date.now());
