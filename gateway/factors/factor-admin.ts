// Users and their factors as the operator imports, sees and changes them.

import type { Factor, UserId } from './factor.ts';
import type { ImportedUser, UserEntry, UserPage } from './factor-messages.ts';
import {
  changeUser,
  FACTOR_ROOM,
  keyOf,
  openUser,
  publicOf,
  readUser,
  removal,
  USERS,
  type UserStore,
} from './factor-steps.ts';
import { drawCode, hashOfCode } from './typed-codes.ts';
import { type KnownNames, UserNames } from './user-names.ts';
import { newUser, type UserRecord } from './user-record.ts';

const PAGE = 200;
const MAX_FOUND = 20;
const MAX_SEARCHED = 20_000;
const CODE_TTL_MS = 24 * 3_600_000;

export interface FactorAdminOptions extends UserStore {
  /** Ends the sessions of somebody who is a user no more. */
  readonly onForgotten: (user: UserId) => Promise<void>;
  readonly now?: () => number;
}

/** Every function throws StateError. */
export class FactorAdmin {
  readonly #options: FactorAdminOptions;
  readonly #names: UserNames;

  constructor(options: FactorAdminOptions) {
    this.#options = options;
    this.#names = new UserNames(options);
  }

  /** Somebody's first import opens their window, and no later one. @returns how many are new */
  async importUsers(users: readonly ImportedUser[]): Promise<number> {
    let added = 0;
    for (const { email, app, user } of users) {
      const isNew = await changeUser(this.#options, email, this.#now(), (record, now) => {
        if (record.importedAt !== undefined) return { answer: false };
        return { answer: true, record: { ...record, importedAt: now } };
      });
      added += Number(isNew);
      if (app !== undefined && user !== undefined) await this.#names.add(app, user, email);
    }
    return added;
  }

  /** Who a user of an application is, as the operator imported it. */
  async userOf(app: string, user: string): Promise<UserId | undefined> {
    return this.#names.userOf(app, user);
  }

  async namesOf(app: string, name: string): Promise<KnownNames> {
    return this.#names.namesOf(app, name);
  }

  /** @param after the `next` of the page before */
  page(after = ''): UserPage {
    const { state, seal } = this.#options;
    const entries = state.list(FACTOR_ROOM, USERS, PAGE, `${USERS}${after}`);
    const users = entries.map((entry) => entryOf(entry.key, openUser(state, seal, entry), this.#now()));
    return { users, next: entries.length < PAGE ? undefined : entries.at(-1)?.key.slice(USERS.length) };
  }

  /**
   * Those who have this text in their name, which is in lower case. Names are sealed: each is
   * opened, a few in one turn of the event loop, and so many in one search.
   * @param after the `next` of the search before, which there is where there may be more
   */
  async search(text: string, after = ''): Promise<UserPage> {
    const found: UserEntry[] = [];
    for (let place = after, read = 0; ; read += PAGE) {
      const { users, next } = this.page(place);
      for (const user of users) {
        if (user.user.toLowerCase().includes(text)) found.push(user);
        if (found.length === MAX_FOUND) return { users: found, next: user.id };
      }
      if (next === undefined || read + PAGE >= MAX_SEARCHED) return { users: found, next };
      place = next;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Undefined for somebody who was never imported, and never had a code. */
  find(user: UserId): UserEntry | undefined {
    const { state, seal } = this.#options;
    const key = keyOf(seal, user);
    const record = readUser(state, seal, key);
    return record && entryOf(key, record, this.#now());
  }

  /** In place of the one of before. @returns it, which nobody can read again */
  makeCode(user: UserId): Promise<string> {
    const code = drawCode();
    return changeUser(this.#options, user, this.#now(), (record, now) => ({
      answer: code,
      record: { ...record, code: { hash: hashOfCode(code) ?? '', until: now + CODE_TTL_MS, wrong: 0 } },
      tell: { change: 'code-made' },
    }));
  }

  /**
   * One factor of theirs, or all of them, and with them what would enrol another one: codes that
   * wait, and recovery codes just used. A first one was there, whatever is left.
   */
  async remove(user: UserId, factorId?: string): Promise<readonly Factor[]> {
    const isKnown = this.find(user) !== undefined;
    const gone = await changeUser(this.#options, user, this.#now(), (record) => {
      const factors = record.factors.filter(({ id }) => factorId === undefined || id === factorId);
      const isAny = factors.length > 0 || (isKnown && factorId === undefined);
      return !isAny ? { answer: [] } : removal(record, factors, 'operator', factors.map(publicOf));
    });
    if (gone.length > 0 || (isKnown && factorId === undefined))
      await this.#options.onRemoved(
        user,
        gone.map(({ id }) => id),
      );
    return gone;
  }

  /**
   * With their factors, names at applications, and sessions. Of whoever ever had a factor, that
   * alone stays: no import opens their window again. @returns whether they were known
   */
  async forget(user: UserId): Promise<boolean> {
    if (!this.find(user)) return false;
    await this.remove(user);
    const { state, seal } = this.#options;
    await this.#names.forget(user);
    if (this.find(user)?.hadFactor !== true)
      await state.keep(FACTOR_ROOM, [{ key: keyOf(seal, user), value: undefined }]);
    else
      await changeUser(this.#options, user, this.#now(), () => ({
        answer: true,
        record: { ...newUser(user), hadFactor: true },
      }));
    await this.#options.onForgotten(user);
    return true;
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

const entryOf = (key: string, record: UserRecord, now: number): UserEntry => ({
  id: key.slice(USERS.length),
  user: record.user,
  importedAt: record.importedAt ?? null,
  hadFactor: record.hadFactor,
  factors: record.factors.map(publicOf),
  recoveryLeft: record.recovery.length,
  codeUntil: record.code && record.code.until > now ? record.code.until : null,
});
