// What a worker remembers for a while, bounded in weight. Two maps take turns: the older one goes
// as a whole, so that nothing is looked for to make room, and what nobody asks for does not stay.

export interface RecentRules<Value> {
  /** Of all together, in the unit of `weigh`. */
  readonly maxWeight: number;
  /** Milliseconds. What is older may be forgotten. */
  readonly maxAgeMs: number;
  readonly weigh: (value: Value) => number;
}

export class RecentMap<Value> {
  readonly #rules: RecentRules<Value>;
  #young = new Map<string, Value>();
  #old: ReadonlyMap<string, Value> = new Map();
  #weight = 0;
  #begunAt = performance.now();

  constructor(rules: RecentRules<Value>) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: Value): void {
    const { maxWeight, maxAgeMs, weigh } = this.#rules;
    const weight = weigh(value);
    const now = performance.now();
    if (this.#weight + weight > maxWeight / 2 || now - this.#begunAt > maxAgeMs) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
      this.#begunAt = now;
    }
    // One that is replaced weighs until the turn ends.
    this.#weight += weight;
    this.#young.set(key, value);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#weight = 0;
  }
}
