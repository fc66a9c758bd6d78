// Bans that act on more than logins, in a worker: places as two words of their hash, and when they
// end. 12 bytes each, at most half full, so that a million take 25 to 50 MiB.

const SLOT_WORDS = 3;
const MIN_SLOTS = 1_024;

export class BanTable {
  readonly #now: () => number;
  #words = new Uint32Array(MIN_SLOTS * SLOT_WORDS);
  /** With those that have ended or were lifted, and are not swept yet. */
  #used = 0;

  /** @param now in milliseconds; it never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** @param forMs 0 lifts the ban */
  set(place: string, forMs: number): void {
    const [high, low] = wordsOf(place);
    const at = this.#find(high, low);
    const isNew = this.#words[at] === 0 && this.#words[at + 1] === 0;
    if (isNew && forMs <= 0) return;
    this.#words.set([high, low, forMs <= 0 ? 0 : Math.ceil((this.#now() + forMs) / 1000)], at);
    if (isNew) this.#used++;
    if (this.#used * 2 * SLOT_WORDS > this.#words.length) this.#rebuild();
  }

  /** @returns for how many milliseconds the place is banned; 0 if it is not */
  remaining(place: string): number {
    if (this.#used === 0) return 0;
    const [high, low] = wordsOf(place);
    const ends = this.#words[this.#find(high, low) + 2] ?? 0;
    return Math.max(0, ends * 1000 - this.#now());
  }

  /** The slot of a place, or the free one for it. */
  #find(high: number, low: number): number {
    const slots = this.#words.length / SLOT_WORDS;
    for (let slot = low % slots; ; slot = (slot + 1) % slots) {
      const at = slot * SLOT_WORDS;
      const [first, second] = [this.#words[at], this.#words[at + 1]];
      if ((first === high && second === low) || (first === 0 && second === 0)) return at;
    }
  }

  /** Drops what has ended, and makes room for twice of the rest. */
  #rebuild(): void {
    const old = this.#words;
    const now = this.#now() / 1000;
    const kept: number[] = [];
    for (let at = 0; at < old.length; at += SLOT_WORDS) if ((old[at + 2] ?? 0) > now) kept.push(at);
    let slots = MIN_SLOTS;
    while (slots < kept.length * 4) slots *= 2;
    this.#words = new Uint32Array(slots * SLOT_WORDS);
    this.#used = kept.length;
    for (const at of kept) {
      const [high = 0, low = 0, ends = 0] = old.subarray(at, at + SLOT_WORDS);
      this.#words.set([high, low, ends], this.#find(high, low));
    }
  }
}

/** Of a keyed hash, which nobody outside can choose. Two zero words mark a free slot. */
function wordsOf(place: string): [high: number, low: number] {
  const bytes = Buffer.from(place.slice(0, 11), 'base64url');
  const [high, low] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  return high === 0 && low === 0 ? [0, 1] : [high, low];
}
