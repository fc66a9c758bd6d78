// What a request has to do with holding back: the jar of its browser, and the login that it may be.

import type { HoldRules } from './hold-rules.ts';
import type { HoldState, Holds } from './holds.ts';
import type { Jar } from './jar.ts';
import type { OpenExchange } from './open-exchanges.ts';

export interface HoldExchangeOptions {
  readonly holds: Holds;
  readonly app: string;
  /** What its users are imported for. */
  readonly realm: string;
  readonly rules: HoldRules;
  readonly jar: Jar;
  /** Of the browser; undefined for one without sessions. */
  readonly id: string | undefined;
  readonly open: OpenExchange | undefined;
  /** Of the client, as the state has it: of one customer, and one that may have many of these. */
  readonly network: string;
  readonly site: string;
  /** Of its response from now on. @param id of the browser that gets it */
  watch(id: string): OpenExchange;
}

export class HoldExchange {
  readonly #options: HoldExchangeOptions;
  readonly #generation: string;
  /** Of a login: when its browser is dead. Milliseconds since 1970. */
  #lockedUntil: number | undefined;
  /** Its place among what may end sessions. */
  #giveBack: (() => Promise<void>) | undefined;
  /** Who was signed in before the login, by each page of whoami; nobody if there is none here. */
  before: readonly Signed[] = [];

  constructor(options: HoldExchangeOptions) {
    this.#options = options;
    this.#generation = options.holds.generation.current;
  }

  get jar(): Jar {
    return this.#options.jar;
  }

  get rules(): HoldRules {
    return this.#options.rules;
  }

  get network(): string {
    return this.#options.network;
  }

  get realm(): string {
    return this.#options.realm;
  }

  get site(): string {
    return this.#options.site;
  }

  get id(): string | undefined {
    return this.#options.id;
  }

  /** A login of its browser has begun since it was let in: `mayLeave` says what came of it. */
  get isMarked(): boolean {
    return this.#options.open?.isMarked === true;
  }

  /** It is sent to the application, which answers so. */
  sent<Answer>(answer: Promise<Answer>): Promise<Answer> {
    this.#options.open?.send(answer);
    return answer;
  }

  /**
   * Before it is sent, and before its response leaves: whether a login of its browser has changed
   * what may. At once `free` for a browser without sessions.
   * @throws StateError
   */
  async mayLeave(): Promise<HoldState> {
    const { holds, id, open } = this.#options;
    if (id === undefined || !open) return 'free';
    for (;;) {
      open.isMarked = false;
      const state = await holds.settled(id);
      if (state !== 'free') return state;
      // Else a login began while the answer was on its way.
      if (!open.isMarked) break;
    }
    return this.#unlessForgotten();
  }

  /** What it has opened may be of a login that nobody remembers any more. */
  #unlessForgotten(): HoldState {
    return this.#options.holds.generation.current === this.#generation ? 'free' : 'dead';
  }

  /**
   * Its response leaves now, at once behind what was asked before. One that begins the jar of its
   * browser, or goes on under another handle, is of that one: a login may open its session later.
   */
  leaves(): void {
    const { app, holds, id, open, jar, watch } = this.#options;
    const current = jar.handle === undefined ? undefined : holds.idOf(app, jar.handle);
    if (current === undefined) return;
    const watched = open && current === id ? open : watch(current);
    watched.isReleased = true;
  }

  /**
   * What its browser had is worth nothing any more: the request goes on as one without sessions.
   * @throws StateError
   */
  async anew(): Promise<HoldExchange> {
    await this.giveUp();
    return new HoldExchange({ ...this.#options, jar: this.jar.anew(), id: undefined, open: undefined });
  }

  /**
   * @returns `free` once nothing else of this browser passes
   * @throws StateError
   */
  async lock(): Promise<HoldState> {
    const { holds, id, rules } = this.#options;
    if (id === undefined) return 'free';
    const lock = await holds.lock(id, rules);
    if (typeof lock === 'string') return lock;
    this.#lockedUntil = lock;
    return this.#unlessForgotten();
  }

  /** The login took longer than anybody waits: its browser is dead by now. */
  get isLate(): boolean {
    return this.#lockedUntil !== undefined && Date.now() >= this.#lockedUntil - MARGIN_MS;
  }

  /** The login has opened nothing. @throws StateError */
  async unlock(): Promise<void> {
    const { holds, id } = this.#options;
    if (id === undefined || this.#lockedUntil === undefined) return;
    await holds.unlock(id);
    this.#lockedUntil = undefined;
    await this.#giveBack?.();
    this.#giveBack = undefined;
  }

  /**
   * A login has opened something without a finding: its browser goes on under another handle.
   * Whoever logs in without end keeps the one that he has.
   * @param user as the application names whoever is in now, for sure; anybody may type a name
   * @returns whether it is another one @throws StateError
   */
  async rise(user: string | undefined): Promise<boolean> {
    const { realm, holds, id, site } = this.#options;
    const by = user === undefined ? { site } : { user };
    if (id !== undefined && !(await holds.rises.take(realm, by))) {
      await this.unlock();
      return false;
    }
    await this.kill();
    return true;
  }

  /**
   * What may end the sessions of its browser, which has to be remembered, takes a place for that,
   * and gives it back with `unlock`.
   * @returns false where its site has ended enough @throws StateError
   */
  async mayEnd(): Promise<boolean> {
    const { app, holds, id, site } = this.#options;
    if (id === undefined) return true;
    this.#giveBack = await holds.rises.take(app, { ending: site });
    return this.#giveBack !== undefined;
  }

  /** A login without a finding shows that this user has another password. @throws StateError */
  async paid(user: string): Promise<void> {
    const { realm, holds } = this.#options;
    await holds.owed.paid(realm, user);
  }

  /** The password was changed in this browser. @throws StateError */
  async changedPassword(): Promise<void> {
    const { holds, id } = this.#options;
    if (id !== undefined) await holds.owed.changedIn(id);
  }

  /** What the browser has had so far is worth nothing any more. @throws StateError */
  async kill(): Promise<void> {
    const { holds, id, rules } = this.#options;
    if (id !== undefined) await holds.kill(id, rules);
    this.#lockedUntil = undefined;
  }

  /** The login is frozen, and no longer this request's. */
  leave(): void {
    this.#lockedUntil = undefined;
  }

  /** What ended in any other way may have opened something. */
  async giveUp(): Promise<void> {
    // Without the state it stays locked, and dies so.
    if (this.#lockedUntil !== undefined) await this.kill().catch(() => undefined);
  }
}

const MARGIN_MS = 2_000;

/**
 * Who is signed in, as far as the application says; `unknown` where its answer proves neither a
 * user nor that there is none. `print` is of the page that says so.
 */
export type Signed = { readonly user: string | undefined; readonly print?: string } | 'unknown';
