// What outlives a request, and a process: entries that expire, slots in windows of time, and
// messages to all workers. The first process of a gateway keeps it; workers ask there.

import { CredveilError } from '../../protocol/errors.ts';

export type StateErrorCode =
  | 'STATE_CORRUPT'
  | 'STATE_VERSION'
  | 'STATE_BUSY'
  | 'STATE_UNWRITABLE'
  | 'STATE_FULL'
  | 'STATE_MOVED'
  | 'STATE_AWAY'
  | 'STATE_VALUE_TOO_LONG'
  | 'GATEWAY_KEY_EXPOSED'
  | 'GATEWAY_KEY_MALFORMED'
  | 'GATEWAY_KEY_OTHER'
  | 'GATEWAY_KEY_UNREADABLE';

/**
 * The state cannot be read or written. A session or verdict that depends on it counts as absent;
 * counters go on with what the process itself has counted.
 */
export class StateError extends CredveilError<StateErrorCode> {
  override name = 'StateError';
}

/** In hints to move a state away. */
export const LOST_WITH_STATE = 'bans, known browsers, sessions, and the factors of all people are then gone';

/** Entries of one use. Each room holds `MAX_ROOM_ENTRIES`; then those that expire first leave. */
export type StateRoom =
  | 'alias'
  | 'ban'
  | 'device'
  | 'factor'
  | 'handle'
  | 'held'
  | 'hold'
  | 'key'
  | 'once'
  | 'report'
  | 'session'
  | 'verdict';

export const MAX_ROOM_ENTRIES = 1_000_000;
export const MAX_VALUE_LENGTH = 2 ** 18;

/** What is kept, and under which key. */
export interface OwnedEntry {
  readonly key: string;
  readonly value: string;
}

export interface EntryOptions {
  readonly ttlMs: number;
  /** Whose it is: `deleteOwned` ends all entries of an owner. Never a plain username. */
  readonly owner?: string;
  /** Of one owner; then those that expire first leave. */
  readonly maxOwned?: number;
  /** Waits for the disk: it outlives the machine's end too. */
  readonly isDurable?: boolean;
}

/** So many slots in any period of this length. A key is always asked about with one `windowMs`. */
export interface WindowNeed {
  readonly key: string;
  readonly allow: number;
  readonly windowMs: number;
}

export type SlotAnswer =
  /** `at` gives the slots back. */
  | { readonly taken: true; readonly at: number }
  /** Nothing was taken. `full` is the place of the first full window among the needs. */
  | { readonly taken: false; readonly full: number };

/** Keys are hashes, or random: no part of a request stands in the state as it came. */
export interface State {
  /** @throws StateError as all others do */
  get(room: StateRoom, key: string): Promise<string | undefined>;
  /** Resolves once the value would survive the end of this process. */
  set(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<void>;
  /** Sets it unless there is one. @returns whether it did: of many at once, one does */
  add(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<boolean>;
  /**
   * Sets one that is there, so that what was ended never comes back. Its owner stays.
   * @returns whether there was one
   */
  replace(room: StateRoom, key: string, value: string, ttlMs: number): Promise<boolean>;
  /** @returns whether there was one */
  delete(room: StateRoom, key: string): Promise<boolean>;
  /** Reads and deletes it in one step. Undefined means that it is used, or never was. */
  takeOnce(room: StateRoom, key: string): Promise<string | undefined>;
  /** Of one owner, at most so many: the ones that end last, first. */
  listOwned(room: StateRoom, owner: string, max: number): Promise<readonly OwnedEntry[]>;
  /** @returns how many there were */
  deleteOwned(room: StateRoom, owner: string): Promise<number>;
  /** Takes a slot in each window, or in none. */
  takeSlots(needs: readonly WindowNeed[]): Promise<SlotAnswer>;
  giveBack(keys: readonly string[], at: number): Promise<void>;
  /** Sends a message to every process of the gateway, this one too. It may be lost. */
  publish(topic: string, message: string): Promise<void>;
  /** The same; resolves once every listener has done its part. @throws StateError if one did not */
  announce(topic: string, message: string): Promise<void>;
  /** @returns a function that ends it */
  subscribe(topic: string, listener: (message: string) => unknown): () => void;
}
