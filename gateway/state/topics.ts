// Messages within one process, by topic.

type Listener = (message: string) => void;

export class Topics {
  readonly #listeners = new Map<string, Set<Listener>>();
  #onAny: ((topic: string, message: string) => void) | undefined;
  #onAnnounced: ((topic: string, message: string) => Promise<void>) | undefined;

  /** Resolves once it was heard everywhere. */
  async announce(topic: string, message: string): Promise<void> {
    for (const listener of this.#listeners.get(topic) ?? []) listener(message);
    await this.#onAnnounced?.(topic, message);
  }

  publish(topic: string, message: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener(message);
    this.#onAny?.(topic, message);
  }

  subscribe(topic: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(topic, listeners);
    return () => listeners.delete(listener);
  }

  onAny(listener: (topic: string, message: string) => void): void {
    this.#onAny = listener;
  }

  onAnnounced(listener: (topic: string, message: string) => Promise<void>): void {
    this.#onAnnounced = listener;
  }
}
