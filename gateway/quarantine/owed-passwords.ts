// Whoever has confirmed a login owes another password. It is due some time after the first login
// that was confirmed; from then on their pages lead to where it is changed. A login without a
// finding shows that it was.

import type { State } from '../state/state.ts';
import type { HeldLogin } from './held-login.ts';
import type { HoldRules } from './hold-rules.ts';

const ROOM = 'handle';
const DAY_MS = 86_400_000;
/** A password that nobody changes is held at each login anyway. */
const KEPT_MS = 400 * DAY_MS;
/** Of a browser. A page for a new password may lead on itself, such as to a login. */
const LED = { allow: 3, windowMs: 60_000 };

interface Owing {
  /** Milliseconds since 1970. */
  readonly due: number;
  /** Path and query of where it is changed. */
  readonly page: string;
  /** As the state names whose it is. */
  readonly user: string;
}

/** Every function throws StateError without the state. */
export class OwedPasswords {
  readonly #state: State;
  /** Of a realm and a user of it. */
  readonly #nameOf: (realm: string, user: string) => string;

  constructor(state: State, nameOf: (realm: string, user: string) => string) {
    this.#state = state;
    this.#nameOf = nameOf;
  }

  /** When it is due; of one that nobody owes, if they did from now on. */
  async dueOf(realm: string, user: string, { mustChangeMs }: HoldRules, now: number): Promise<number> {
    return Number((await this.#state.get(ROOM, owed(this.#nameOf(realm, user)))) ?? now + mustChangeMs);
  }

  /**
   * A login of this user was confirmed.
   * @param id of its browser from now on
   * @param page where they change it
   * @returns when it is due
   */
  async owe(
    {
      realm,
      user,
      id,
      page,
    }: { readonly realm: string; readonly user: string; readonly id: string; readonly page: string },
    rules: HoldRules,
    now: number,
  ): Promise<number> {
    const owner = owed(this.#nameOf(realm, user));
    await this.#state.add(ROOM, owner, String(now + rules.mustChangeMs), { ttlMs: KEPT_MS });
    const due = await this.dueOf(realm, user, rules, now);
    const owing = JSON.stringify({ due, page, user: owner } satisfies Owing);
    await this.#state.set(ROOM, owes(id), owing, { ttlMs: rules.lifeMs, owner });
    return due;
  }

  /**
   * Where a page of this browser leads instead.
   * @param isThere whether it is that one
   */
  async leadsTo(id: string, isThere: (page: string) => boolean, now: number): Promise<string | undefined> {
    const text = await this.#state.get(ROOM, owes(id));
    const owing = text === undefined ? undefined : (JSON.parse(text) as Owing);
    if (!owing || now < owing.due || isThere(owing.page)) return undefined;
    const { taken } = await this.#state.takeSlots([{ key: `led.${id}`, ...LED }]);
    return taken ? owing.page : undefined;
  }

  /** It was changed in this browser. Whether the new one has leaked, the next login shows. */
  async changedIn(id: string): Promise<void> {
    const text = await this.#state.get(ROOM, owes(id));
    if (text !== undefined) await this.#state.deleteOwned(ROOM, (JSON.parse(text) as Owing).user);
  }

  /** They have logged in without a finding. */
  async paid(realm: string, user: string): Promise<void> {
    const owner = owed(this.#nameOf(realm, user));
    if (await this.#state.delete(ROOM, owner)) await this.#state.deleteOwned(ROOM, owner);
  }
}

/** When the user of a held login needs another password; undefined where nobody leads there. */
export async function dueOf(
  { realm, user, changePage }: Pick<HeldLogin, 'realm' | 'user' | 'changePage'>,
  rules: HoldRules,
  { owed: passwords }: { readonly owed: OwedPasswords },
): Promise<{ readonly at: number; readonly now: number } | undefined> {
  if (user === undefined || changePage === undefined) return undefined;
  const now = Date.now();
  return { at: await passwords.dueOf(realm, user, rules, now), now };
}

const owed = (user: string): string => `owed.${user}`;
const owes = (id: string): string => `owes.${id}`;
