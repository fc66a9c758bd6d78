// The state as a worker has it: every question goes to the first process.

import { type BatchAnswer, Batches } from './batches.ts';
import type { EntryOptions, OwnedEntry, SlotAnswer, State, StateRoom, WindowNeed } from './state.ts';
import { Topics } from './topics.ts';

export type StateQuestion =
  | { readonly ask: 'get' | 'delete' | 'takeOnce'; readonly room: StateRoom; readonly key: string }
  | {
      readonly ask: 'set' | 'add';
      readonly room: StateRoom;
      readonly key: string;
      readonly value: string;
      readonly options: EntryOptions;
    }
  | {
      readonly ask: 'replace';
      readonly room: StateRoom;
      readonly key: string;
      readonly value: string;
      readonly ttlMs: number;
    }
  | { readonly ask: 'listOwned'; readonly room: StateRoom; readonly owner: string; readonly max: number }
  | { readonly ask: 'deleteOwned'; readonly room: StateRoom; readonly owner: string }
  | { readonly ask: 'takeSlots'; readonly needs: readonly WindowNeed[] }
  | { readonly ask: 'giveBack'; readonly keys: readonly string[]; readonly at: number }
  | { readonly ask: 'publish' | 'announce'; readonly topic: string; readonly message: string };

export class RemoteState implements State {
  readonly #batches: Batches<StateQuestion>;
  readonly #topics = new Topics();

  constructor(send: (questions: readonly StateQuestion[]) => Promise<readonly BatchAnswer[]>) {
    this.#batches = new Batches(send);
  }

  get(room: StateRoom, key: string): Promise<string | undefined> {
    return this.#batches.ask({ ask: 'get', room, key }) as Promise<string | undefined>;
  }

  async set(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<void> {
    await this.#batches.ask({ ask: 'set', room, key, value, options });
  }

  add(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<boolean> {
    return this.#batches.ask({ ask: 'add', room, key, value, options }) as Promise<boolean>;
  }

  replace(room: StateRoom, key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.#batches.ask({ ask: 'replace', room, key, value, ttlMs }) as Promise<boolean>;
  }

  delete(room: StateRoom, key: string): Promise<boolean> {
    return this.#batches.ask({ ask: 'delete', room, key }) as Promise<boolean>;
  }

  takeOnce(room: StateRoom, key: string): Promise<string | undefined> {
    return this.#batches.ask({ ask: 'takeOnce', room, key }) as Promise<string | undefined>;
  }

  listOwned(room: StateRoom, owner: string, max: number): Promise<readonly OwnedEntry[]> {
    return this.#batches.ask({ ask: 'listOwned', room, owner, max }) as Promise<readonly OwnedEntry[]>;
  }

  deleteOwned(room: StateRoom, owner: string): Promise<number> {
    return this.#batches.ask({ ask: 'deleteOwned', room, owner }) as Promise<number>;
  }

  takeSlots(needs: readonly WindowNeed[]): Promise<SlotAnswer> {
    return this.#batches.ask({ ask: 'takeSlots', needs }) as Promise<SlotAnswer>;
  }

  async giveBack(keys: readonly string[], at: number): Promise<void> {
    await this.#batches.ask({ ask: 'giveBack', keys, at });
  }

  async publish(topic: string, message: string): Promise<void> {
    await this.#batches.ask({ ask: 'publish', topic, message });
  }

  async announce(topic: string, message: string): Promise<void> {
    // Others may wait for seconds: no batch waits for them.
    await this.#batches.askAlone({ ask: 'announce', topic, message });
  }

  subscribe(topic: string, listener: (message: string) => unknown): () => void {
    return this.#topics.subscribe(topic, listener);
  }

  /** A message of the first process. Resolves once every listener has done its part. */
  receive(topic: string, message: string): Promise<void> {
    return this.#topics.announce(topic, message);
  }
}

/** What the first process does for a worker. */
export async function answerState(state: State, question: StateQuestion): Promise<unknown> {
  switch (question.ask) {
    case 'get':
    case 'delete':
    case 'takeOnce':
      return state[question.ask](question.room, question.key);
    case 'set':
    case 'add':
      return state[question.ask](question.room, question.key, question.value, question.options);
    case 'replace':
      return state.replace(question.room, question.key, question.value, question.ttlMs);
    case 'listOwned':
      return state.listOwned(question.room, question.owner, question.max);
    case 'deleteOwned':
      return state.deleteOwned(question.room, question.owner);
    case 'takeSlots':
      return state.takeSlots(question.needs);
    case 'giveBack':
      return state.giveBack(question.keys, question.at);
    case 'publish':
    case 'announce':
      return state[question.ask](question.topic, question.message);
  }
}
