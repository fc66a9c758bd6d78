// Finds the tags of an entry: a hash table with open addressing. Equal entries share a slot, and
// the hash is keyed, so that tags that someone made up cannot make it slow.

import { randomInt } from 'node:crypto';
import { readU32 } from '../../protocol/bytes.ts';
import { TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { GrowingBytes, GrowingNumbers } from './growing.ts';
import type { TagTable } from './tag-table.ts';

const MAX_LOAD = 0.5;
const NONE = 0xffff_ffff;

const randomOdd = (): number => randomInt(2 ** 31) * 2 + 1;

export class EntryIndex {
  readonly #entries: Buffer;
  /** Of each entry its tag, and the next one that is equal. */
  readonly #tags = new GrowingNumbers();
  readonly #next = new GrowingNumbers();
  /** Entries by hash, from 1. */
  readonly #slots: Uint32Array;
  readonly #factors = [randomOdd(), randomOdd(), randomOdd()] as const;

  /** Of the current tags of a table. */
  constructor(table: TagTable) {
    const entries = new GrowingBytes(TAG_AND_SEED_BYTES);
    table.eachEntry((entry, tag) => {
      entries.add(entry);
      this.#tags.add(tag);
      this.#next.add(NONE);
    });
    this.#entries = entries.bytes;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(entries.length / MAX_LOAD + 2)));
    for (let entry = 0; entry < entries.length; entry++) {
      const slot = this.#slotOf(this.#entries, entry * TAG_AND_SEED_BYTES);
      const equal = this.#slots[slot] as number;
      if (equal !== 0) this.#next.set(entry, equal - 1);
      this.#slots[slot] = entry + 1;
    }
  }

  /** Calls `take` with each tag that has the entry at `bytes[at]`. */
  find(bytes: Uint8Array, at: number, take: (tag: number) => void): void {
    const found = this.#slots[this.#slotOf(bytes, at)] as number;
    if (found === 0) return;
    for (let entry = found - 1; entry !== NONE; entry = this.#next.at(entry)) take(this.#tags.at(entry));
  }

  /** That of an equal entry, or the empty one where it would be. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const [a, b, c] = this.#factors;
    const mask = this.#slots.length - 1;
    const mixed = Math.imul(readU32(bytes, at) ^ c, a) ^ Math.imul(readU32(bytes, at + 4), b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (let found = this.#slots[slot]; found; found = this.#slots[slot]) {
      if (this.#isEqual((found - 1) * TAG_AND_SEED_BYTES, bytes, at)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isEqual(entryAt: number, bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < TAG_AND_SEED_BYTES; i++) if (this.#entries[entryAt + i] !== bytes[at + i]) return false;
    return true;
  }
}
