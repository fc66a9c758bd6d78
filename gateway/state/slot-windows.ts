// Slots taken in sliding windows, by key: the times at which each was taken, so that no period of
// the window's length has more than its number.
//
// The table is bounded. What leaves for new keys is what has the fewest slots taken, the oldest of
// them first: many random keys push out each other, and not a key that is being tried again and
// again.

import type { WindowNeed } from './state.ts';

export interface Window {
  readonly windowMs: number;
  /** Ascending. */
  times: number[];
}

export interface SlotWindowsOptions {
  readonly maxWindows: number;
  /** Called for each change; undefined once the key has gone. */
  readonly onChange: (key: string, window: Window | undefined) => void;
}

/** Windows with 1, 2 to 3, 4 to 7, and more slots taken. */
const LEVELS = 4;
const levelOf = ({ length }: readonly number[]): number => Math.min(LEVELS - 1, 31 - Math.clz32(length));

export class SlotWindows {
  readonly #options: SlotWindowsOptions;
  /** Each in the order of its keys' last changes. */
  readonly #levels = Array.from({ length: LEVELS }, () => new Map<string, Window>());

  /** Of each level, where the next one to leave is. */
  readonly #oldest: (MapIterator<string> | undefined)[] = [];

  constructor(options: SlotWindowsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#levels.reduce((sum, { size }) => sum + size, 0);
  }

  *keys(): Iterable<string> {
    for (const level of this.#levels) yield* level.keys();
  }

  /** What was there before a restart. */
  restore(key: string, window: Window): void {
    if (window.times.length > 0) this.#levels[levelOf(window.times)]?.set(key, window);
  }

  /** When the slots that are taken now were. */
  times({ key, windowMs }: Omit<WindowNeed, 'allow'>, now: number): readonly number[] {
    const window = this.#find(key);
    return window ? window.times.filter((at) => at > now - windowMs) : [];
  }

  /** Takes a slot, whether or not one is free. */
  add({ key, windowMs }: Omit<WindowNeed, 'allow'>, at: number): void {
    const times = [...this.times({ key, windowMs }, at), at].sort((a, b) => a - b);
    this.#put(key, { windowMs, times });
  }

  /** Frees a slot that was taken at that time, if it still is. */
  remove(key: string, at: number): void {
    const window = this.#find(key);
    const place = window?.times.indexOf(at) ?? -1;
    if (!window || place < 0) return;
    this.#put(key, { ...window, times: window.times.toSpliced(place, 1) });
  }

  /** Frees all slots but those taken at the given times. */
  clear(key: string, kept: readonly number[] = []): void {
    const window = this.#find(key);
    if (window) this.#put(key, { ...window, times: window.times.filter((at) => kept.includes(at)) });
  }

  /** What was counted for one key counts for another from now on. */
  merge(from: string, into: string): void {
    const moved = this.#find(from);
    if (!moved || from === into) return;
    const times = [...moved.times, ...(this.#find(into)?.times ?? [])].sort((a, b) => a - b);
    this.#put(from, { ...moved, times: [] });
    this.#put(into, { ...moved, times });
  }

  /** Drops up to `max` of those that have ended. @returns whether there may be more */
  sweep(now: number, max = Number.POSITIVE_INFINITY): boolean {
    let left = max;
    for (const level of this.#levels)
      for (const [key, { windowMs, times }] of level) {
        if ((times.at(-1) ?? 0) > now - windowMs) continue;
        if (left-- === 0) return true;
        level.delete(key);
        this.#options.onChange(key, undefined);
      }
    return false;
  }

  #find(key: string): Window | undefined {
    for (const level of this.#levels) {
      const window = level.get(key);
      if (window) return window;
    }
    return undefined;
  }

  #put(key: string, window: Window): void {
    const isKnown = this.#levels.some((level) => level.delete(key));
    if (window.times.length === 0) {
      if (isKnown) this.#options.onChange(key, undefined);
      return;
    }
    if (!isKnown && this.size >= this.#options.maxWindows) this.#evict();
    this.#levels[levelOf(window.times)]?.set(key, window);
    this.#options.onChange(key, window);
  }

  /**
   * Goes on where it was: from the beginning, a map would step over all that has left before.
   */
  #evict(): void {
    for (const [i, level] of this.#levels.entries()) {
      if (level.size === 0) continue;
      let { value: key } = this.#oldest[i]?.next() ?? {};
      if (key === undefined) {
        const oldest = level.keys();
        this.#oldest[i] = oldest;
        key = oldest.next().value;
      }
      if (key === undefined) continue;
      level.delete(key);
      this.#options.onChange(key, undefined);
      return;
    }
  }
}
