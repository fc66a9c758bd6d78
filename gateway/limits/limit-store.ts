// What counting needs of a state, and one in memory: for a worker that does not reach the first
// process.

import type { Entry } from '../state/entries.ts';
import { SlotWindows } from '../state/slot-windows.ts';
import type { EntryOptions, StateRoom } from '../state/state.ts';

export interface LimitStore {
  now(): number;
  /** @throws StateError */
  read(room: StateRoom, key: string): Entry | undefined;
  /** @throws StateError */
  list(room: StateRoom, prefix: string, max: number, after?: string): Entry[];
  sizeOf(room: StateRoom): number;
  set(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<void>;
  delete(room: StateRoom, key: string): Promise<boolean>;
  deleteOwned(room: StateRoom, owner: string): Promise<number>;
  readonly windows: Pick<SlotWindows, 'times' | 'keys'>;
  changeWindows(change: (windows: SlotWindows) => void): Promise<void>;
  /** Resolves once what was written so far is committed, or has failed to be. */
  settled(): Promise<void>;
  publish(topic: string, message: string): Promise<void>;
}

const MAX_WINDOWS = 10_000;
const MAX_ENTRIES = 10_000;

/** Bans and counts of this process alone. It knows no browser, and no other name of a user. */
export class MemoryLimitStore implements LimitStore {
  readonly #windows = new SlotWindows({ maxWindows: MAX_WINDOWS, onChange: () => undefined });
  readonly #bans = new Map<string, Entry>();
  readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  read(room: StateRoom, key: string): Entry | undefined {
    const entry = room === 'ban' ? this.#bans.get(key) : undefined;
    return entry && entry.expires > this.now() ? entry : undefined;
  }

  list(): Entry[] {
    return [];
  }

  sizeOf(): number {
    return 0;
  }

  async set(room: StateRoom, key: string, value: string, { ttlMs }: EntryOptions): Promise<void> {
    if (room !== 'ban') return;
    if (this.#bans.size >= MAX_ENTRIES) this.#makeRoom();
    if (this.#bans.size < MAX_ENTRIES) this.#bans.set(key, { key, value, expires: this.now() + ttlMs });
  }

  async delete(_: StateRoom, key: string): Promise<boolean> {
    return this.#bans.delete(key);
  }

  async deleteOwned(): Promise<number> {
    return 0;
  }

  get windows(): SlotWindows {
    return this.#windows;
  }

  async changeWindows(change: (windows: SlotWindows) => void): Promise<void> {
    change(this.#windows);
  }

  async settled(): Promise<void> {}

  async publish(): Promise<void> {}

  #makeRoom(): void {
    for (const [key, { expires }] of this.#bans) if (expires <= this.now()) this.#bans.delete(key);
  }
}
