// Messages within one process, by topic.

type Listener = (message: string) => unknown;

export class Topics {
  readonly #listeners = new Map<string, Set<Listener>>();
  #onAny: ((topic: string, message: string) => void) | undefined;
  #onAnnounced: ((topic: string, message: string) => Promise<void>) | undefined;

  /** Resolves once every listener has done what it does about it, everywhere. */
  async announce(topic: string, message: string): Promise<void> {
    const listeners = [...(this.#listeners.get(topic) ?? [])];
    await Promise.all([...listeners.map((listener) => listener(message)), this.#onAnnounced?.(topic, message)]);
  }

  publish(topic: string, message: string): void {
    // Nobody waits for what they do about it.
    for (const listener of this.#listeners.get(topic) ?? [])
      void Promise.resolve(listener(message)).catch(() => undefined);
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
