// Browsers whose sessions wait: for a login that is on its way, or for the owner of an account.
//
// The state says so, and every request asks it. What was locked or frozen and is so no more by its
// time is dead, never free: only the end of a login that opened nothing sets a browser free. So
// whatever is lost on the way, with a process or a message, opens nothing.

import { createHmac, hash, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnEvent } from '../../runtime/events.ts';
import { deriveKey } from '../state/gateway-key.ts';
import { type State, StateError } from '../state/state.ts';
import { CookieSeal } from './cookie-seal.ts';
import { type HeldLogin, openLogin, sealLogin } from './held-login.ts';
import { HoldEvents } from './hold-events.ts';
import type { HoldRules } from './hold-rules.ts';
import { OpenExchanges } from './open-exchanges.ts';

/** What a handoff to the gateway's own pages stands for. */
export interface Handoff {
  /** Of the browser. */
  readonly id: string;
  readonly app: string;
  /** Of the application, as the browser sees it. */
  readonly origin: string;
}

export type HoldState = 'free' | 'locked' | 'frozen' | 'dead';

const TOPIC = 'hold-login';
const POLL_MS = 50;
const WAIT_MS = 10_000;
/** Logins of a network in an hour that leave a browser dead for as long as a session lasts. */
const MAX_DEAD_OF_NETWORK = 120;
/** Handles that a user's own logins have replaced in the life of a session; each is remembered. */
const MAX_RETIRED_OF_USER = 2_000;
const HOUR = 3_600_000;
/** Of users and networks at once, and of all. A login has 64 KiB at most. */
const MAX_OF_USER = 3;
const MAX_OF_NETWORK = 20;
const MAX_HELD = 1_024;
const HANDOFF_MS = 60_000;
const CODE_MS = 60_000;
const GIVEN_MS = 30_000;
const SECRET_BYTES = 16;

export interface Lock {
  /** Then its browser is dead. Milliseconds since 1970. */
  readonly until: number;
  /** The login has left nothing behind that lasts. */
  giveBack(): Promise<void>;
}

/** What comes back with a code of one use. */
type OnceKind = 'handoff' | 'code' | 'given';
const ONCE_MS: { readonly [Kind in OnceKind]: number } = { handoff: HANDOFF_MS, code: CODE_MS, given: GIVEN_MS };

/** Every function throws StateError without the state. */
export class Holds {
  readonly #state: State;
  readonly #key: KeyObject;
  readonly #loginKey: KeyObject;
  readonly seal: CookieSeal;
  readonly open = new OpenExchanges();
  readonly events: HoldEvents;
  /** Of browsers that requests wait for. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(state: State, gatewayKey: Uint8Array, onEvent: OnEvent) {
    this.events = new HoldEvents(onEvent);
    this.#state = state;
    this.#key = deriveKey(gatewayKey, 'hold-handles');
    this.#loginKey = deriveKey(gatewayKey, 'hold-logins');
    this.seal = new CookieSeal(deriveKey(gatewayKey, 'hold-cookies'));
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
    const text = await this.#state.get('hold', id);
    if (text === undefined) return 'free';
    const [kind, until] = text.split(' ');
    return (kind === 'locked' || kind === 'frozen') && Number(until) > Date.now() ? kind : 'dead';
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
   * ends, nothing of the browser passes, in any process. It counts for
   * its network until it has left nothing behind: nothing dead is forgotten for something newer.
   * @returns the lock, or why it may not begin
   */
  async lock(id: string, network: string, rules: HoldRules): Promise<Lock | Exclude<HoldState, 'free'> | 'full'> {
    const key = `dead.${this.hashOf('network', network)}`;
    const slot = await this.#state.takeSlots([{ key, allow: MAX_DEAD_OF_NETWORK, windowMs: HOUR }]);
    if (!slot.taken) return 'full';
    const giveBack = (): Promise<void> => this.#state.giveBack([key], slot.at);
    const until = await this.#lock(id, rules);
    if (typeof until === 'number') return { until, giveBack };
    await giveBack();
    return until;
  }

  async #lock(id: string, { lockMs, lifeMs }: HoldRules): Promise<number | Exclude<HoldState, 'free'>> {
    for (const end = performance.now() + WAIT_MS; ; ) {
      const until = Date.now() + lockMs;
      if (await this.#state.add('hold', id, `locked ${until}`, { ttlMs: lifeMs + lockMs, isDurable: true })) {
        return (await this.#drained(id)) ? until : 'locked';
      }
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

  /**
   * The user has logged in, and goes on under another handle.
   * @returns false beyond what one user may leave dead: it counts for the network then
   */
  async retire(id: string, app: string, user: string, { lifeMs }: HoldRules): Promise<boolean> {
    const key = `retired.${lifeMs}.${this.hashOf('retired', app, user)}`;
    await this.#state.set('hold', id, 'dead', { ttlMs: lifeMs, isDurable: true });
    const { taken } = await this.#state.takeSlots([{ key, allow: MAX_RETIRED_OF_USER, windowMs: lifeMs }]);
    return taken;
  }

  /** For as long as any session of the application lasts. */
  async kill(id: string, { lifeMs }: HoldRules): Promise<void> {
    await this.#state.set('hold', id, 'dead', { ttlMs: lifeMs, isDurable: true });
    await this.#state.delete('held', id);
  }

  /**
   * Holds a login back. On the disk before this resolves.
   * @returns false if too many are held: then the browser is dead
   */
  async freeze(id: string, login: HeldLogin, network: string, rules: HoldRules): Promise<boolean> {
    const { forMs, lifeMs } = rules;
    const user = this.hashOf('user', login.app, login.user ?? '');
    const { taken } = await this.#state.takeSlots([
      { key: `held.user.${forMs}.${user}`, allow: MAX_OF_USER, windowMs: forMs },
      { key: `held.network.${forMs}.${this.hashOf('network', network)}`, allow: MAX_OF_NETWORK, windowMs: forMs },
      { key: `held.all.${forMs}`, allow: MAX_HELD, windowMs: forMs },
    ]);
    if (!taken) {
      await this.kill(id, rules);
      return false;
    }
    await this.#state.set('held', id, sealLogin(this.#loginKey, id, login), { ttlMs: forMs });
    const until = Date.now() + forMs;
    await this.#state.set('hold', id, `frozen ${until}`, { ttlMs: lifeMs + forMs, isDurable: true });
    return true;
  }

  /** Undefined for one that is no longer held. */
  async heldLogin(id: string): Promise<HeldLogin | undefined> {
    if ((await this.read(id)) !== 'frozen') return undefined;
    const text = await this.#state.get('held', id);
    return text === undefined ? undefined : openLogin(this.#loginKey, id, text);
  }

  /** Takes it: of many at once, one gets it. The browser's old handle is dead from then on. */
  async take(id: string, rules: HoldRules): Promise<HeldLogin | undefined> {
    if ((await this.read(id)) !== 'frozen') return undefined;
    const text = await this.#state.takeOnce('held', id);
    await this.#state.set('hold', id, 'dead', { ttlMs: rules.lifeMs, isDurable: true });
    return text === undefined ? undefined : openLogin(this.#loginKey, id, text);
  }

  /** Keeps a login that was released for the request that fetches it. */
  async keepGiven(secret: string, login: HeldLogin): Promise<void> {
    const key = keyOf('given', secret);
    await this.#state.set('held', key, sealLogin(this.#loginKey, key, login), { ttlMs: GIVEN_MS });
  }

  async takeGiven(secret: string): Promise<HeldLogin | undefined> {
    const key = keyOf('given', secret);
    const text = await this.#state.takeOnce('held', key);
    return text === undefined ? undefined : openLogin(this.#loginKey, key, text);
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
