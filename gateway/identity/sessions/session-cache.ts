// What a worker remembers of sessions, so that a request asks nobody. It looks for ended ones twice
// a second, and after each message about one; without an answer for five seconds it remembers none.

import { RecentMap } from '../recent-map.ts';
import type { StoredSession } from './session-record.ts';
import type { SessionStore } from './session-store.ts';

const POLL_MS = 500;
const MAX_AGE_MS = 5_000;
const MAX_SESSIONS = 10_000;

interface Remembered {
  readonly session: StoredSession;
  readonly readAt: number;
}

export class SessionCache {
  readonly #store: Pick<SessionStore, 'readApp' | 'readMark' | 'onEnd'>;
  readonly #sessions = new RecentMap<Remembered>({ maxWeight: MAX_SESSIONS, maxAgeMs: MAX_AGE_MS, weigh: () => 1 });
  readonly #polling: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #mark: string | undefined;
  #markReadAt = Number.NEGATIVE_INFINITY;
  /** Of what is read while another is ended, nothing is remembered. */
  #generation = 0;
  #poll: Promise<void> | undefined;

  constructor(store: Pick<SessionStore, 'readApp' | 'readMark' | 'onEnd'>) {
    this.#store = store;
    this.#unsubscribe = store.onEnd(() => this.#forget());
    this.#polling = setInterval(() => {
      if (this.#sessions.size > 0) void this.#look();
    }, POLL_MS).unref();
  }

  /** At once where it is remembered; then by a promise. @throws StateError */
  find(id: string): StoredSession | Promise<StoredSession | undefined> {
    const now = performance.now();
    const remembered = this.#sessions.get(id);
    if (!remembered || now - remembered.readAt > MAX_AGE_MS || now - this.#markReadAt > MAX_AGE_MS)
      return this.#read(id);
    return remembered.session;
  }

  /** What this worker itself has changed. Of one that is not remembered, nothing. */
  renew(id: string, session: StoredSession): void {
    const remembered = this.#sessions.get(id);
    if (remembered) this.#sessions.set(id, { ...remembered, session });
  }

  close(): void {
    clearInterval(this.#polling);
    this.#unsubscribe();
  }

  async #read(id: string): Promise<StoredSession | undefined> {
    const readAt = performance.now();
    // The mark of before: what ends from here on changes it.
    if (this.#sessions.size === 0) await this.#look();
    const generation = this.#generation;
    const session = await this.#store.readApp(id);
    if (!session || generation !== this.#generation) return session;
    this.#sessions.set(id, { session, readAt });
    return session;
  }

  /** One look at a time. A failure is no answer, and ends what is remembered by its age. */
  #look(): Promise<void> {
    this.#poll ??= this.#readMark().finally(() => {
      this.#poll = undefined;
    });
    return this.#poll;
  }

  async #readMark(): Promise<void> {
    const askedAt = performance.now();
    try {
      const mark = await this.#store.readMark();
      if (mark !== this.#mark) this.#forget();
      this.#mark = mark;
      this.#markReadAt = askedAt;
    } catch {
      // Whoever needs the state next meets the same, and says so.
    }
  }

  #forget(): void {
    this.#generation++;
    this.#sessions.clear();
  }
}
