// What is done once a login that was held has ended, in the process that has held it: released, or
// abandoned by its time, by wrong answers, or by whoever says that it was somebody else.

import type { State } from '../state/state.ts';

/**
 * @param isReleased its owner has confirmed it
 * @param isLate its time was over, and nobody has ended it before
 */
export type OnEnd = (isReleased: boolean, isLate?: boolean) => Promise<void>;

interface Watched {
  readonly timer: NodeJS.Timeout;
  readonly onEnd: OnEnd;
}

const TOPIC = 'hold-end';
/** Behind its time, so that whoever comes last is seen. */
const SLACK_MS = 2_000;

export class HeldEnds {
  readonly #state: State;
  readonly #isReleased: (id: string) => Promise<boolean>;
  /** By browser. There are as many as logins may be held. */
  readonly #watched = new Map<string, Watched>();

  constructor(state: State, isReleased: (id: string) => Promise<boolean>) {
    this.#state = state;
    this.#isReleased = isReleased;
    state.subscribe(TOPIC, (id) => this.#end(id, false));
  }

  /** @param ms how long it is held at most */
  watch(id: string, ms: number, onEnd: OnEnd): void {
    // A process that ends with it has counted it, and needs no other one to wait.
    const timer = setTimeout(() => void this.#end(id, true), ms + SLACK_MS).unref();
    this.#watched.set(id, { timer, onEnd });
  }

  /** To every process, without waiting. Where the message is lost, its time tells. */
  tell(id: string): void {
    this.#state.publish(TOPIC, id).catch(() => undefined);
  }

  /** The same, once all is done that follows. */
  async finish(id: string): Promise<void> {
    await this.#state.announce(TOPIC, id).catch(() => undefined);
  }

  async #end(id: string, isLate: boolean): Promise<void> {
    const watched = this.#watched.get(id);
    if (!watched) return;
    this.#watched.delete(id);
    clearTimeout(watched.timer);
    // Without the state nobody knows: nothing is done for it.
    const isReleased = await this.#isReleased(id).catch(() => undefined);
    if (isReleased !== undefined) await watched.onEnd(isReleased, isLate);
  }
}
