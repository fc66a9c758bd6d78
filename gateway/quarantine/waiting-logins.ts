// Logins of programs that wait for the owner of the account, who confirms them in a browser of
// their own. A program that has left, or a process that ends, leaves a login that is dead.

import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeBox, openBox } from '../state/sealed-box.ts';
import type { State } from '../state/state.ts';

const ROOM = 'held';
const POLL_MS = 250;
/** Less than clients and what stands between wait for an answer. */
const WAIT_MS = 55_000;
/** Of a process. */
const MAX_WAITING = 50;
const MAX_SHOWN = 25;

export interface WaitingLogin {
  /** Of the browser, or program, as the state has it. */
  readonly id: string;
  readonly app: string;
  /** Host of the application. */
  readonly site: string;
  /** As the application names them. */
  readonly user: string;
  /** Of the client, as text. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Functions of the state throw StateError without it. */
export class WaitingLogins {
  readonly #state: State;
  readonly #key: KeyObject;
  /** Of a person. */
  readonly #ownerOf: (person: string) => string;
  readonly #closing = new AbortController();
  #open = 0;
  readonly waitMs: number;

  /** @param key of 32 bytes */
  constructor(state: State, key: KeyObject, ownerOf: (person: string) => string, waitMs = WAIT_MS) {
    this.#state = state;
    this.#key = key;
    this.#ownerOf = ownerOf;
    this.waitMs = waitMs;
  }

  /** What waits has its answer now. */
  close(): void {
    this.#closing.abort();
  }

  /** Whether there is room for another one in this process. */
  get mayWait(): boolean {
    return this.#open < MAX_WAITING && !this.#closing.signal.aborted;
  }

  /**
   * @param person its owner
   * @param left aborted once its client has left
   * @param isHeld whether it still waits
   * @returns whether its owner has confirmed it; false at once where too many wait
   */
  async wait(
    login: WaitingLogin,
    person: string,
    { left, isHeld }: { readonly left: AbortSignal; isHeld(): Promise<boolean> },
  ): Promise<boolean> {
    if (!this.mayWait) return false;
    this.#open++;
    try {
      const owner = this.#ownerOf(person);
      await this.#state.set(ROOM, waits(login.id), this.#seal(login), { ttlMs: this.waitMs, owner });
      const signal = AbortSignal.any([left, this.#closing.signal]);
      for (const end = performance.now() + this.waitMs; performance.now() < end && !signal.aborted; ) {
        await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
        if ((await this.#state.takeOnce(ROOM, given(login.id))) !== undefined) return true;
        if (!(await isHeld())) break;
      }
      return false;
    } finally {
      this.#open--;
      await this.remove(login.id).catch(() => undefined);
    }
  }

  /** Of this person: those that came last, and whether there are others. */
  async listOf(person: string): Promise<{ readonly logins: readonly WaitingLogin[]; readonly isCut: boolean }> {
    const entries = await this.#state.listOwned(ROOM, this.#ownerOf(person), MAX_SHOWN + 1);
    const logins = entries.slice(0, MAX_SHOWN).flatMap(({ key, value }) => this.#opened(key, value) ?? []);
    return { logins, isCut: entries.length > MAX_SHOWN };
  }

  /** Undefined for one that no longer waits, or is somebody else's. */
  async find(person: string, id: string): Promise<WaitingLogin | undefined> {
    return (await this.listOf(person)).logins.find((login) => login.id === id);
  }

  /** Its owner has shown a factor. */
  async confirm(id: string): Promise<void> {
    await this.#state.set(ROOM, given(id), '1', { ttlMs: this.waitMs });
    await this.remove(id);
  }

  /** It is shown no more; whether it goes on is another question. */
  async remove(id: string): Promise<void> {
    await this.#state.delete(ROOM, waits(id));
  }

  #seal(login: WaitingLogin): string {
    const text = Buffer.from(JSON.stringify(login));
    return closeBox(this.#key, Buffer.from(waits(login.id)), text).toString('base64url');
  }

  #opened(key: string, value: string): WaitingLogin | undefined {
    try {
      const opened = openBox(this.#key, Buffer.from(key), Buffer.from(value, 'base64url'));
      return JSON.parse(opened.toString('utf8')) as WaitingLogin;
    } catch {
      return undefined;
    }
  }
}

const waits = (id: string): string => `waits.${id}`;
const given = (id: string): string => `given.${id}`;
