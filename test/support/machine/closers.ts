// What a test has started, ended in the reverse order, even if a later start fails.

export class Closers {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (let last = this.#closers.pop(); last; last = this.#closers.pop()) await last();
  }

  /** Ends what was started if `start` fails. */
  static async start<T>(start: (closers: Closers) => Promise<T>): Promise<T> {
    const closers = new Closers();
    try {
      return await start(closers);
    } catch (error) {
      await closers.close();
      throw error;
    }
  }
}
