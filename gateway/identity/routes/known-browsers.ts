// Browsers in which somebody has shown who they are: what strangers type wrong elsewhere keeps
// nobody from theirs. The cookie of one opens nothing.

import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import type { State } from '../../state/state.ts';
import { SessionStore } from '../sessions/session-store.ts';

const ROOM = 'device';
const KNOWN_MS = 180 * 86_400_000;
/** Of one person; then the oldest are strangers again. */
const MAX_KNOWN = 20;

export class KnownBrowsers {
  readonly #cookie: OwnCookie;
  readonly #place: string;

  /** @param name of the cookie @param place in the state */
  constructor(name: string, place: string) {
    this.#cookie = new OwnCookie(name, KNOWN_MS);
    this.#place = place;
  }

  /**
   * @param owner as the state names the person
   * @returns what it is called; undefined for a stranger's @throws StateError
   */
  async find(
    { head, isSecure }: Pick<Exchange, 'head' | 'isSecure'>,
    owner: string,
    state: State,
  ): Promise<string | undefined> {
    const value = head && this.#cookie.in(head.ownCookies, isSecure);
    if (value === undefined) return undefined;
    const id = SessionStore.idOf(value);
    return (await state.get(ROOM, this.#keyOf(id))) === owner ? id : undefined;
  }

  /** From now on. @returns headers @throws StateError */
  async remember({ isSecure }: Pick<Exchange, 'isSecure'>, owner: string, state: State): Promise<readonly string[]> {
    const value = OwnCookie.draw();
    const key = this.#keyOf(SessionStore.idOf(value));
    await state.set(ROOM, key, owner, { ttlMs: KNOWN_MS, owner, maxOwned: MAX_KNOWN });
    return ['Set-Cookie', this.#cookie.format(value, isSecure)];
  }

  #keyOf(id: string): string {
    return `${this.#place}.${id}`;
  }
}
