// A state in memory, for tests of what uses it.

import { type State, StateError, type StateRoom } from '../../../gateway/state/state.ts';
import { Topics } from '../../../gateway/state/topics.ts';

export interface MemoryState extends State {
  /** Rooms, keys and values, as text. */
  text(): string;
  /** How often it was asked or told something. */
  readonly calls: () => number;
  /** From now on it answers nothing. */
  leave(): void;
}

export function createMemoryState(): MemoryState {
  const topics = new Topics();
  const entries = new Map<string, string>();
  const keyOf = (room: StateRoom, key: string): string => `${room} ${key}`;
  let isAway = false;
  let calls = 0;
  const answer = <T>(value: () => T): Promise<T> => {
    calls++;
    if (isAway) return Promise.reject(new StateError('STATE_AWAY', 'the state is away', 'Wait.'));
    return Promise.resolve(value());
  };
  return {
    get: (room, key) => answer(() => entries.get(keyOf(room, key))),
    set: (room, key, value) => answer(() => void entries.set(keyOf(room, key), value)),
    add: (room, key, value) =>
      answer(() => {
        if (entries.has(keyOf(room, key))) return false;
        entries.set(keyOf(room, key), value);
        return true;
      }),
    replace: (room, key, value) =>
      answer(() => {
        if (!entries.has(keyOf(room, key))) return false;
        entries.set(keyOf(room, key), value);
        return true;
      }),
    delete: (room, key) => answer(() => entries.delete(keyOf(room, key))),
    takeOnce: (room, key) =>
      answer(() => {
        const value = entries.get(keyOf(room, key));
        entries.delete(keyOf(room, key));
        return value;
      }),
    listOwned: () => answer(() => []),
    deleteOwned: () => answer(() => 0),
    takeSlots: () => answer(() => ({ taken: true, at: 0 }) as const),
    giveBack: () => answer(() => undefined),
    publish: (topic, message) => answer(() => topics.publish(topic, message)),
    announce: (topic, message) => answer(() => topics.publish(topic, message)),
    subscribe: (topic, listener) => topics.subscribe(topic, listener),
    text: () => [...entries].map((pair) => pair.join(' ')).join('\n'),
    calls: () => calls,
    leave: () => {
      isAway = true;
    },
  };
}
