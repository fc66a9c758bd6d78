// Which values are frequent among very many, in bounded memory: pairs of a hash and a lower bound
// of its count.

export type Frequent = readonly (readonly [value: number, count: number])[];

/** Kept values of a Misra-Gries summary: one with more than a fifth of all is among them. */
const KEPT = 4;

/** The summary of Misra and Gries (1982). */
export class FrequentValues {
  readonly #values = new Uint32Array(KEPT);
  readonly #counts = new Float64Array(KEPT);
  #kept = 0;

  add(value: number, count: number): void {
    const counts = this.#counts;
    for (let i = 0; i < this.#kept; i++) {
      if (this.#values[i] !== value) continue;
      counts[i] = (counts[i] as number) + count;
      return;
    }
    const rest = this.#kept < KEPT ? count : count - this.#reduce(count);
    if (rest === 0) return;
    this.#values[this.#kept] = value;
    counts[this.#kept++] = rest;
  }

  /**
   * Takes the least of `count` and all counts from each of them, and drops the values that have
   * none left.
   * @returns what it took
   */
  #reduce(count: number): number {
    const counts = this.#counts;
    let least = count;
    for (let i = 0; i < KEPT; i++) least = Math.min(least, counts[i] as number);
    this.#kept = 0;
    for (let i = 0; i < KEPT; i++) {
      const left = (counts[i] as number) - least;
      if (left === 0) continue;
      this.#values[this.#kept] = this.#values[i] as number;
      counts[this.#kept++] = left;
    }
    return least;
  }

  entries(): Frequent {
    return Array.from({ length: this.#kept }, (_, i) => [this.#values[i] as number, this.#counts[i] as number]);
  }
}

/** A power of two, of which some ten values share few. */
const SLOTS = 64;
/** Of all: rarer values are no column of a few. */
const MIN_SHARE = 0.02;

/** The majority of the values in each slot (Boyer and Moore, 1981): some ten values keep theirs. */
export class FewValues {
  readonly #values = new Uint32Array(SLOTS);
  readonly #counts = new Float64Array(SLOTS);
  #all = 0;

  add(value: number, count: number): void {
    this.#all += count;
    const slot = (value ^ (value >>> 16)) & (SLOTS - 1);
    const counted = this.#counts[slot] as number;
    if (this.#values[slot] === value) this.#counts[slot] = counted + count;
    else if (counted >= count) this.#counts[slot] = counted - count;
    else {
      this.#values[slot] = value;
      this.#counts[slot] = count - counted;
    }
  }

  /** Those of which a slot has more than one. */
  entries(): Frequent {
    const all: [number, number][] = Array.from(this.#values, (value, i) => [value, this.#counts[i] as number]);
    return all.filter(([, count]) => count > 1 && count > MIN_SHARE * this.#all);
  }
}
