// Logins that have opened something, or have a finding: each of them leaves a handle that is dead,
// and has to be remembered. Whoever has one right or leaked password brings that about as often as
// he likes, so that they are counted.

import type { State } from '../state/state.ts';

/** In a day, of one user or site: a million of all end all sealed cookies. */
const MAX_RISES = 1_000;
const DAY_MS = 86_400_000;

export class Rises {
  readonly #state: State;
  /** Of an application and a user of it. */
  readonly #nameOf: (app: string, user: string) => string;

  constructor(state: State, nameOf: (app: string, user: string) => string) {
    this.#state = state;
    this.#nameOf = nameOf;
  }

  /**
   * @param by the user whom the application names, or the site of the client where it names nobody
   * for sure: anybody may type the name of another one. `ending` is the site of what may end its
   * sessions whatever comes of it.
   * @returns what gives the place back; undefined where there were enough @throws StateError
   */
  async take(
    app: string,
    by: { readonly user: string } | { readonly site: string } | { readonly ending: string },
  ): Promise<(() => Promise<void>) | undefined> {
    const name = 'user' in by ? this.#nameOf(app, by.user) : 'site' in by ? `from.${by.site}` : `found.${by.ending}`;
    const key = `held.rises.${name}`;
    const slot = await this.#state.takeSlots([{ key, allow: MAX_RISES, windowMs: DAY_MS }]);
    return slot.taken ? () => this.#state.giveBack([key], slot.at) : undefined;
  }
}
