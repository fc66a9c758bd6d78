// What is kept of browsers: that they had a checked login, and the verdict that waits for the next
// request of one.

import type { ExposedCredentialCheck } from '../../client-sdk/index.ts';
import { type State, StateError } from '../state/state.ts';
import { HANDLE_TTL_MS, type Handles } from './handles.ts';

/** A login in two steps takes minutes. */
const VERDICT_TTL_MS = 10 * 60_000;
/** Browsers whose verdict this worker has passed on: asking again would find nothing. */
const MAX_PASSED_ON = 10_000;
const VALUES: ReadonlySet<string> = new Set(['1', '2', '3', '4'] satisfies ExposedCredentialCheck[]);

export interface Login {
  /** For the next request of the browser. */
  readonly header?: ExposedCredentialCheck | undefined;
}

export class Browsers {
  readonly #state: State;
  readonly #handles: Handles;
  readonly #passedOn = new Set<string>();

  constructor(state: State, handles: Handles) {
    this.#state = state;
    this.#handles = handles;
  }

  /**
   * Keeps a checked login under a new handle: a rise of privilege never goes on with an old one.
   * @returns the handle, for the answer to the login
   * @throws StateError
   */
  async begin(application: string, { header }: Login): Promise<string> {
    const handle = this.#handles.draw({ mayWait: header !== undefined });
    await this.#keep(application, handle, header);
    return handle;
  }

  /** A handle for a login whose check goes on while the answer leaves: `finish` follows. */
  reserve(): string {
    return this.#handles.draw({ mayWait: true });
  }

  /** @throws StateError */
  finish(application: string, handle: string, { header }: Login): Promise<void> {
    return this.#keep(application, handle, header);
  }

  async #keep(application: string, handle: string, header: string | undefined): Promise<void> {
    const id = this.#handles.idOf(application, handle);
    if (header !== undefined) await this.#state.set('verdict', id, header, { ttlMs: VERDICT_TTL_MS });
    await this.#state.set('handle', id, '1', { ttlMs: HANDLE_TTL_MS });
  }

  /**
   * Takes the verdict that waits for a browser. Undefined at once where none can wait: most
   * requests ask nobody.
   */
  takeVerdict(application: string, handle: string): Promise<ExposedCredentialCheck | undefined> | undefined {
    if (!this.#handles.mayWait(handle)) return undefined;
    const id = this.#handles.idOf(application, handle);
    return this.#passedOn.has(id) ? undefined : this.#take(id);
  }

  /** What was taken did not reach the application: it waits for the next request. */
  async giveBack(application: string, handle: string, header: ExposedCredentialCheck): Promise<void> {
    const id = this.#handles.idOf(application, handle);
    try {
      await this.#state.set('verdict', id, header, { ttlMs: VERDICT_TTL_MS });
      this.#passedOn.delete(id);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
  }

  /** Without the state there is no verdict, and the request goes on. */
  async #take(id: string): Promise<ExposedCredentialCheck | undefined> {
    try {
      const value = await this.#state.takeOnce('verdict', id);
      if (value === undefined || !VALUES.has(value)) return undefined;
      if (this.#passedOn.size >= MAX_PASSED_ON) this.#passedOn.clear();
      this.#passedOn.add(id);
      return value as ExposedCredentialCheck;
    } catch (error) {
      if (error instanceof StateError) return undefined;
      throw error;
    }
  }

  /** Whether this browser had a checked login. Without the state: no. */
  async hadCheckedLogin(application: string, handle: string | undefined): Promise<boolean> {
    if (handle === undefined) return false;
    try {
      return (await this.#state.get('handle', this.#handles.idOf(application, handle))) !== undefined;
    } catch (error) {
      if (error instanceof StateError) return false;
      throw error;
    }
  }
}
