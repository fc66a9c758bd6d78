// The primary's pool: starts the workers of a service, replaces those that die, and passes reloads
// on.

import type { OnEvent } from '../events.ts';
import type { CloseOptions } from '../http/sockets.ts';
import type { Channel } from '../ipc.ts';
import { type BeatOptions, DEFAULT_BEATS } from './heartbeat.ts';
import type { Order } from './messages.ts';
import { type SlotOptions, WorkerSlot } from './worker-slot.ts';

export interface PoolOptions<O extends Order, Started, Asked extends object, Answered extends object>
  extends Pick<SlotOptions<Asked, Answered>, 'entry' | 'connect'> {
  /**
   * Number of workers, from 1 on. With a single one the port is closed while a dead worker is
   * replaced.
   */
  readonly workers: number;
  readonly order: O;
  /**
   * The order of all later workers, from what the first one returned: it may have chosen a free
   * port.
   */
  readonly follow: (order: O, started: Started) => O;
  readonly onEvent: OnEvent;
  /** When a worker counts as hung. Default: after 20 seconds without an answer. */
  readonly beats?: BeatOptions;
}

export interface WorkerPool<O extends Order, Started, Asked extends object, Answered extends object> {
  /** What the first worker returned. */
  readonly started: Started;
  /** Channels to the workers that are ready. */
  channels(): Channel<Asked, Answered>[];
  /** Changes the options of running and later workers. */
  reload(change: (options: O['options']) => O['options']): void;
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Starts the workers and waits until all of them are ready. On failure none is left running.
 * @throws CredveilError the error of the worker that failed to start
 */
export async function startPool<O extends Order, Started, Asked extends object, Answered extends object>({
  workers: count,
  order,
  follow,
  onEvent,
  beats = DEFAULT_BEATS,
  ...shared
}: PoolOptions<O, Started, Asked, Answered>): Promise<WorkerPool<O, Started, Asked, Answered>> {
  let current = order;
  const slots = Array.from(
    { length: count },
    (_, i) =>
      new WorkerSlot<Started, Asked, Answered>({ ...shared, number: i + 1, order: () => current, onEvent, beats }),
  );
  const [first, ...others] = slots as [(typeof slots)[number], ...typeof slots];
  let started: Started;
  try {
    started = await first.start();
    current = follow(current, started);
    await Promise.all(others.map((slot) => slot.start()));
  } catch (error) {
    await Promise.all(slots.map((slot) => slot.close({ deadlineMs: 1 })));
    throw error;
  }
  const beating = setInterval(() => {
    for (const slot of slots) slot.beat(performance.now());
  }, beats.everyMs);
  return {
    started,
    channels: () => slots.map(({ channel }) => channel).filter((channel) => channel !== undefined),
    reload(change) {
      current = { ...current, options: change(current.options) };
      for (const slot of slots) slot.reload(current.options);
    },
    close: async (options = {}) => {
      clearInterval(beating);
      await Promise.all(slots.map((slot) => slot.close(options)));
    },
  };
}
