// Logins that have opened something, each of which leaves a handle that is dead. Whoever has one
// right password brings that about as often as he likes, so that they are counted.

import type { State, WindowNeed } from '../state/state.ts';

/** In a day, of one user: a million of all end all sealed cookies. */
const MAX_RISES = 1_000;
const DAY_MS = 86_400_000;

/** Every function throws StateError without the state. */
export class Rises {
  readonly #state: State;
  /** Of an application and a user of it. */
  readonly #nameOf: (app: string, user: string) => string;

  constructor(state: State, nameOf: (app: string, user: string) => string) {
    this.#state = state;
    this.#nameOf = nameOf;
  }

  /**
   * @param by the user whom the application names, or the network of the client where it names
   * nobody: anybody may type the name of another one
   */
  async count(app: string, by: { readonly user: string } | { readonly network: string }): Promise<void> {
    await this.#state.takeSlots('user' in by ? this.#ofUsers(app, [by.user]) : [ofNetwork(by.network)]);
  }

  /** Whether so many were counted that another login of such a name, or from there, has to wait. */
  async areSpent(app: string, names: readonly string[], network: string): Promise<boolean> {
    const needs = [...this.#ofUsers(app, names), ofNetwork(network)];
    const answer = await this.#state.takeSlots(needs);
    if (!answer.taken) return true;
    await this.#state.giveBack(
      needs.map(({ key }) => key),
      answer.at,
    );
    return false;
  }

  #ofUsers(app: string, names: readonly string[]): readonly WindowNeed[] {
    return [...new Set(names.map((name) => this.#nameOf(app, name)))].map(needOf);
  }
}

const needOf = (name: string): WindowNeed => ({ key: `held.rises.${name}`, allow: MAX_RISES, windowMs: DAY_MS });
const ofNetwork = (network: string): WindowNeed => needOf(`from.${network}`);
