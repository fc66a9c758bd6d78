// Exchanges of this process by the browser that they are of: what goes on while a login begins must
// show nothing of what the login opens.

export class OpenExchange {
  /** Its response leaves, or its sockets are joined. */
  isReleased = false;
  /** A login has begun since somebody last looked. */
  isMarked = false;
  readonly end: () => void;

  /** @param end cuts it off */
  constructor(end: () => void) {
    this.end = end;
  }
}

export class OpenExchanges {
  readonly #byBrowser = new Map<string, Set<OpenExchange>>();

  add(browser: string, end: () => void): OpenExchange {
    const open = new OpenExchange(end);
    const others = this.#byBrowser.get(browser) ?? new Set();
    this.#byBrowser.set(browser, others.add(open));
    return open;
  }

  remove(browser: string, open: OpenExchange): void {
    const others = this.#byBrowser.get(browser);
    others?.delete(open);
    if (others?.size === 0) this.#byBrowser.delete(browser);
  }

  /** A login begins: what leaves is cut off, and what has not left yet asks again before it. */
  beginLogin(browser: string): void {
    for (const open of this.#byBrowser.get(browser) ?? []) {
      if (open.isReleased) open.end();
      else open.isMarked = true;
    }
  }
}
