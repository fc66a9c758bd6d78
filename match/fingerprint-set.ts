// A set of fingerprints in bounded memory: once it is full, it no longer finds repetitions.

const WORDS = 3;
const MIN_SLOTS = 1 << 12;

/** Fingerprints are 96 bits of a keyed digest, so that no two values share one. */
export class FingerprintSet {
  readonly #maxSize: number;
  #slots: Uint32Array<ArrayBuffer>;
  #mask = MIN_SLOTS - 1;
  size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#slots = new Uint32Array(MIN_SLOTS * WORDS);
  }

  /** @returns whether it is new, or the set is full */
  add(digest: Buffer): boolean {
    // No fingerprint is zero, which marks an empty slot.
    const a = digest.readUInt32LE(0) | 1;
    const b = digest.readUInt32LE(4);
    const c = digest.readUInt32LE(8);
    const slots = this.#slots;
    let slot = b & this.#mask;
    for (;;) {
      const at = slot * WORDS;
      if (slots[at] === 0) break;
      if (slots[at] === a >>> 0 && slots[at + 1] === b && slots[at + 2] === c) return false;
      slot = (slot + 1) & this.#mask;
    }
    if (this.size >= this.#maxSize) return true;
    slots.set([a, b, c], slot * WORDS);
    this.size++;
    if (this.size * 2 > this.#mask) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Uint32Array((this.#mask + 1) * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] === 0) continue;
      let slot = (old[at + 1] as number) & this.#mask;
      while (this.#slots[slot * WORDS] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots.set(old.subarray(at, at + WORDS), slot * WORDS);
    }
  }
}
