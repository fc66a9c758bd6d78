// Sealed cookies are of one generation. For as long as they may open, each handle that is dead is
// remembered, and none is forgotten for a newer one. Where the state has no room for another, a new
// generation begins: no cookie of before opens any more, so that none of those handles has to be
// remembered. So whoever logs in again and again keeps nobody from logging in.

import { randomBytes } from 'node:crypto';
import { type State, StateError } from '../state/state.ts';

const TOPIC = 'hold-generation';
const ROOM = 'key';
const KEY = 'hold-generation';
/** For good: no cookie lasts as long. */
const TTL_MS = 3_650 * 86_400_000;
const RETRY_MS = 60_000;
/** The first characters of the ids of browsers, base64url: few entries leave in one turn. */
const PARTS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

export class Generation {
  readonly #state: State;
  #current: string | undefined;
  #loading: Promise<void> | undefined;

  constructor(state: State) {
    this.#state = state;
    state.subscribe(TOPIC, (generation) => {
      this.#current = generation;
    });
  }

  /** Resolves once `current` may be asked. @throws StateError */
  async ready(): Promise<void> {
    if (this.#current !== undefined) return;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  get current(): string {
    if (this.#current === undefined) throw new TypeError('the generation of sealed cookies is not known');
    return this.#current;
  }

  /** Whose entry a browser's is. */
  ownerOf(id: string): string {
    return ownerOf(this.current, id[0] ?? '');
  }

  /**
   * Writes an entry of the room `hold`. Where there is none left, a generation begins.
   * @throws StateError
   */
  async makingRoom<Value>(write: () => Promise<Value>): Promise<Value> {
    await this.ready();
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StateError) || error.code !== 'STATE_FULL') throw error;
      await this.#next();
      return write();
    }
  }

  async #load(): Promise<void> {
    const drawn = draw();
    await this.#state.add(ROOM, KEY, drawn, { ttlMs: TTL_MS, isDurable: true });
    const kept = await this.#state.get(ROOM, KEY);
    // Another process may have said meanwhile which one it is.
    this.#current ??= kept ?? drawn;
  }

  /** In every process, and on the disk, before anything is forgotten. */
  async #next(): Promise<void> {
    const old = this.current;
    // Of several processes, one begins it; should that fail, another one soon.
    if (!(await this.#state.add(ROOM, `${KEY}.${old}`, '1', { ttlMs: RETRY_MS }))) return;
    const generation = draw();
    await this.#state.set(ROOM, KEY, generation, { ttlMs: TTL_MS, isDurable: true });
    await this.#state.announce(TOPIC, generation);
    for (const part of PARTS) await this.#state.deleteOwned('hold', ownerOf(old, part));
  }
}

const draw = (): string => randomBytes(9).toString('base64url');
const ownerOf = (generation: string, part: string): string => `${generation}.${part}`;
