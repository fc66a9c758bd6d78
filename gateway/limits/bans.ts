// Bans in force, in the process that counts: durable before anybody is told of one.

import type { Entry } from '../state/entries.ts';
import type { BanEntry, BannedPlaces, BanPage, LimitNeed } from './limit-messages.ts';
import { type LimitStore, MemoryLimitStore } from './limit-store.ts';

/** Messages to workers: a place, and for how many milliseconds it is banned; 0 lifts it. */
export const BANS_TOPIC = 'bans';

export interface BanChange {
  readonly place: string;
  readonly forMs: number;
}

/** Bans that workers have too come first. */
const FOR_ALL = 'a.';
const FOR_LOGINS = 'l.';
const PAGE = 10_000;
const SHOWN_PAGE = 1_000;
const SHOWN_HASH = 8;

type Banned = LimitNeed & { readonly key: string; readonly user?: string };

/** What stands in the state. */
interface Kept {
  readonly app: string;
  readonly limit: string;
  readonly network?: string;
  readonly user?: string;
}

export class Bans {
  readonly #store: LimitStore;
  /** Those that could not be written. */
  readonly #unwritten: MemoryLimitStore;

  constructor(store: LimitStore) {
    this.#store = store;
    this.#unwritten = new MemoryLimitStore(() => store.now());
  }

  /** @returns for how long a key is banned; 0 if it is not */
  remaining(need: Pick<LimitNeed, 'isForAll'>, key: string): number {
    const id = idOf(need, key);
    const ends = [this.#read(id)?.expires ?? 0, this.#unwritten.read('ban', id)?.expires ?? 0];
    return Math.max(0, Math.max(...ends) - this.#store.now());
  }

  /** Resolves once the ban is on the disk, or in memory because it cannot be there. */
  async add(app: string, { limit, key, user, place, banMs, isForAll, network }: Banned): Promise<void> {
    const kept: Kept = { app, limit, ...(network && { network }), ...(user && { user }) };
    const id = idOf({ isForAll }, key);
    const options = { ttlMs: banMs, ...(user && { owner: user }) };
    const value = JSON.stringify(kept);
    try {
      await this.#store.set('ban', id, value, { ...options, isDurable: true });
    } catch {
      await this.#unwritten.set('ban', id, value, options);
    }
    if (isForAll) await this.#tell({ place, forMs: banMs });
  }

  /** @returns the key whose count led to it, or undefined without a ban of this id */
  async lift(id: string): Promise<string | undefined> {
    const lifted = [await this.#unwritten.delete('ban', id), await this.#store.delete('ban', id)];
    if (!lifted.includes(true)) return undefined;
    const key = id.slice(FOR_ALL.length);
    if (id.startsWith(FOR_ALL)) await this.#tell({ place: key, forMs: 0 });
    return key;
  }

  /** @returns how many there were */
  async liftOwned(user: string): Promise<number> {
    return this.#store.deleteOwned('ban', user);
  }

  page(after = ''): BanPage {
    const bans = this.#store.list('ban', '', SHOWN_PAGE, after).map((entry) => this.#shown(entry));
    return { bans, total: this.#store.sizeOf('ban') };
  }

  places(after = ''): BannedPlaces {
    const entries = this.#store.list('ban', FOR_ALL, PAGE, after);
    const now = this.#store.now();
    const places = entries.map(({ key, expires }) => [key.slice(FOR_ALL.length), expires - now] as const);
    const last = entries.at(-1);
    return { places, ...(entries.length === PAGE && last && { after: last.key }) };
  }

  #shown({ key, value, expires }: Entry): BanEntry {
    const { app, limit, network, user } = JSON.parse(value) as Kept;
    const forMs = expires - this.#store.now();
    return {
      id: key,
      app,
      limit,
      ...(network && { network }),
      ...(user && { user: user.slice(0, SHOWN_HASH) }),
      forMs,
    };
  }

  #read(id: string): Entry | undefined {
    try {
      return this.#store.read('ban', id);
    } catch {
      // The state has reported it.
      return undefined;
    }
  }

  #tell(change: BanChange): Promise<void> {
    return this.#store.publish(BANS_TOPIC, JSON.stringify(change));
  }
}

/** What lifts the ban of a key. */
export const idOf = ({ isForAll }: Pick<LimitNeed, 'isForAll'>, key: string): string =>
  `${isForAll ? FOR_ALL : FOR_LOGINS}${key}`;
