// Sessions as the operator sees and ends them, in the process that keeps the state.

import { userIdOf } from '../../factors/factor.ts';
import type { SqliteState } from '../../state/sqlite-state.ts';
import { plainEmail } from '../email.ts';
import type { KnowsPerson } from '../known-people.ts';
import { SESSION_ROOM } from './session-keys.ts';
import { type PersonRecord, parseAppRecord, parsePersonRecord } from './session-record.ts';
import type { SessionStore } from './session-store.ts';

/** A session of a person, whatever applications they opened in it. */
export interface SessionEntry {
  /** Ends it, and opens nothing. */
  readonly id: string;
  readonly provider: string;
  /** Their e-mail; without one, what the provider calls them. */
  readonly person: string;
  /** Milliseconds since 1970. */
  readonly signedInAt: number;
  readonly seenAt: number;
  readonly untilMs: number;
}

/** Undefined behind the last one. */
export interface SessionPage {
  readonly sessions: readonly SessionEntry[];
  readonly next: string | undefined;
}

export type EndRequest =
  /** One session. */
  | { readonly id: string }
  /** All of the people with this e-mail, or name at their provider, or `PROVIDER:NAME`. */
  | { readonly user: string }
  /** All of an application: its people have to sign in anew. */
  | { readonly app: string };

const PAGE = 500;
const PERSONS = 'person.';
const APPS = 'app.';

export class SessionBook {
  readonly #state: SqliteState;
  readonly #store: SessionStore;

  constructor(state: SqliteState, store: SessionStore) {
    this.#state = state;
    this.#store = store;
  }

  /** @param after the `next` of the page before @throws StateError */
  page(after = ''): SessionPage {
    const entries = this.#state.list(SESSION_ROOM, PERSONS, PAGE, `${PERSONS}${after}`);
    const sessions = entries.flatMap(({ key, value }): SessionEntry[] => {
      const record = parsePersonRecord(value);
      if (!record) return [];
      const { person, ...times } = record;
      const { provider, email, subject } = person;
      return [{ id: key.slice(PERSONS.length), provider, person: email ?? subject, ...times }];
    });
    return { sessions, next: entries.length < PAGE ? undefined : entries.at(-1)?.key.slice(PERSONS.length) };
  }

  /** @returns how many ended @throws StateError */
  async end(request: EndRequest): Promise<number> {
    if ('id' in request) return Number(await this.#store.endPerson(request.id));
    if ('user' in request) return this.#endAllOf(request.user);
    await this.#store.endBefore(request.app, Date.now());
    const isOf = hostTest(request.app);
    const ended = await this.#each(APPS, (text, id) => {
      const record = parseAppRecord(text);
      return record && isOf(record.host) ? this.#endApp(id) : undefined;
    });
    return ended.filter(Boolean).length;
  }

  /** Of people whom no provider speaks for any more. @returns how many ended @throws StateError */
  async endUnknown(knows: KnowsPerson): Promise<number> {
    const ended = await this.#each(PERSONS, (text, id) => {
      const record = parsePersonRecord(text);
      return record && !knows(record.person) ? this.#store.endPerson(id) : undefined;
    });
    return ended.filter(Boolean).length;
  }

  /** @returns whether it was worth anything: its person's may have ended before */
  async #endApp(id: string): Promise<boolean> {
    const isAlive = (await this.#store.readApp(id)) !== undefined;
    await this.#store.endApp(id);
    return isAlive;
  }

  async #endAllOf(user: string): Promise<number> {
    const name = plainEmail(user) ?? user;
    await this.#store.endSignInsOf(name);
    const isTheirs = ({ person }: PersonRecord): boolean => person.subject === user || userIdOf(person) === name;
    const ended = await this.#each(PERSONS, (text) => {
      const record = parsePersonRecord(text);
      return record && isTheirs(record) ? this.#store.endAllOf(record.person) : undefined;
    });
    return ended.reduce((sum, count) => sum + count, 0);
  }

  /** A million are no reason to keep requests waiting: they are read page by page. */
  async #each<Value>(
    prefix: string,
    visit: (text: string, id: string) => Promise<Value> | undefined,
  ): Promise<Value[]> {
    const results: Value[] = [];
    for (let after = prefix, isMore = true; isMore; ) {
      const entries = this.#state.list(SESSION_ROOM, prefix, PAGE, after);
      const visits = entries.map(({ key, value }) => visit(value, key.slice(prefix.length)));
      results.push(...(await Promise.all(visits.filter((each) => each !== undefined))));
      after = entries.at(-1)?.key ?? after;
      isMore = entries.length === PAGE;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return results;
  }
}

/** Whether a host is one of an application's name in the configuration. */
function hostTest(app: string): (host: string) => boolean {
  const [name = ''] = app.split('/');
  if (name === '*') return () => true;
  return name.startsWith('*.') ? (host) => host.endsWith(name.slice(1)) : (host) => host === name;
}
