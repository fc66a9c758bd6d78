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
  /** It takes people's names from headers of the gateway. */
  readonly namesPeople: boolean;
  /** By letters and digits: those that clients may send all the same. */
  readonly kept: ReadonlySet<string>;
}

const AUTHORIZATION = lettersOf('Authorization');
/**
 * Its name is taken for that of a person, and nobody looks at its password: `$remote_user` of
 * nginx, which its `fastcgi_params` have as `REMOTE_USER`, and `PHP_AUTH_USER`, which applications
 * set themselves from `Basic` anywhere in the value.
 */
const BASIC = /^\s*basic|basic\s/i;

const rememberedLettersOf = rememberNames(lettersOf);

export class SetNames {
  /** As the application gets them. */
  readonly names: readonly string[];
  readonly #letters: ReadonlySet<string>;
  readonly #hasAccess: boolean;
  readonly #takesBasic: boolean;
  readonly #kept: ReadonlySet<string>;

  constructor({ names, hasAccess, namesPeople, kept }: SetNamesOptions) {
    this.names = names;
    this.#letters = new Set(names.map(lettersOf));
    this.#hasAccess = hasAccess;
    this.#takesBasic = namesPeople && !kept.has(AUTHORIZATION);
    this.#kept = kept;
  }

  get isEmpty(): boolean {
    return this.#letters.size === 0 && !this.#hasAccess;
  }

  /** @param name in any spelling @param value of a client's header */
  has(name: string, value = ''): boolean {
    const letters = rememberedLettersOf(name);
    if (this.#letters.has(letters)) return true;
    if (this.#takesBasic && letters === AUTHORIZATION) return BASIC.test(value);
    return this.#hasAccess && isIdentityName(letters) && !this.#kept.has(letters);
  }
}

export const NO_SET_NAMES = new SetNames({ names: [], hasAccess: false, namesPeople: false, kept: new Set() });
