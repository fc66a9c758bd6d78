// For which sessions a verdict waits: who keeps the browser's handle from the gateway keeps the
// cookie of the session, since it is what he has logged in for.
//
// Each worker has the keyed hashes of these cookies in its memory, and is told of those that others
// begin. So a request asks nobody, and costs nothing while no verdict waits.

import type { ExposedCredentialCheck } from '../../client-sdk/index.ts';
import { type SentName, spellingsOf } from '../login/sent-sessions.ts';
import type { State } from '../state/state.ts';
import type { Handles } from './handles.ts';

const TOPIC = 'waiting-sessions';
/** Logins that prove nothing, with few such cookies each, make fewer before they expire. */
const MAX_SESSIONS = 100_000;

/** The worst first: a guess in the same session hides no pair. */
const HEADERS = ['1', '3', '4', '2'] as const satisfies readonly ExposedCredentialCheck[];

interface Waiting {
  /** Of the browser that the verdict waits for. */
  readonly id: string;
  readonly until: number;
}

/** What is sent to all workers. */
interface Message {
  readonly sessions: readonly string[];
  readonly header: ExposedCredentialCheck;
  readonly id: string;
  readonly ttlMs: number;
}

export class WaitingSessions {
  readonly #state: State;
  readonly #handles: Handles;
  readonly #now: () => number;
  /** By verdict and the hash of a cookie; the oldest first. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(state: State, handles: Handles, now = () => performance.now()) {
    this.#state = state;
    this.#handles = handles;
    this.#now = now;
    state.subscribe(TOPIC, (message) => this.#add(JSON.parse(message) as Message));
  }

  /**
   * The verdict that waits under `id` is that of these sessions too.
   * @throws StateError
   */
  async add(application: string, cookies: readonly SentName[], verdict: Omit<Message, 'sessions'>): Promise<void> {
    const sessions = this.#hashesOf(application, cookies);
    if (sessions.length > 0) await this.#state.publish(TOPIC, JSON.stringify({ ...verdict, sessions }));
  }

  /**
   * @param cookies is called if a verdict waits for anybody
   * @returns of whom one waits for a session, the worst first
   */
  find(application: string, cookies: () => readonly SentName[]): readonly string[] {
    this.#dropOld();
    if (this.#waiting.size === 0) return [];
    const hashes = this.#hashesOf(application, cookies());
    const found = HEADERS.flatMap((header) => hashes.map((hash) => this.#waiting.get(header + hash)?.id));
    return [...new Set(found.filter((id) => id !== undefined))];
  }

  #hashesOf(application: string, cookies: readonly SentName[]): string[] {
    return [...new Set(cookies.flatMap(spellingsOf))].map((text) => this.#handles.sessionOf(application, text));
  }

  #add({ sessions, header, id, ttlMs }: Message): void {
    const until = this.#now() + ttlMs;
    for (const session of sessions) {
      this.#waiting.delete(header + session);
      this.#waiting.set(header + session, { id, until });
    }
    this.#dropOld();
  }

  /** All wait for the same time, so that the oldest are over first. */
  #dropOld(): void {
    if (this.#waiting.size === 0) return;
    const now = this.#now();
    for (const [session, { until }] of this.#waiting) {
      if (until > now && this.#waiting.size <= MAX_SESSIONS) return;
      this.#waiting.delete(session);
    }
  }
}
