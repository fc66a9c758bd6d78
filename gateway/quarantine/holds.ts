// Browsers whose sessions wait: for a login that is on its way, or for the owner of an account.
//
// The state says so, and every request asks it. What was locked or frozen and is so no more by its
// time is dead, never free: only the end of a login that opened nothing sets a browser free. So
// whatever is lost on the way, with a process or a message, opens nothing.

import { createHmac, hash, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnEvent } from '../../runtime/events.ts';
import { lettersOf } from '../checks/user-letters.ts';
import { deriveKey } from '../state/gateway-key.ts';
import { type State, StateError, type WindowNeed } from '../state/state.ts';
import { CookieSeal } from './cookie-seal.ts';
import { Generation } from './generation.ts';
import { HeldEnds } from './held-ends.ts';
import { type HeldLogin, isOfUser, openLogin, sealLogin } from './held-login.ts';
import { HoldEvents } from './hold-events.ts';
import type { HoldRules } from './hold-rules.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { OwedPasswords } from './owed-passwords.ts';
import { Rises } from './rises.ts';
import { WaitingLogins } from './waiting-logins.ts';

/** What a handoff to the gateway's own pages stands for. */
export interface Handoff {
  /** Of the browser. */
  readonly id: string;
  readonly app: string;
}

export type HoldState = 'free' | 'locked' | 'frozen' | 'dead';

/** By which a clock may have been set back since. */
const CLOCK_STEP_MS = 60_000;

const TOPIC = 'hold-login';
const POLL_MS = 50;
const WAIT_MS = 10_000;
/**
 * Of users and networks at once, and of all. A login has 64 KiB at most. In browsers in which their
 * user was signed in before, others take no place from it.
 */
const MAX_OF_USER = 3;
const MAX_OF_USER_AT_ALL = 12;
const MAX_OF_NETWORK = 20;
const MAX_HELD = 1_024;
/** Of a site that are of nobody for sure: each leaves a handle that has to be remembered. */
const MAX_UNSURE_A_DAY = 1_000;
const DAY_MS = 86_400_000;
/** Of a held login, each of which is an entry of the state. */
const MAX_HANDOFFS = 30;
const HANDOFFS_MS = 10 * 60_000;
const HANDOFF_MS = 60_000;
const CODE_MS = 60_000;
const GIVEN_MS = 30_000;
const SECRET_BYTES = 16;
/** Of a handle that is as dead as all others, since its login goes on under another one. */
const RELEASED = 'released';

/** What comes back with a code of one use. */
type OnceKind = 'handoff' | 'code' | 'given';
const ONCE_MS: { readonly [Kind in OnceKind]: number } = { handoff: HANDOFF_MS, code: CODE_MS, given: GIVEN_MS };

/** Every function throws StateError without the state. */
export class Holds {
  readonly #state: State;
  readonly #key: KeyObject;
  readonly #loginKey: KeyObject;
  readonly generation: Generation;
  readonly seal: CookieSeal;
  readonly open = new OpenExchanges();
  readonly owed: OwedPasswords;
  readonly waiting: WaitingLogins;
  readonly rises: Rises;
  readonly ends: HeldEnds;
  readonly events: HoldEvents;
  /** Of browsers that requests wait for. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(state: State, gatewayKey: Uint8Array, onEvent: OnEvent, waitMs?: number) {
    this.events = new HoldEvents(onEvent);
    this.#state = state;
    this.#key = deriveKey(gatewayKey, 'hold-handles');
    this.#loginKey = deriveKey(gatewayKey, 'hold-logins');
    this.generation = new Generation(state);
    this.seal = new CookieSeal(deriveKey(gatewayKey, 'hold-cookies'), this.generation);
    const nameOf = (app: string, user: string): string => this.hashOf('user', app, user);
    this.owed = new OwedPasswords(state, nameOf);
    this.rises = new Rises(state, nameOf);
    this.ends = new HeldEnds(state, async (id) => (await state.get('hold', id)) === RELEASED);
    this.waiting = new WaitingLogins(state, this.#loginKey, (person) => this.hashOf('waiting', person), waitMs);
    state.subscribe(TOPIC, (browser) => this.open.beginLogin(browser));
  }

  get state(): State {
    return this.#state;
  }

  /** Under which the state has a browser at an application. */
  idOf(app: string, handle: string): string {
    return this.hashOf('handle', app, handle);
  }

  readonly hashOf = (...parts: readonly string[]): string =>
    createHmac('sha256', this.#key).update(parts.join('\0')).digest('base64url');

  async read(id: string): Promise<HoldState> {
    await this.generation.ready();
    const text = await this.#state.get('hold', id);
    if (text === undefined) return 'free';
    const [kind, until, ms] = text.split(' ');
    const leftMs = Number(until) - Date.now();
    // Of a clock that was ahead, it would be so for as long.
    const isTimely = leftMs > 0 && leftMs <= Number(ms) + CLOCK_STEP_MS;
    return isTimely && (kind === 'locked' || kind === 'frozen') ? kind : 'dead';
  }

  /** @returns what it is once no login is on its way; `locked` if one still is after ten seconds */
  async settled(id: string): Promise<HoldState> {
    for (const end = performance.now() + WAIT_MS; ; ) {
      const state = await this.read(id);
      if (state !== 'locked' || performance.now() >= end) return state;
      await this.#change(id, end);
    }
  }

  /** However many requests of a browser wait, one of them asks. What it hears, each asks anew. */
  #change(id: string, end: number): Promise<void> {
    const waiting = this.#changes.get(id) ?? this.#poll(id, end).finally(() => this.#changes.delete(id));
    this.#changes.set(id, waiting);
    return waiting;
  }

  async #poll(id: string, end: number): Promise<void> {
    do await sleep(POLL_MS);
    while (performance.now() < end && (await this.read(id)) === 'locked');
  }

  /**
   * A login begins, once the application has answered all of this browser that it had. Until it
   * ends, nothing of the browser passes, in any process.
   * @returns when its browser is dead (milliseconds since 1970), or why it may not begin
   */
  async lock(id: string, { lockMs, lifeMs }: HoldRules): Promise<number | Exclude<HoldState, 'free'>> {
    for (const end = performance.now() + WAIT_MS; ; ) {
      const until = Date.now() + lockMs;
      const isLocked = await this.generation.makingRoom(() =>
        this.#state.add('hold', id, `locked ${until} ${lockMs}`, {
          ...this.#kept(id, lifeMs + lockMs),
          isDurable: true,
        }),
      );
      if (isLocked) return (await this.#drained(id)) ? until : 'locked';
      const state = await this.settled(id);
      if (state !== 'free' || performance.now() >= end) return state === 'free' ? 'locked' : state;
    }
  }

  /** @returns false if the application still has requests of it: nothing was forwarded then */
  async #drained(id: string): Promise<boolean> {
    try {
      await this.#state.announce(TOPIC, id);
      return true;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      await this.unlock(id);
      return false;
    }
  }

  /** The login has opened nothing. */
  async unlock(id: string): Promise<void> {
    await this.#state.delete('hold', id);
  }

  /** For as long as any session of the application lasts. */
  async kill(id: string, { lifeMs }: HoldRules): Promise<void> {
    await this.#write(id, 'dead', lifeMs);
    await this.#state.delete('held', id);
  }

  /** On the disk before this resolves. */
  #write(id: string, value: string, ttlMs: number): Promise<void> {
    return this.generation.makingRoom(() =>
      this.#state.set('hold', id, value, { ...this.#kept(id, ttlMs), isDurable: true }),
    );
  }

  #kept(id: string, ttlMs: number) {
    return { ttlMs, owner: this.generation.ownerOf(id) };
  }

  /**
   * Holds a login back. On the disk before this resolves.
   * @returns false if too many are held: then its browser has to die
   */
  async freeze(id: string, login: HeldLogin, rules: HoldRules): Promise<boolean> {
    const { forMs, lifeMs } = rules;
    const { taken } = await this.#state.takeSlots(this.#needsOf(login, forMs));
    if (!taken) return false;
    await this.#state.set('held', id, sealLogin(this.#loginKey, id, login), { ttlMs: forMs });
    const until = Date.now() + forMs;
    await this.#write(id, `frozen ${until} ${forMs}`, lifeMs + forMs);
    return true;
  }

  #needsOf(login: HeldLogin, windowMs: number): readonly WindowNeed[] {
    const { network, site, isKnown } = login;
    // Of nobody for sure is whatever has leaked, right or not: it takes no place from others.
    const whose = isKnown ? 'known' : isOfUser(login) ? 'held' : 'unsure';
    const from = whose === 'unsure' ? site : network;
    return [
      ...this.ofUser('held', login, { one: MAX_OF_USER, all: MAX_OF_USER_AT_ALL, windowMs }),
      ...(isKnown ? [] : [{ key: `${whose}.network.${windowMs}.${from}`, allow: MAX_OF_NETWORK, windowMs }]),
      ...(whose === 'unsure' ? [{ key: `unsure.day.${site}`, allow: MAX_UNSURE_A_DAY, windowMs: DAY_MS }] : []),
      { key: `${whose}.all.${windowMs}`, allow: MAX_HELD, windowMs },
    ];
  }

  /**
   * What one user may have: in a network, and of all; and in browsers in which they have logged in
   * before, where nobody else takes anything of it. What may be of a wrong password has others.
   */
  ofUser(
    what: string,
    login: HeldLogin,
    { one, all, windowMs }: { readonly one: number; readonly all: number; readonly windowMs: number },
  ): readonly WindowNeed[] {
    const { realm, user, typed, network, isKnown } = login;
    // As the application names them, letter by letter: others may have names that look alike.
    const whose = isOfUser(login)
      ? this.hashOf('user', realm, login.user)
      : this.hashOf('typed', realm, lettersOf(user ?? typed));
    const name = `${windowMs}.${whose}`;
    if (isKnown) return [{ key: `${what}.known.${name}`, allow: one, windowMs }];
    return [
      { key: `${what}.user.${name}.${network}`, allow: one, windowMs },
      { key: `${what}.user.${name}`, allow: all, windowMs },
    ];
  }

  /** Undefined for one that is no longer held. */
  async heldLogin(id: string): Promise<HeldLogin | undefined> {
    if ((await this.read(id)) !== 'frozen') return undefined;
    const text = await this.#state.get('held', id);
    return text === undefined ? undefined : openLogin(this.#loginKey, id, text);
  }

  /** A held login is over, and nobody has confirmed it. */
  async abandon(id: string, rules: HoldRules): Promise<void> {
    await this.kill(id, rules);
    this.ends.tell(id);
  }

  /** Takes it: of many at once, one gets it. The browser's old handle is dead from then on. */
  async take(id: string, rules: HoldRules): Promise<HeldLogin | undefined> {
    if ((await this.read(id)) !== 'frozen') return undefined;
    const text = await this.#state.takeOnce('held', id);
    await this.#write(id, text === undefined ? 'dead' : RELEASED, rules.lifeMs);
    return text === undefined ? undefined : openLogin(this.#loginKey, id, text);
  }

  /** Keeps a login that was released for the request that fetches it. */
  async keepGiven(secret: string, login: HeldLogin): Promise<void> {
    const key = keyOf('given', secret);
    await this.#state.set('held', key, sealLogin(this.#loginKey, key, login), { ttlMs: GIVEN_MS });
  }

  /** The same, which stays. */
  async findGiven(secret: string): Promise<HeldLogin | undefined> {
    const key = keyOf('given', secret);
    const text = await this.#state.get('held', key);
    return text === undefined ? undefined : openLogin(this.#loginKey, key, text);
  }

  async takeGiven(secret: string): Promise<HeldLogin | undefined> {
    const key = keyOf('given', secret);
    const text = await this.#state.takeOnce('held', key);
    return text === undefined ? undefined : openLogin(this.#loginKey, key, text);
  }

  /** How often a browser whose login is held may be led to the gateway's own pages is bounded. */
  async mayHandOff(id: string): Promise<boolean> {
    const need = { key: `held.handoffs.${id}`, allow: MAX_HANDOFFS, windowMs: HANDOFFS_MS };
    return (await this.#state.takeSlots([need])).taken;
  }

  /** @returns a secret for one use, which stands for this value for a minute */
  async keepOnce(kind: OnceKind, value: string): Promise<string> {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    await this.#state.set('once', keyOf(kind, secret), value, { ttlMs: ONCE_MS[kind] });
    return secret;
  }

  async takeOnce(kind: OnceKind, secret: string): Promise<string | undefined> {
    return this.#state.takeOnce('once', keyOf(kind, secret));
  }
}

const keyOf = (kind: OnceKind, secret: string): string => `hold-${kind}.${hash('sha256', secret, 'base64url')}`;
