// Addresses that the operator's rules put into a list, each until a time.

import type { Address } from '../../addresses/address.ts';
import { networkOf } from '../../addresses/network.ts';

/** Of a `subscriberOf`. */
type Key = number | string;

/** What one subscriber has: an address of IPv4, or 64 bits of IPv6. */
export const subscriberOf = (address: Address): Address =>
  address.family === 4 ? address : networkOf(address, 64).first;

export class ObservedAddresses {
  readonly #maxEntries: number;
  /** Until when, in the order of their last observation. */
  readonly #until = new Map<Key, number>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#until.size;
  }

  has(address: Address): boolean {
    return this.#until.size > 0 && this.untilOf(address) > Date.now();
  }

  /** 0 if it is not in the list. */
  untilOf(address: Address): number {
    return this.#until.get(keyOf(address)) ?? 0;
  }

  /**
   * An address that is in the list stays at least as long as before.
   * @returns false if the oldest one had to leave for it
   */
  add(address: Address, untilMs: number): boolean {
    const key = keyOf(address);
    const before = this.untilOf(address);
    this.#until.delete(key);
    this.#until.set(key, Math.max(before, untilMs));
    this.#dropExpired();
    if (this.#until.size <= this.#maxEntries) return true;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      break;
    }
    return false;
  }

  *entries(): Generator<{ readonly address: Address; readonly untilMs: number }> {
    for (const [key, untilMs] of this.#until) yield { address: addressOf(key), untilMs };
  }

  /** Only from the front, so that it costs little: what is behind expires later, or soon after. */
  #dropExpired(): void {
    const now = Date.now();
    for (const [key, untilMs] of this.#until) {
      if (untilMs > now) break;
      this.#until.delete(key);
    }
  }
}

const keyOf = (address: Address): Key =>
  address.family === 4 ? address.word : `${address.words[0]}:${address.words[1]}`;

function addressOf(key: Key): Address {
  if (typeof key === 'number') return { family: 4, word: key };
  const [a = 0, b = 0] = key.split(':').map(Number);
  return { family: 6, words: [a, b, 0, 0] };
}
