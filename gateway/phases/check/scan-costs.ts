// What of the processor a party takes while its bodies are looked through. Text of nothing but
// beginnings of names takes a hundred times as long as any other, and is cheap to send.

const WINDOW_MS = 10_000;
/** In a window, beyond what the bytes should take: a fifth of a core. */
const MAX_EXCESS_US = 2_000_000;
/** Several times what documents take. */
const US_PER_BYTE = 0.2;

export class ScanCosts {
  readonly #now: () => number;
  #endsAt = 0;
  /** Microseconds. */
  #excess = new Map<string, number>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the party waits until the window is over. */
  isSpent(party: string): boolean {
    return (this.#excess.get(party) ?? 0) > MAX_EXCESS_US && this.#now() < this.#endsAt;
  }

  /** @param bytes that are looked through */
  measure<Result>(party: string, bytes: number, look: () => Result): Result {
    const before = processorTime();
    try {
      return look();
    } finally {
      this.#add(party, processorTime() - before - bytes * US_PER_BYTE);
    }
  }

  #add(party: string, excess: number): void {
    if (this.#now() >= this.#endsAt) {
      this.#endsAt = this.#now() + WINDOW_MS;
      this.#excess.clear();
    }
    if (excess > 0) this.#excess.set(party, (this.#excess.get(party) ?? 0) + excess);
  }
}

/** Microseconds, whatever else the machine does. Node 22 knows it of the whole process alone. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return user + system;
}
