// The names under which the gateway itself tells an application something: whatever a client sends
// under one of them, in any spelling, does not arrive.

import { isIdentityName } from './identity-names.ts';
import { rememberNames } from './remember-names.ts';
import { lettersOf } from './reserved-names.ts';

export interface SetNamesOptions {
  /** Of headers that the gateway may set, whether it does or not. */
  readonly names: readonly string[];
  /** The gateway decides who may reach the application. */
  readonly hasAccess: boolean;
  /** By letters and digits: those that clients may send all the same. */
  readonly kept: ReadonlySet<string>;
}

const rememberedLettersOf = rememberNames(lettersOf);

export class SetNames {
  /** As the application gets them. */
  readonly names: readonly string[];
  readonly #letters: ReadonlySet<string>;
  readonly #hasAccess: boolean;
  readonly #kept: ReadonlySet<string>;

  constructor({ names, hasAccess, kept }: SetNamesOptions) {
    this.names = names;
    this.#letters = new Set(names.map(lettersOf));
    this.#hasAccess = hasAccess;
    this.#kept = kept;
  }

  get isEmpty(): boolean {
    return this.#letters.size === 0 && !this.#hasAccess;
  }

  /** @param name in any spelling */
  has(name: string): boolean {
    const letters = rememberedLettersOf(name);
    if (this.#letters.has(letters)) return true;
    return this.#hasAccess && isIdentityName(letters) && !this.#kept.has(letters);
  }
}

export const NO_SET_NAMES = new SetNames({ names: [], hasAccess: false, kept: new Set() });
