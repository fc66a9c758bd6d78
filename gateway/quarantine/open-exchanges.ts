// Exchanges of this process by the browser that they are of: what goes on while a login begins must
// neither show what the login opens nor act with it.

import { OpenSet } from '../../runtime/open-set.ts';
import { StateError } from '../state/state.ts';

/** Less than a process waits for the answer of another. */
const DRAIN_MS = 7_000;

export class OpenExchange {
  /** Its response leaves, or its sockets are joined. */
  isReleased = false;
  /** A login has begun since somebody last looked. */
  isMarked = false;
  readonly #end: () => void;
  readonly #hasCome: () => boolean;
  #sent: Promise<void> | undefined;

  /**
   * @param end cuts it off
   * @param hasCome whether all of its body has
   */
  constructor(end: () => void, hasCome: () => boolean) {
    this.#end = end;
    this.#hasCome = hasCome;
  }

  /** @param answered settles once the application answers, or gets no more of it */
  send(answered: Promise<unknown>): void {
    const settle = (): void => {
      this.#sent = undefined;
    };
    this.#sent = answered.then(settle, settle);
  }

  /** What the application has of it, and has not answered. */
  get sent(): Promise<void> | undefined {
    return this.#sent;
  }

  /**
   * What leaves is cut off, and so is what still comes and was begun at the application. What has
   * not left, or was not sent yet, asks again before it.
   */
  beginLogin(): void {
    this.isMarked = true;
    if (this.isReleased || (this.#sent && !this.#hasCome())) this.#end();
  }
}

export class OpenExchanges {
  readonly #all = new OpenSet<{ readonly browser: string; readonly open: OpenExchange }>();

  /** @returns a function that removes it */
  add(browser: string, open: OpenExchange): () => void {
    return this.#all.add({ browser, open });
  }

  /**
   * Resolves once the application has answered all that it had of this browser.
   * @throws StateError `STATE_BUSY` if it has not in time
   */
  async beginLogin(browser: string, waitMs = DRAIN_MS): Promise<void> {
    const own = [...this.#all].filter((each) => each.browser === browser);
    for (const { open } of own) open.beginLogin();
    const sent = own.flatMap(({ open }) => open.sent ?? []);
    if (sent.length === 0) return;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(busy()), waitMs);
    try {
      await Promise.race([Promise.all(sent), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const busy = (): StateError =>
  new StateError('STATE_BUSY', 'requests of a browser are still at its application', 'Log in again later.');
